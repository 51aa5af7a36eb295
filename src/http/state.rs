//! What handlers work with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::ports::{Lead, Model};
use frontdesk_actors::quotas::Quotas;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::timestamp::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tokio::sync::{Notify, Semaphore};

use super::sockets::Sockets;
use crate::attachments::Folder;
use crate::audit::Audit;
use crate::auth::{Attempts, Hasher, Vault};
use crate::config::Config;
use crate::egress::Egress;
use crate::help::Help;
use crate::oidc::Oidc;
use crate::privacy::Nudge;
use crate::rehearse::Rehearsals;
use crate::store::Database;
use crate::webhooks::Wake;
use crate::whatsapp::Webhook;
use crate::whatsapp::graph::GraphClient;

/// Told whenever a property's knowledge has changed.
pub type KnowledgeChanged = Arc<dyn Fn(PropertyId) + Send + Sync>;

/// How many uploads are read at once: each takes up to 10 MiB of memory.
pub const UPLOADS_AT_ONCE: usize = 4;

/// How many codes are on their way over WhatsApp at once.
pub const CODES_AT_ONCE: usize = 16;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The way to the actors: every write to a conversation goes through it.
    pub hub: Hub,
    /// Read queries, accounts, guests, knowledge.
    pub db: Arc<dyn Database>,
    /// Who did what.
    pub audit: Audit,
    /// The settings.
    pub config: Arc<Config>,
    /// How fast anybody may be. The socket actors count on the same.
    pub quotas: Arc<Quotas>,
    /// Passwords.
    pub hasher: Hasher,
    /// Wrong guesses at them.
    pub attempts: Attempts,
    /// Stored secrets.
    pub vault: Vault,
    /// Single sign-on; `None` where no provider is set up.
    pub oidc: Option<Arc<Oidc>>,
    /// The client for the Graph API; `None` while WhatsApp is off.
    pub graph: Option<GraphClient>,
    /// The WhatsApp channel's webhook; `None` while the channel is off.
    pub whatsapp: Option<Arc<Webhook>>,
    /// Places for codes that are on their way over WhatsApp.
    pub codes: Arc<Semaphore>,
    /// The bytes of attachments.
    pub files: Folder,
    /// Places for uploads: each is held in memory.
    pub uploads: Arc<Semaphore>,
    /// The way out, for addresses that admins type in.
    pub egress: Egress,
    /// Told when outgoing webhooks or their deliveries have changed.
    pub webhooks: Wake,
    /// Help for agents.
    pub help: Help,
    /// Questions asked again of changed knowledge.
    pub rehearsals: Rehearsals,
    /// Told when a guest is to be erased.
    pub erasures: Nudge,
    /// Told when the property system has told of reservations.
    pub reservations: Arc<Notify>,
    /// Told after a write to a property's knowledge.
    pub knowledge_changed: KnowledgeChanged,
    /// What only one node does.
    pub lead: Lead,
    /// The open connections.
    pub sockets: Sockets,
    /// The text of `/metrics`; `None` in tests that have none.
    pub metrics: Option<PrometheusHandle>,
    /// Whether the server is up.
    pub started: Started,
    /// The language model, for the self-test; `None` where none is set up.
    pub model: Option<Arc<dyn Model>>,
    /// What opens the self-test for whoever may read the data folder.
    pub operator: Option<SecretString>,
    /// The place for the one self-test that runs.
    pub checking: Arc<Semaphore>,
}

impl AppState {
    /// The client for the Graph API, if this hotel is on WhatsApp.
    pub fn whatsapp_of(&self, property: PropertyId) -> Option<&GraphClient> {
        self.whatsapp.as_ref().filter(|webhook| webhook.numbers.serve(property))?;
        self.graph.as_ref()
    }
}

/// Whether the server is up: `/readyz` says "starting" until then.
#[derive(Clone, Debug, Default)]
pub struct Started(Arc<AtomicBool>);

impl Started {
    /// It is.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The time. The only clock of the HTTP side.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
