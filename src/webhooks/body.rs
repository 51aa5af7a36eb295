//! What is sent: made of the log when it is sent, so that what was erased meanwhile is in no body.

use bytes::Bytes;
use frontdesk_actors::ports::{Span, Store, StoreError};
use frontdesk_domain::event::EventView;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::people::Audience;
use frontdesk_domain::timestamp::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::store::webhooks::{Webhook, WebhookDelivery};

/// A body, as INTEGRATIONS.md describes it.
#[derive(Serialize)]
struct Body<'d> {
    /// The same with every try.
    delivery: Uuid,
    webhook: Uuid,
    property: PropertyId,
    /// The event's kind, or `ping`.
    #[serde(rename = "type")]
    kind: &'d str,
    /// When the delivery was written down.
    created_at: Timestamp,
    /// The event as agents see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventView>,
}

/// The body of a delivery; `None` if its event is no more.
///
/// # Errors
/// The store failed.
pub(super) async fn of<S: Store + ?Sized>(
    log: &S,
    webhook: &Webhook,
    delivery: &WebhookDelivery,
) -> Result<Option<Bytes>, StoreError> {
    let event = match delivery.conversation.zip(delivery.seq) {
        None => None,
        Some((conversation, seq)) => {
            let span = Span::After { after: seq.saturating_sub(1), limit: 1 };
            let found = log.events(conversation, Audience::Agents, span).await?.into_iter().next();
            let Some(event) = found.filter(|event| event.seq == seq) else { return Ok(None) };
            event.view(Audience::Agents)
        }
    };
    let body = Body {
        delivery: delivery.id,
        webhook: webhook.id,
        property: webhook.property,
        kind: &delivery.kind,
        created_at: delivery.created_at,
        event,
    };
    let body = serde_json::to_vec(&body).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(Some(body.into()))
}
