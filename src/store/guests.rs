//! Guests and their sessions.

use async_trait::async_trait;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

/// A guest and the one conversation it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestRow {
    /// The guest.
    pub id: GuestId,
    /// The hotel.
    pub property: PropertyId,
    /// What the guest said of itself.
    pub profile: GuestProfile,
    /// The conversation.
    pub conversation: ConversationId,
}

/// Guests and their sessions.
#[async_trait]
pub trait Guests: Send + Sync {
    /// Adds a guest, its session and its (still empty) conversation in one commit.
    async fn add_guest(
        &self,
        guest: GuestRow,
        channel: Channel,
        key: SessionKey,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The guest behind a session.
    async fn guest_session(&self, key: SessionKey) -> Result<Option<GuestRow>, StoreError>;
    /// What the guest says of itself changed.
    async fn put_guest(&self, id: GuestId, profile: &GuestProfile) -> Result<(), StoreError>;
}
