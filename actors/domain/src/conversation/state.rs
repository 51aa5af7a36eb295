//! The state of a conversation, and how it is put away and taken up again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::{Channel, Mode, Request, Status, Urgency};
use crate::ids::{ConversationId, GuestId, PropertyId, Seq, TurnId};
use crate::outgoing::Progress;
use crate::people::{AgentRef, AuthorKind, GuestProfile, Principal};
use crate::summary::{LastMessage, Summary};
use crate::timestamp::Timestamp;

use super::alarm::Alarm;
use super::receipts::Receipts;

/// How many unread messages are counted one by one; beyond, the count stands still.
pub(super) const UNREAD_MAX: usize = 999;

/// How many requests are remembered: an older one stands as it was last told.
pub const REQUESTS_MAX: usize = 50;

/// A conversation as it stands after the last applied event.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// What is stored of it beside its events: shared with the commit that stores it.
    pub(super) snapshot: Arc<Snapshot>,
    /// The AI's turn, while one is open.
    pub(super) turn: Option<Turn>,
    /// Until when the guest counts as writing. Not stored.
    pub(super) typing_until: Timestamp,
    /// The guest's last message ends with a question mark. Not stored.
    pub(super) question: bool,
    /// The commands that were accepted, by their authors' ids.
    pub(super) receipts: Receipts,
}

/// The part of the state that is stored with every commit. It could be had by replaying the events;
/// stored, a conversation is opened by reading one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The conversation.
    pub id: ConversationId,
    /// Its hotel.
    pub property: PropertyId,
    /// How the guest writes.
    pub channel: Channel,
    /// What is known of the guest; its `id` is always there.
    pub guest: GuestProfile,
    /// Who answers.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// When a snoozed one comes back.
    pub until: Option<Timestamp>,
    /// Whose it is.
    pub assigned: Option<AgentRef>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// How soon somebody must look.
    pub urgency: Urgency,
    /// The newest event.
    pub last_seq: Seq,
    /// The newest event that the guest may see.
    pub guest_head: Seq,
    /// The newest message.
    pub last_message: Option<LastMessage>,
    /// Since when the guest waits for a human: set exactly while `status` is `waiting`.
    pub waiting_since: Option<Timestamp>,
    /// The guest's messages that no agent has read, at most [`UNREAD_MAX`].
    pub unread: Vec<Seq>,
    /// How far any agent has read.
    pub agents_read: Seq,
    /// How far the guest has read.
    pub guest_read: Seq,
    /// A message of the guest came while the AI was speaking: it is answered next.
    pub unanswered: bool,
    /// How far those messages got that went out over a channel that is not ours.
    #[serde(default, skip_serializing_if = "Progress::is_empty")]
    pub progress: Progress,
    /// Until when free text reaches the guest, on channels with such a window.
    #[serde(default)]
    pub window_until: Option<Timestamp>,
    /// Up to here the guest's messages have their outcome, or are with people.
    #[serde(default)]
    pub settled: Seq,
    /// How often people gave it back to the AI.
    #[serde(default)]
    pub episode: u32,
    /// The alarm, while nobody has acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
    /// Events up to here were erased; 0: none. Nothing is said any more then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased: Seq,
    /// The AI has said something whole: on a phone with the word that it is one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub introduced: bool,
    /// The newest requests to departments, at most [`REQUESTS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(seq: &Seq) -> bool {
    *seq == 0
}

/// One attempt of the AI to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Its id: news of any other turn is stale and dropped.
    pub id: TurnId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// It is to answer what the guest said after this place …
    pub after: Seq,
    /// … up to and with this one.
    pub through: Seq,
    /// When the moment of quiet ends that it waits for; none once the AI was asked. Not stored: after a
    /// crash nothing is waited for.
    pub quiet_at: Option<Timestamp>,
    /// When the AI was asked. Not stored.
    pub asked_at: Option<Timestamp>,
    /// When the first word was shown. Not stored.
    pub first_word_at: Option<Timestamp>,
    /// The guest's words ask for a person or report an emergency: no model is needed, and none waited for.
    /// Not stored.
    pub direct: bool,
    /// How often it was started anew because the guest went on writing.
    pub restarts: u8,
    /// How often it was taken up again after a crash.
    pub recoveries: u8,
    /// What readers were shown so far.
    pub shown: String,
}

impl Turn {
    /// A turn that has shown nothing yet.
    pub fn new(id: TurnId, opened_at: Timestamp) -> Self {
        Self {
            id,
            opened_at,
            after: 0,
            through: 0,
            quiet_at: None,
            asked_at: None,
            first_word_at: None,
            direct: false,
            restarts: 0,
            recoveries: 0,
            shown: String::new(),
        }
    }
}

impl Conversation {
    /// A new conversation, without events, in which the AI answers.
    pub fn new(
        id: ConversationId,
        property: PropertyId,
        channel: Channel,
        guest: GuestProfile,
        at: Timestamp,
    ) -> Self {
        let snapshot = Snapshot {
            id,
            property,
            channel,
            guest,
            mode: Mode::Ai,
            status: Status::Open,
            until: None,
            assigned: None,
            tags: Vec::new(),
            urgency: Urgency::Normal,
            last_seq: 0,
            guest_head: 0,
            last_message: None,
            waiting_since: None,
            unread: Vec::new(),
            agents_read: 0,
            guest_read: 0,
            unanswered: false,
            progress: Progress::default(),
            window_until: None,
            settled: 0,
            episode: 0,
            alarm: None,
            erased: 0,
            introduced: false,
            requests: Vec::new(),
            created_at: at,
            updated_at: at,
        };
        Self::restore(snapshot, None, Receipts::default())
    }

    /// A conversation as it was stored.
    pub fn restore(snapshot: impl Into<Arc<Snapshot>>, turn: Option<Turn>, receipts: Receipts) -> Self {
        Self { snapshot: snapshot.into(), turn, typing_until: Timestamp(0), question: false, receipts }
    }

    /// What is to be stored beside the events.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Which conversation this is.
    pub fn id(&self) -> ConversationId {
        self.snapshot.id
    }

    /// The newest event.
    pub fn last_seq(&self) -> Seq {
        self.snapshot.last_seq
    }

    /// The newest event that `audience` may see.
    pub fn head(&self, audience: crate::people::Audience) -> Seq {
        match audience {
            crate::people::Audience::Guest => self.snapshot.guest_head,
            crate::people::Audience::Agents => self.snapshot.last_seq,
        }
    }

    /// The AI's turn, while one is open.
    pub fn turn(&self) -> Option<&Turn> {
        self.turn.as_ref()
    }

    /// True if this principal may know that the conversation exists.
    pub fn admits(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Guest { conversation, property, .. } => {
                *conversation == self.snapshot.id && *property == self.snapshot.property
            }
            Principal::Agent { property, .. } => *property == self.snapshot.property,
        }
    }

    /// The guest of this conversation.
    pub fn guest_id(&self) -> Option<GuestId> {
        self.snapshot.guest.id
    }

    /// How far the agents, or the guest, have read.
    pub fn read_by(&self, kind: AuthorKind) -> Seq {
        match kind {
            AuthorKind::Guest => self.snapshot.guest_read,
            _ => self.snapshot.agents_read,
        }
    }

    /// Notes that somebody has read up to `seq`. True if that was news.
    pub fn mark_read(&mut self, kind: AuthorKind, seq: Seq) -> bool {
        let seq = seq.min(self.snapshot.last_seq);
        let is_staff = match kind {
            AuthorKind::Guest => false,
            AuthorKind::Agent => true,
            AuthorKind::Ai | AuthorKind::System => return false,
        };
        if seq <= self.read_by(kind) {
            return false;
        }
        // A copy only if the store still holds the last one.
        let snapshot = Arc::make_mut(&mut self.snapshot);
        if is_staff {
            snapshot.agents_read = seq;
            snapshot.unread.retain(|unread| *unread > seq);
        } else {
            snapshot.guest_read = seq;
        }
        true
    }

    /// The conversation as an inbox shows it.
    pub fn summary(&self) -> Summary {
        self.snapshot.summary()
    }
}

impl Snapshot {
    /// The conversation as an inbox shows it.
    pub fn summary(&self) -> Summary {
        Summary {
            id: self.id,
            property: self.property,
            channel: self.channel,
            guest: self.guest.clone(),
            mode: self.mode,
            status: self.status,
            assigned: self.assigned.clone(),
            tags: self.tags.clone(),
            urgency: self.urgency,
            alarm: self.alarm.clone().map(Box::new),
            last_seq: self.last_seq,
            last_message: self.last_message.clone(),
            waiting_since: self.waiting_since,
            unread: u32::try_from(self.unread.len()).unwrap_or(u32::MAX),
            window_until: self.window_until,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}
