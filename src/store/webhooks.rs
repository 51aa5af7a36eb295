//! Outgoing webhooks: where they go, and what became of each delivery.

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};
use frontdesk_domain::timestamp::Timestamp;

use super::{ListError, Page, PageRequest, WriteError};

/// How many webhooks a property may have.
pub const WEBHOOKS_MAX: usize = 20;
/// The letter of the list of deliveries in a cursor.
pub(in crate::store) const DELIVERIES_CURSOR: u8 = b'w';

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// The hotel.
    pub property: PropertyId,
    /// Where it goes.
    pub url: String,
    /// The kinds of event that are wanted.
    pub events: Vec<String>,
    /// What signs, sealed.
    pub secret: Vec<u8>,
    /// The secret before, sealed, and until when it signs as well.
    pub old_secret: Option<(Vec<u8>, Timestamp)>,
    /// Off: what happens meanwhile is not sent, later either.
    pub enabled: bool,
    /// Why it was turned off by itself.
    pub fault: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How far a delivery got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStep {
    /// To be sent, for the first time or again.
    Waiting,
    /// Taken.
    Delivered,
    /// Given up.
    Failed,
}

impl WebhookStep {
    /// As it is stored.
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The step that is stored like this.
    pub(in crate::store) fn of_name(name: &str) -> Self {
        match name {
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            _ => Self::Waiting,
        }
    }
}

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// Its id: the receiver sees the same one with every try.
    pub id: Uuid,
    /// To which webhook.
    pub webhook: Uuid,
    /// Of which conversation; null for a ping.
    #[schema(required)]
    pub conversation: Option<ConversationId>,
    /// Which event; null for a ping.
    #[schema(required)]
    pub seq: Option<Seq>,
    /// The event's kind, or `ping`.
    pub kind: String,
    /// How far it got.
    pub step: WebhookStep,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next, while it waits.
    pub due_at: Timestamp,
    /// The status of the last answer.
    #[schema(required)]
    pub status: Option<u16>,
    /// Why there was none.
    #[schema(required)]
    pub error: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was last tried.
    #[schema(required)]
    pub tried_at: Option<Timestamp>,
}

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// How far the delivery got.
    pub step: WebhookStep,
    /// When it is to be tried again, if it waits.
    pub due_at: Timestamp,
    /// The answer's status.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
    /// When it was tried.
    pub at: Timestamp,
}

/// The webhooks of the hotels.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Changes whenever events were stored.
    fn log_moves(&self) -> watch::Receiver<()>;
    /// All that are on, of all properties.
    async fn enabled_webhooks(&self) -> Result<Vec<Webhook>, StoreError>;
    /// Those of a property, the oldest first.
    async fn webhooks(&self, property: PropertyId) -> Result<Vec<Webhook>, StoreError>;
    /// One of them.
    async fn webhook(&self, property: PropertyId, id: Uuid) -> Result<Option<Webhook>, StoreError>;
    /// Adds one: it is sent what happens from now on. [`WriteError::Taken`] if there are [`WEBHOOKS_MAX`].
    async fn add_webhook(&self, webhook: Webhook) -> Result<(), WriteError>;
    /// Writes one anew, by its id and property. One that is turned on is sent what happens from now on.
    async fn put_webhook(&self, webhook: Webhook) -> Result<(), WriteError>;
    /// Removes one with all its deliveries.
    async fn remove_webhook(&self, property: PropertyId, id: Uuid) -> Result<(), WriteError>;
    /// Turns one off and says why.
    async fn fail_webhook(&self, id: Uuid, fault: &str, at: Timestamp) -> Result<(), StoreError>;
    /// Every secret of every webhook, sealed: with its id.
    async fn sealed_webhook_secrets(&self) -> Result<Vec<Webhook>, StoreError>;
    /// Puts secrets that were sealed anew in their places.
    async fn put_sealed_webhook_secrets(&self, webhooks: Vec<Webhook>) -> Result<(), StoreError>;

    /// Reads on in the log for one webhook and writes down what is to be sent, at most `limit` events of the
    /// log, in one commit with how far it got. True if there may be more.
    async fn gather_deliveries(&self, webhook: Uuid, at: Timestamp, limit: u32) -> Result<bool, StoreError>;
    /// The deliveries of a webhook that may be sent now: of each conversation the first that waits, if its time
    /// has come. At most `limit`.
    async fn due_deliveries(
        &self,
        webhook: Uuid,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, StoreError>;
    /// When the next delivery of a webhook that is on falls due.
    async fn next_delivery(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError>;
    /// Notes what became of a try.
    async fn put_delivery(&self, id: Uuid, tried: Tried) -> Result<(), StoreError>;
    /// Adds a delivery that is of no event.
    async fn ping_webhook(&self, webhook: Uuid, delivery: Uuid, at: Timestamp) -> Result<(), StoreError>;
    /// The deliveries of a webhook, the newest first; those of one `step`, where given.
    async fn deliveries(
        &self,
        webhook: Uuid,
        step: Option<WebhookStep>,
        page: PageRequest,
    ) -> Result<Page<WebhookDelivery>, ListError>;
    /// Has a delivery sent again, as if for the first time.
    async fn redeliver(&self, webhook: Uuid, delivery: Uuid, at: Timestamp) -> Result<(), WriteError>;
    /// Throws away what is over and was written down before this time, at most 5,000. Says how many.
    async fn prune_deliveries(&self, before: Timestamp) -> Result<u64, StoreError>;
}
