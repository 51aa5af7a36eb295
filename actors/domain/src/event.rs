//! Events: what changed a conversation for good.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ClientId, ConversationId, Seq};
pub use crate::message::{Attachment, Channel, Citation, Message, SentTemplate};
use crate::people::{AgentRef, Audience, Author, GuestProfile};
use crate::timestamp::Timestamp;

/// Who answers the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Mode {
    /// The AI answers.
    Ai,
    /// People answer; the AI is silent.
    Human,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Status {
    /// In hand.
    Open,
    /// A guest waits for a human.
    Waiting,
    /// Put away until a time.
    Snoozed,
    /// Done.
    Closed,
}

/// How soon somebody must look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Urgency {
    /// In its turn.
    #[default]
    Normal,
    /// Now.
    Urgent,
}

/// What becomes of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AlarmStep {
    /// It rings until somebody acknowledges it.
    Raised,
    /// Nobody did in time: it was passed on.
    Escalated,
    /// Somebody sees to it.
    Acknowledged,
}

/// How far a message got on its channel. Only ever moves up: what arrived has not failed, whatever is heard
/// later, and what failed may still arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// The channel took it.
    Sent,
    /// It will not arrive, as far as is known.
    Failed,
    /// It is on the guest's phone.
    Delivered,
    /// The guest has read it.
    Read,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RequestState {
    /// Nobody has taken it.
    Open,
    /// Somebody does it.
    Accepted,
    /// Done.
    Done,
    /// Not to be done.
    Cancelled,
}

/// Work for a department that came out of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "GuestRequest", optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// The request.
    pub id: Uuid,
    /// Who does it.
    pub department: String,
    /// What is to be done.
    pub text: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Where it stands.
    pub state: RequestState,
    /// When it must be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// The kinds of event, with what each holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EventKind {
    /// Said to or by the guest.
    Message(Message),
    /// Seen by staff only.
    Note {
        /// The words.
        text: String,
    },
    /// Who answers changed.
    Mode {
        /// Who answers now.
        mode: Mode,
        /// Why, as a short code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The status changed.
    Status {
        /// The status now.
        status: Status,
        /// When a snoozed conversation comes back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Why, as a short code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It is somebody's, or nobody's.
    Assigned {
        /// Whose.
        #[cfg_attr(feature = "typescript", ts(optional = false))]
        agent: Option<AgentRef>,
    },
    /// The tags now.
    Tags {
        /// All of them, sorted.
        tags: Vec<String>,
    },
    /// What is known of the guest now.
    Profile {
        /// All of it.
        guest: GuestProfile,
    },
    /// The fate of a message on its channel.
    Delivery {
        /// The message.
        of: Seq,
        /// How far it got.
        state: DeliveryState,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The guest's judgement.
    Rating {
        /// 1 to 5.
        stars: u8,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Work for a department: new, or moved on.
    Request {
        /// The request as it stands.
        request: Request,
    },
    /// The guest put an emoji on a message, or took it away.
    Reaction {
        /// The message, where it is one of this conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Seq>,
        /// The emoji; none: taken away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        emoji: Option<String>,
    },
    /// The guest changed the words of a message.
    Edited {
        /// The message.
        of: Seq,
        /// The words now.
        text: String,
    },
    /// The guest took a message back.
    Deleted {
        /// The message.
        of: Seq,
    },
    /// What anybody had said, and what was known of the guest, was erased: the events up to this place hold no
    /// words any more. Nothing follows.
    Erased {
        /// The last of them.
        through: Seq,
    },
    /// How soon somebody must look.
    Urgency {
        /// The urgency now.
        urgency: Urgency,
        /// Why.
        reason: String,
        /// What this does to the alarm.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<AlarmStep>,
    },
}

impl EventKind {
    /// Its name on the wire and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Note { .. } => "note",
            Self::Mode { .. } => "mode",
            Self::Status { .. } => "status",
            Self::Assigned { .. } => "assigned",
            Self::Tags { .. } => "tags",
            Self::Profile { .. } => "profile",
            Self::Delivery { .. } => "delivery",
            Self::Rating { .. } => "rating",
            Self::Request { .. } => "request",
            Self::Reaction { .. } => "reaction",
            Self::Edited { .. } => "edited",
            Self::Deleted { .. } => "deleted",
            Self::Erased { .. } => "erased",
            Self::Urgency { .. } => "urgency",
        }
    }

    /// True if `audience` may see events of this kind: the table of the contract's section 4.
    pub fn seen_by(&self, audience: Audience) -> bool {
        match self {
            Self::Message(_)
            | Self::Mode { .. }
            | Self::Status { .. }
            | Self::Assigned { .. }
            | Self::Request { .. }
            | Self::Reaction { .. }
            | Self::Edited { .. }
            | Self::Deleted { .. }
            | Self::Erased { .. } => true,
            Self::Note { .. }
            | Self::Tags { .. }
            | Self::Profile { .. }
            | Self::Delivery { .. }
            | Self::Rating { .. }
            | Self::Urgency { .. } => audience == Audience::Agents,
        }
    }
}

/// A stored event, with what its readers do not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its place.
    pub seq: Seq,
    /// The `seq` of the event before it that the guest may see; 0 if there is none.
    pub guest_prev: Seq,
    /// The author's own id for the command that made it.
    pub id: Option<ClientId>,
    /// A digest of that command's body, to tell a repeat from another use of the id.
    pub fingerprint: Option<u64>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Author,
    /// What.
    pub kind: EventKind,
}

impl Event {
    /// The `seq` of the event before this one that `audience` may see; 0 if there is none.
    pub fn prev(&self, audience: Audience) -> Seq {
        match audience {
            Audience::Guest => self.guest_prev,
            Audience::Agents => self.seq - 1,
        }
    }

    /// The event as `audience` reads it, or `None` where it may not.
    pub fn view(&self, audience: Audience) -> Option<EventView> {
        self.kind.seen_by(audience).then(|| EventView {
            conversation: self.conversation,
            seq: self.seq,
            prev: self.prev(audience),
            id: self.id.clone(),
            at: self.at,
            by: self.by.clone(),
            kind: self.kind.clone(),
        })
    }
}

/// An event on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "Event", optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Event))]
pub struct EventView {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its place.
    pub seq: Seq,
    /// The `seq` of the event before it that this reader may see; 0 if there is none.
    pub prev: Seq,
    /// The author's own id for the command that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ClientId>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Author,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}
