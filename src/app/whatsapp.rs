//! The WhatsApp channel's parts: the client for the Graph API, and what messages go out with.

use std::sync::Arc;

use frontdesk_actors::ports::Files;
use frontdesk_actors::ports::whatsapp::Deliveries;
use frontdesk_actors::whatsapp_outbox::{Limits, OutboxPlan};

use crate::config::WhatsApp;
use crate::whatsapp::graph::{GraphClient, GraphSettings, SettingsError};

/// The client for the number of the settings.
///
/// # Errors
/// A setting that cannot be.
pub fn client(config: &WhatsApp, files: Option<Arc<dyn Files>>) -> Result<GraphClient, SettingsError> {
    GraphClient::new(GraphSettings {
        base: config.api_base.clone(),
        token: config.access_token.clone(),
        number: config.phone_number_id.clone(),
        files,
    })
}

/// What messages go out with.
pub fn outbox(config: &WhatsApp, client: &GraphClient, deliveries: Arc<dyn Deliveries>) -> OutboxPlan {
    OutboxPlan {
        api: Arc::new(client.clone()),
        deliveries,
        limits: Limits { unclear_for: config.unclear_for, keep_for: config.keep_for, ..Limits::default() },
    }
}
