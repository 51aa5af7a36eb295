//! Erasure: the words go, the history stays. Each event keeps its place, its time and its kind; what anybody
//! said, and what is known of the guest, is taken out of it.

use crate::event::{Event, EventKind, Message, Status, Urgency};
use crate::frame::Outcome;
use crate::people::{Author, AuthorKind, GuestProfile};
use crate::refusal::{Code, Refusal};

use super::command::Command;
use super::decide::Draft;
use super::decision::{Effect, TurnStep};
use super::ended::TurnOutcome;
use super::state::{Conversation, Snapshot};

impl Conversation {
    /// True once the guest's data was erased: nothing is said or done here any more.
    pub fn is_erased(&self) -> bool {
        self.snapshot.erased > 0
    }

    /// # Errors
    /// `forbidden`: nobody adds anything to a conversation that was erased.
    pub(super) fn check_not_erased(&self, command: &Command) -> Result<(), Refusal> {
        let adds = matches!(command, Command::Say(_) | Command::Act(_) | Command::Receive(_));
        if self.is_erased() && adds {
            return Err(Refusal::new(
                Code::Forbidden,
                "the guest's data was erased; the conversation is over",
            ));
        }
        Ok(())
    }
}

impl Draft<'_> {
    /// The last event of a conversation. A turn that is open ends without a word.
    pub(super) fn erase(&mut self, by: Author) {
        let through = self.state.last_seq();
        if self.state.is_erased() || through == 0 {
            return;
        }
        if let Some(turn) = self.state.turn.as_ref() {
            self.end_draft(turn, Outcome::Dropped, None);
            self.decision.effects.push(Effect::Cancel(turn.id));
            self.decision.turn = TurnStep::Close;
            self.record(turn, TurnOutcome::Superseded, Some("erased"), None, through);
        }
        self.push(by, EventKind::Erased { through });
    }
}

impl Snapshot {
    /// What is left once everything up to `through` is erased.
    pub(super) fn erase(&mut self, through: u64) {
        self.erased = through;
        self.guest = GuestProfile { id: self.guest.id, ..GuestProfile::default() };
        self.status = Status::Closed;
        (self.until, self.waiting_since, self.window_until) = (None, None, None);
        self.tags.clear();
        self.requests.clear();
        self.urgency = Urgency::Normal;
        self.alarm = None;
        self.last_message = None;
        self.unread.clear();
        self.unanswered = false;
        self.settled = self.last_seq;
    }
}

impl Event {
    /// The same event without anybody's words. What replaying it does to a conversation's course stays the same.
    #[must_use]
    pub fn erased(self) -> Self {
        let name = self.by.name.filter(|_| self.by.kind != AuthorKind::Guest);
        Self {
            by: Author { name, ..self.by },
            // A digest of words tells who guesses them that the guess is right.
            fingerprint: self.fingerprint.map(|_| 0),
            kind: self.kind.erased(),
            ..self
        }
    }
}

impl EventKind {
    /// The same kind without anybody's words.
    #[must_use]
    pub fn erased(self) -> Self {
        let nothing = String::new;
        match self {
            Self::Message(message) => Self::Message(Message {
                sent_at: message.sent_at,
                reply_to: message.reply_to,
                partial: message.partial,
                turn: message.turn,
                ..Message::new("", message.channel)
            }),
            Self::Note { .. } => Self::Note { text: nothing() },
            Self::Tags { .. } => Self::Tags { tags: Vec::new() },
            Self::Profile { guest } => {
                Self::Profile { guest: GuestProfile { id: guest.id, ..GuestProfile::default() } }
            }
            Self::Delivery { of, state, .. } => Self::Delivery { of, state, error: None },
            Self::Rating { stars, .. } => Self::Rating { stars, comment: None },
            Self::Request { mut request } => {
                (request.text, request.room) = (nothing(), None);
                Self::Request { request }
            }
            Self::Reaction { of, .. } => Self::Reaction { of, emoji: None },
            Self::Edited { of, .. } => Self::Edited { of, text: nothing() },
            // Short codes of ours, ids, and names of staff.
            kind @ (Self::Mode { .. }
            | Self::Status { .. }
            | Self::Assigned { .. }
            | Self::Deleted { .. }
            | Self::Erased { .. }
            | Self::Urgency { .. }) => kind,
        }
    }
}
