//! Several processes over one database: who has a conversation, and how they write to each other.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::letter::NodeId;
use frontdesk_domain::summary::Summary;
use frontdesk_domain::timestamp::Timestamp;

use super::StoreError;

/// Who has a conversation, after it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// We. `turn_open`: it was taken from another node while the AI was at work there.
    Ours {
        /// Whether.
        turn_open: bool,
    },
    /// Another node.
    Theirs(NodeId),
    /// There is no such conversation.
    Nobodys,
}

/// How a conversation stands in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub conversation: ConversationId,
    /// Who has it.
    pub owner: Option<NodeId>,
    /// Its last event.
    pub last_seq: Seq,
}

/// Who has which conversation. The database knows, and refuses what anybody else would store.
#[async_trait]
pub trait Owners: Send + Sync + 'static {
    /// Takes a conversation that nobody has.
    async fn claim(&self, conversation: ConversationId) -> Result<Claim, StoreError>;

    /// Takes a conversation from a node that does not answer, unless somebody else did first. The node finds out by
    /// [`Owners::lost`], or when it next stores something.
    async fn seize(&self, conversation: ConversationId, from: NodeId) -> Result<Claim, StoreError>;

    /// Lets go of a conversation, if it is ours.
    async fn release(&self, conversation: ConversationId) -> Result<(), StoreError>;

    /// What was taken from us. Told again until it is [`Owners::forget_lost`].
    async fn lost(&self) -> Result<Vec<ConversationId>, StoreError>;

    /// We know of these.
    async fn forget_lost(&self, conversations: Vec<ConversationId>) -> Result<(), StoreError>;

    /// How conversations stand, those that there are.
    async fn standing(&self, conversations: Vec<ConversationId>) -> Result<Vec<Standing>, StoreError>;

    /// Conversations that changed since then, by the clocks of those who changed them; at most `limit`, the newest
    /// first.
    async fn changed_since(&self, since: Timestamp, limit: u32) -> Result<Vec<Summary>, StoreError>;
}

/// How letters go. Neither waits, and neither promises that a letter arrives.
pub trait Bus: Send + Sync + 'static {
    /// To one node.
    fn send(&self, to: NodeId, letter: Vec<u8>);

    /// To all others.
    fn send_all(&self, letter: Vec<u8>);

    /// False while nothing can go.
    fn is_connected(&self) -> bool;
}

/// Whether it falls to us to do what only one node does: sending what is due, waking, erasing, keeping backups.
#[derive(Clone, Debug)]
pub struct Lead(watch::Receiver<bool>);

impl Lead {
    /// As this says.
    pub fn following(leads: watch::Receiver<bool>) -> Self {
        Self(leads)
    }

    /// Always: there is nobody else.
    pub fn alone() -> Self {
        Self(watch::channel(true).1)
    }

    /// Whether it does now.
    pub fn is_ours(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it does, or no longer.
    pub async fn until(&mut self, ours: bool) {
        if self.0.wait_for(|leads| *leads == ours).await.is_err() {
            // Nobody says any more: it stays as it is.
            std::future::pending::<()>().await;
        }
    }
}

impl Default for Lead {
    fn default() -> Self {
        Self::alone()
    }
}

/// What a node works with that has neighbours.
#[derive(Clone)]
pub struct Neighbours {
    /// Our own name.
    pub me: NodeId,
    /// Who has which conversation.
    pub owners: Arc<dyn Owners>,
    /// The way to the others.
    pub bus: Arc<dyn Bus>,
}
