//! What help for agents remembers: messages in other languages, and what each agent reads in.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, Seq};
use frontdesk_domain::timestamp::Timestamp;

/// A message in another language than the one it was sent in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Where the message is.
    pub conversation: ConversationId,
    /// Which.
    pub seq: Seq,
    /// The language of `text`, as a tag.
    pub language: String,
    /// The message in that language.
    pub text: String,
    /// The agent whose own words these are; `None`: a model translated the message.
    pub by: Option<AgentId>,
    /// When it was made.
    pub at: Timestamp,
}

/// Translations and preferences.
#[async_trait]
pub trait Helping: Send + Sync {
    /// What there is of a conversation in a language, by place.
    async fn translations(
        &self,
        conversation: ConversationId,
        language: &str,
    ) -> Result<Vec<Translation>, StoreError>;
    /// One message in a language.
    async fn translation(
        &self,
        conversation: ConversationId,
        seq: Seq,
        language: &str,
    ) -> Result<Option<Translation>, StoreError>;
    /// Keeps a translation. An agent's own words take the place of a model's, and never the other way round.
    async fn put_translation(&self, translation: Translation) -> Result<(), StoreError>;
    /// The language that an agent reads in, if the agent has named one.
    async fn reading_language(&self, agent: AgentId) -> Result<Option<String>, StoreError>;
    /// Sets it.
    async fn put_reading_language(&self, agent: AgentId, language: Option<&str>) -> Result<(), StoreError>;
}
