//! What comes in from outside our own clients: who sent it, and what it is.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::DeliveryState;
use crate::ids::{ClientId, PropertyId};
use crate::timestamp::Timestamp;

/// A name by which WhatsApp knows a guest. A guest may have several, and lacks any of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alias {
    /// What kind of name.
    pub kind: AliasKind,
    /// The name, as WhatsApp writes it.
    pub value: String,
}

/// The kinds of name, the surest first: where two point to different guests, the surer one is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AliasKind {
    /// The business-scoped user id: one for each guest and business.
    Bsuid,
    /// The same for all portfolios of a larger business, where the hotel's is one of several.
    ParentBsuid,
    /// WhatsApp's own id; mostly the phone number, but not always.
    WaId,
    /// The phone number, digits only, to which replies go.
    Phone,
}

impl AliasKind {
    /// A number, which passes from person to person; a user id does not.
    pub fn is_number(self) -> bool {
        matches!(self, Self::WaId | Self::Phone)
    }
}

/// What came from one person, in the order in which it came.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The hotel to which it came.
    pub property: PropertyId,
    /// The guest's names; at least one.
    pub aliases: Vec<Alias>,
    /// The name that the guest chose.
    pub name: Option<String>,
    /// When the guest went by these names, by WhatsApp's clock.
    pub seen_at: Timestamp,
    /// What came; may be nothing, where only names were told.
    pub items: Vec<Item>,
}

/// One thing that came.
#[derive(Clone, Debug)]
pub struct Item {
    /// WhatsApp's id for it. It holds the guest's number: never to be logged.
    pub wamid: String,
    /// The same as an author's id: a digest.
    pub id: ClientId,
    /// When it was sent, by WhatsApp's clock.
    pub sent_at: Timestamp,
    /// The WhatsApp id of the message that is answered.
    pub quotes: Option<String>,
    /// What it is.
    pub content: Content,
}

/// What came. Messages that are named, are named by their WhatsApp ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The guest said something.
    Said {
        /// In words that a person can read, whatever it was; never empty.
        text: String,
        /// Files to be fetched.
        files: Vec<Media>,
        /// Where it comes from, in words for staff.
        origin: Option<String>,
    },
    /// Staff wrote it on the hotel's own phone.
    Echoed {
        /// The words.
        text: String,
        /// Files to be fetched.
        files: Vec<Media>,
    },
    /// The guest put an emoji on a message, or took it away.
    Reacted {
        /// On which.
        of: String,
        /// Which; `None`: taken away.
        emoji: Option<String>,
    },
    /// The guest changed the words of a message.
    Edited {
        /// Which.
        of: String,
        /// The words now.
        text: String,
    },
    /// The guest took a message back.
    Deleted {
        /// Which.
        of: String,
    },
    /// The guest's number or user id changed: the guest is also known by these names from now on.
    Moved {
        /// The new names.
        to: Vec<Alias>,
        /// What staff are told.
        text: String,
    },
    /// Something that staff should know.
    Notice {
        /// What they are told.
        text: String,
    },
}

/// A file that is still with WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// WhatsApp's id for it.
    pub id: String,
    /// The name to show, made safe.
    pub name: String,
    /// What the sender says it is: not yet looked at.
    pub media_type: String,
    /// The SHA-256 digest that it is said to have.
    pub sha256: Option<[u8; 32]>,
}

/// A file that is still with WhatsApp, with the id that it has here from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its id here.
    pub id: Uuid,
    /// Where it is.
    pub media: Media,
}

/// What WhatsApp reports of a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The hotel.
    pub property: PropertyId,
    /// WhatsApp's id for the message.
    pub wamid: String,
    /// How far it got.
    pub state: DeliveryState,
    /// When.
    pub at: Timestamp,
    /// Why it failed.
    pub error: Option<DeliveryFailure>,
    /// What we had WhatsApp remember with it.
    pub tracker: Option<String>,
    /// To which number it went.
    pub recipient: Option<String>,
    /// To which user id it went.
    pub recipient_user_id: Option<String>,
}

/// Why a message of ours failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFailure {
    /// WhatsApp's code.
    pub code: i64,
    /// WhatsApp's words.
    pub title: Option<String>,
    /// More of them.
    pub details: Option<String>,
}
