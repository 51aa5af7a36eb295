//! A conversation in a few lines: what an inbox shows.

use serde::{Deserialize, Serialize};

use crate::conversation::Alarm;
use crate::event::{Channel, Mode, Status, Urgency};
use crate::ids::{ConversationId, PropertyId, Seq};
use crate::people::{AgentRef, Audience, Author, GuestProfile};
use crate::timestamp::Timestamp;

/// How much of the last message a summary shows, in characters.
pub const PREVIEW_MAX_CHARS: usize = 240;

/// The newest message, shortened to [`PREVIEW_MAX_CHARS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastMessage {
    /// Its first words.
    pub text: String,
    /// Who.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// The state of a conversation as an inbox shows it; the same for every agent of the property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// The conversation.
    pub id: ConversationId,
    /// Its hotel.
    pub property: PropertyId,
    /// How the guest writes.
    pub channel: Channel,
    /// What is known of the guest.
    pub guest: GuestProfile,
    /// Who answers.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// Whose it is.
    pub assigned: Option<AgentRef>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// How soon somebody must look.
    pub urgency: Urgency,
    /// The alarm, while nobody has acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub alarm: Option<Box<Alarm>>,
    /// The newest event.
    pub last_seq: Seq,
    /// The newest message.
    pub last_message: Option<LastMessage>,
    /// Since when the guest waits for a human.
    pub waiting_since: Option<Timestamp>,
    /// The guest's messages since any agent last read or answered.
    pub unread: u32,
    /// Until when free text reaches the guest; after that templates only. Absent on channels without such a
    /// window, and before the guest has written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub window_until: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Summary {
    /// The summary as `audience` may see it. A guest sees no tags, no urgency, no unread count, and of
    /// its own profile only the name: the rest is staff's working copy.
    #[must_use]
    pub fn seen_by(self, audience: Audience) -> Self {
        match audience {
            Audience::Agents => self,
            Audience::Guest => Self {
                guest: GuestProfile { id: self.guest.id, name: self.guest.name, ..GuestProfile::default() },
                tags: Vec::new(),
                urgency: Urgency::Normal,
                alarm: None,
                unread: 0,
                ..self
            },
        }
    }
}
