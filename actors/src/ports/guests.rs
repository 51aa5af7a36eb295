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
    /// When the guest went by them, by WhatsApp's clock.
    pub seen_at: Timestamp,
    /// What the guest goes by since: if nobody is known by `aliases`, it is whoever is known by these.
    pub heir: Vec<Alias>,
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
    /// Those of the names that are not as they were.
    pub odd: OddNames,
}

/// A number that passed from one guest to another. The store keeps it until staff are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedNumber {
    /// The number.
    pub alias: Alias,
    /// When, by WhatsApp's clock.
    pub at: Timestamp,
    /// The conversation of the guest who had it.
    pub former: ConversationId,
    /// The conversation of the guest who has it.
    pub present: ConversationId,
}

/// Names that another guest has, or had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OddNames {
    /// Another guest's, and they stay there.
    pub contested: Vec<Alias>,
    /// Another guest's until now: whose conversation that is. Kept as [`PassedNumber`]s.
    pub taken: Vec<(Alias, ConversationId)>,
}
