//! What an event does to the state. Nothing here can fail, and nothing here decides.

use crate::event::{Event, EventKind, Message, Mode, Status};
use crate::people::{Audience, AuthorKind};
use crate::summary::{LastMessage, PREVIEW_MAX_CHARS};
use crate::text::shorten;
use crate::timestamp::Timestamp;

use super::decision::{Decision, TurnStep};
use super::receipts::Receipt;
use super::state::{Conversation, Snapshot, UNREAD_MAX};
use super::window;

impl Conversation {
    /// What is to be stored beside a decision's events: the snapshot as it will be after them.
    pub fn after(&self, decision: &Decision) -> Snapshot {
        let mut next = self.snapshot.clone();
        for event in &decision.events {
            next.apply(event, self.turn.is_some());
        }
        if matches!(decision.turn, TurnStep::Open(_) | TurnStep::Close) {
            next.unanswered = false;
        }
        next
    }

    /// Takes over a decision that is stored, with the snapshot that was stored beside it.
    pub fn apply(&mut self, decision: &Decision, next: Snapshot) {
        self.snapshot = next;
        for event in &decision.events {
            if let (Some(id), Some(fingerprint)) = (&event.id, event.fingerprint) {
                self.receipts.insert((event.by.key(), id.clone()), Receipt { seq: event.seq, fingerprint });
            }
        }
        match &decision.turn {
            TurnStep::Keep => {}
            TurnStep::Open(turn) => self.turn = Some(turn.clone()),
            TurnStep::Show(text) => {
                if let Some(turn) = &mut self.turn {
                    turn.shown.push_str(text);
                }
            }
            TurnStep::Close => self.turn = None,
        }
    }
}

impl Snapshot {
    /// Takes over one event. `turn_open`: the AI was at work when it happened.
    pub fn apply(&mut self, event: &Event, turn_open: bool) {
        self.last_seq = event.seq;
        self.updated_at = event.at;
        if event.kind.seen_by(Audience::Guest) {
            self.guest_head = event.seq;
        }
        match &event.kind {
            EventKind::Message(message) => self.apply_message(event, message, turn_open),
            EventKind::Mode { mode, .. } => self.mode = *mode,
            EventKind::Status { status, until, .. } => {
                self.status = *status;
                self.until = *until;
                self.waiting_since = match status {
                    Status::Waiting => self.waiting_since.or(Some(self.guest_spoke_at().unwrap_or(event.at))),
                    Status::Open | Status::Snoozed | Status::Closed => None,
                };
            }
            EventKind::Assigned { agent } => self.assigned.clone_from(agent),
            EventKind::Tags { tags } => self.tags.clone_from(tags),
            EventKind::Profile { guest } => self.guest.clone_from(guest),
            EventKind::Urgency { urgency, .. } => self.urgency = *urgency,
            EventKind::Note { .. }
            | EventKind::Delivery { .. }
            | EventKind::Rating { .. }
            | EventKind::Request { .. }
            | EventKind::Reaction { .. }
            | EventKind::Edited { .. }
            | EventKind::Deleted { .. } => {}
        }
    }

    fn apply_message(&mut self, event: &Event, message: &Message, turn_open: bool) {
        self.last_message = Some(LastMessage {
            text: shorten(message.text.trim(), PREVIEW_MAX_CHARS),
            by: event.by.clone(),
            at: event.at,
        });
        match event.by.kind {
            AuthorKind::Guest => {
                self.window_until = self.window_until.max(window::until(event.at, message));
                if self.unread.len() < UNREAD_MAX {
                    self.unread.push(event.seq);
                }
                self.unanswered = self.mode == Mode::Ai && turn_open;
            }
            AuthorKind::Agent => {
                self.unread.clear();
                self.agents_read = event.seq;
            }
            AuthorKind::Ai | AuthorKind::System => {}
        }
    }

    /// When the guest spoke, if nobody has spoken since.
    fn guest_spoke_at(&self) -> Option<Timestamp> {
        self.last_message.as_ref().filter(|last| last.by.kind == AuthorKind::Guest).map(|last| last.at)
    }
}
