//! What may be asked of a conversation. It can be written down: another process may have the conversation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Attachment, Citation, DeliveryState};
use crate::frame::Action;
use crate::ids::{ClientId, PropertyId, Seq, TurnId};
use crate::inbound::Expected;
use crate::people::{AgentRef, Author, AuthorKey, GuestProfile};
use crate::timestamp::Timestamp;

/// Everything that can change a conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Somebody says something.
    Say(Say),
    /// Somebody does something.
    Act(Act),
    /// Something came in over a channel that is not ours.
    Receive(Box<Receive>),
    /// The AI reports on a turn.
    Turn(TurnId, TurnNews),
    /// The moment of quiet that was to end at this time is over.
    Quiet(TurnId, Timestamp),
    /// Nobody has acknowledged the alarm of this time: it is passed on.
    Escalate {
        /// When the alarm was raised.
        since: Timestamp,
        /// Which rung of the ladder this is, counted from 1.
        rung: u32,
        /// To whom.
        to: String,
    },
    /// What became of a message on its channel, as far as is known.
    Delivered {
        /// The message.
        of: Seq,
        /// How far it got.
        state: DeliveryState,
        /// Why it failed.
        error: Option<String>,
    },
    /// The hotel's property system says something of the guest.
    Booked(Booked),
    /// What anybody said, and what is known of the guest, is to go.
    Erase {
        /// Who says so.
        by: Author,
    },
    /// The time of a snooze has come.
    Wake,
    /// The conversation was loaded from the store: is a turn left over from before?
    Recover,
}

/// A message or a note.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Say {
    /// Who; never the AI, which speaks through its turns.
    pub by: Author,
    /// The author's id for it.
    pub id: ClientId,
    /// The words.
    pub text: String,
    /// For staff only.
    pub note: bool,
    /// The message that is answered.
    pub reply_to: Option<Seq>,
    /// Quick replies to choose from.
    pub suggestions: Vec<String>,
    /// Uploads that go with it.
    pub attachments: Vec<Uuid>,
    /// What is known of these uploads, looked up by the conversation before it decides.
    pub files: Vec<FoundFile>,
}

/// An upload as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFile {
    /// What readers are told of it.
    pub file: Attachment,
    /// The hotel that it was sent to.
    pub property: PropertyId,
    /// Who sent it.
    pub by: AuthorKey,
    /// A message names it already.
    pub used: bool,
}

/// Something that came in over WhatsApp.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Receive {
    /// Who: the guest, or an agent without id who used the hotel's own phone.
    pub by: Author,
    /// WhatsApp's id for it, as an author's id: the same one makes one event, for ever.
    pub id: ClientId,
    /// WhatsApp's id for it; none for what the channel itself has to say.
    pub wamid: Option<String>,
    /// When it was sent, by WhatsApp's clock.
    pub sent_at: Timestamp,
    /// What.
    pub what: Received,
}

/// What came in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Received {
    /// A message.
    Message {
        /// The words; may hold more than may be said, and is cut.
        text: String,
        /// The message that is answered.
        reply_to: Option<Seq>,
        /// Files that are to be fetched.
        files: Vec<Expected>,
        /// Where it comes from, in words for staff.
        origin: Option<String>,
    },
    /// An emoji on a message, or its removal.
    Reaction {
        /// The message, where it is one of this conversation.
        of: Option<Seq>,
        /// The emoji.
        emoji: Option<String>,
    },
    /// Other words for a message.
    Edited {
        /// The message.
        of: Seq,
        /// The words.
        text: String,
    },
    /// A message was taken back.
    Deleted {
        /// The message.
        of: Seq,
    },
    /// Something that staff should know.
    Notice {
        /// What.
        text: String,
    },
}

/// An action on the conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Act {
    /// Who.
    pub by: Author,
    /// The author's id for it.
    pub id: ClientId,
    /// What.
    pub action: Action,
    /// For `assign`: the agent behind the id, looked up by the caller.
    pub assignee: Option<AgentRef>,
}

/// What the hotel's property system says of the guest, or its word on who is logged in there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Booked {
    /// The same for the same version of a reservation.
    pub id: ClientId,
    /// What is to be on the card; an empty text clears a field.
    pub patch: GuestProfile,
    /// The hotel knows that it is this guest: the card is marked as verified.
    pub sure: bool,
}

/// What the AI reports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TurnNews {
    /// More words.
    Delta(String),
    /// No more words.
    Ended(TurnEnd),
}

/// How a turn ended. What it said is what its deltas said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TurnEnd {
    /// Answered.
    Said {
        /// The entries that the answer rests on.
        citations: Vec<Citation>,
        /// Questions to choose from.
        suggestions: Vec<String>,
    },
    /// A courtesy was answered with one.
    SmallTalk,
    /// It is none of the hotel's matters, and the guest was told so.
    Declined,
    /// A department is to do something; nothing is promised. The guest goes on with the AI.
    Requested {
        /// Who is to do it.
        department: String,
        /// What.
        text: String,
    },
    /// The AI asks a human to go on.
    HandedOver {
        /// Why, as a short code.
        reason: String,
        /// Somebody must look now.
        urgent: bool,
    },
    /// It broke, perhaps half way.
    Failed {
        /// Why, as a short code.
        reason: String,
    },
}
