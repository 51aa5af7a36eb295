//! Guests of the chat page who have shown that they also write over WhatsApp.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

/// How often a guest may be wrong about one code.
pub const TRIES_MAX: i32 = 5;

/// A code that a guest has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCode {
    /// The guest of the chat page.
    pub guest: GuestId,
    /// The hotel.
    pub property: PropertyId,
    /// The number where the guest is to be found on WhatsApp: digits only.
    pub number: String,
    /// What the code is known by.
    pub digest: [u8; 32],
    /// When it opens nothing any more.
    pub expires_at: Timestamp,
}

/// Two conversations of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The one on the chat page.
    pub web: ConversationId,
    /// The one over WhatsApp.
    pub whatsapp: ConversationId,
    /// Since when it is known.
    pub linked_at: Timestamp,
}

/// Codes, and what came of them.
#[async_trait]
pub trait Links: Send + Sync {
    /// Keeps a code in the place of the guest's code before, and forgets those that are over. Returns the conversation
    /// of who has the number at this hotel's WhatsApp; where nobody has it, the code opens nothing.
    async fn put_link_code(
        &self,
        code: LinkCode,
        at: Timestamp,
    ) -> Result<Option<ConversationId>, StoreError>;
    /// Tries a code, which counts; the right one links, in the place of an earlier link, and is used up. `None` for a
    /// wrong one, one that is over or used, after [`TRIES_MAX`] tries, or if there is none.
    async fn try_link_code(
        &self,
        guest: GuestId,
        digest: [u8; 32],
        at: Timestamp,
    ) -> Result<Option<Link>, StoreError>;
    /// The links of a conversation's guest, from either side, the newest first; at most 20.
    async fn links_of(&self, conversation: ConversationId) -> Result<Vec<Link>, StoreError>;
}
