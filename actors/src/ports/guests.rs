//! Who writes over WhatsApp, as the store knows them.

use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

/// Somebody who writes over WhatsApp.
#[derive(Clone, Debug)]
pub struct Person {
    /// To which hotel.
    pub property: PropertyId,
    /// All names, the surest first.
    pub aliases: Vec<Alias>,
    /// The profile, should the guest be new. Its `id` is the new guest's.
    pub profile: GuestProfile,
    /// The conversation, should the guest be new.
    pub conversation: ConversationId,
    /// When.
    pub at: Timestamp,
}

/// A guest whom the store knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquainted {
    /// The guest.
    pub guest: GuestId,
    /// The name that the guest first gave.
    pub name: Option<String>,
    /// The one WhatsApp conversation.
    pub conversation: ConversationId,
    /// Just made.
    pub is_new: bool,
    /// How many of the names are another guest's.
    pub contested: usize,
}
