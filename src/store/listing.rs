//! The list of conversations.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, PropertyId};
use frontdesk_domain::summary::Summary;

use crate::store::{ListError, Page, PageRequest};

/// The views of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Everything but closed ones.
    #[default]
    All,
    /// Not closed, assigned to this agent.
    Mine(AgentId),
    /// Not closed, assigned to nobody.
    Unassigned,
    /// A guest waits for a human.
    Waiting,
    /// Closed ones.
    Closed,
}

/// Which conversations are wanted. Conversations without any event are never listed.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    /// The view.
    pub view: View,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those whose guest's name, e-mail, phone or room, whose last message or tags hold this text.
    pub q: Option<String>,
}

/// The list of conversations.
#[async_trait]
pub trait Listing: Send + Sync {
    /// A page of summaries, those waiting longest first, then those changed last.
    async fn conversations(
        &self,
        property: PropertyId,
        query: ConversationQuery,
        page: PageRequest,
    ) -> Result<Page<Summary>, ListError>;
    /// One summary.
    async fn summary(&self, property: PropertyId, id: ConversationId) -> Result<Option<Summary>, StoreError>;
}
