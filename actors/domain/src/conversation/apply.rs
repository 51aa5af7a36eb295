//! What an event does to the state. Nothing here can fail, and nothing here decides.

use std::sync::Arc;

use crate::answerer::ends_with_question;
use crate::event::{AlarmStep, Event, EventKind, Message, Mode, Status};
use crate::outgoing::goes_out;
use crate::people::{Audience, AuthorKind};
use crate::summary::{LastMessage, PREVIEW_MAX_CHARS};
use crate::text::shorten;
use crate::timestamp::Timestamp;

use super::alarm::Alarm;
use super::decision::{Decision, TurnStep};
use super::receipts::Receipt;
use super::state::{Conversation, REQUESTS_MAX, Snapshot, UNREAD_MAX};
use super::window;

impl Conversation {
    /// What is to be stored beside a decision's events: the snapshot as it will be after them.
    pub fn after(&self, decision: &Decision) -> Arc<Snapshot> {
        let mut next = Snapshot::clone(&self.snapshot);
        for event in &decision.events {
            next.apply(event, self.turn.is_some());
        }
        for ended in decision.ended.iter().filter(|ended| !ended.carried) {
            next.settled = next.settled.max(ended.through);
        }
        if matches!(decision.turn, TurnStep::Open(_) | TurnStep::Close) {
            next.unanswered = false;
        }
        Arc::new(next)
    }

    /// Takes over a decision that is stored, with the snapshot that was stored beside it.
    pub fn apply(&mut self, decision: &Decision, next: Arc<Snapshot>) {
        self.snapshot = next;
        for event in &decision.events {
            if let (AuthorKind::Guest, EventKind::Message(message)) = (event.by.kind, &event.kind) {
                self.question = ends_with_question(&message.text);
                self.typing_until = Timestamp(0);
            }
            if let (Some(id), Some(fingerprint)) = (&event.id, event.fingerprint) {
                let receipt = Receipt { seq: event.seq, fingerprint };
                self.receipts.insert(&event.by.key(), id, receipt);
            }
        }
        match &decision.turn {
            TurnStep::Keep => {}
            TurnStep::Open(turn) => self.turn = Some(turn.clone()),
            TurnStep::Asked(at) => {
                if let Some(turn) = &mut self.turn {
                    turn.quiet_at = None;
                    turn.asked_at = Some(*at);
                }
            }
            TurnStep::Show(text, at) => {
                if let Some(turn) = &mut self.turn {
                    turn.first_word_at.get_or_insert(*at);
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
            EventKind::Mode { mode, .. } => {
                // Given back: what was before is another chapter.
                self.episode += u32::from(self.mode == Mode::Human && *mode == Mode::Ai);
                self.mode = *mode;
            }
            EventKind::Status { status, until, .. } => {
                self.status = *status;
                self.until = *until;
                if *status == Status::Closed {
                    self.settled = event.seq;
                }
                self.waiting_since = match status {
                    Status::Waiting => self.waiting_since.or(Some(self.guest_spoke_at().unwrap_or(event.at))),
                    Status::Open | Status::Snoozed | Status::Closed => None,
                };
            }
            EventKind::Assigned { agent } => self.assigned.clone_from(agent),
            EventKind::Tags { tags } => self.tags.clone_from(tags),
            EventKind::Profile { guest } => self.guest.clone_from(guest),
            EventKind::Urgency { urgency, reason, alarm } => {
                self.urgency = *urgency;
                match alarm {
                    Some(AlarmStep::Raised) => {
                        self.alarm = Some(Alarm { since: event.at, reason: reason.clone(), rung: 0 });
                    }
                    Some(AlarmStep::Escalated) => {
                        if let Some(alarm) = &mut self.alarm {
                            alarm.rung += 1;
                        }
                    }
                    Some(AlarmStep::Acknowledged) => self.alarm = None,
                    None => {}
                }
            }
            EventKind::Erased { through } => self.erase(*through),
            EventKind::Delivery { of, state, .. } => self.progress.take(*of, *state),
            EventKind::Request { request } => {
                self.requests.retain(|known| known.id != request.id);
                if self.requests.len() >= REQUESTS_MAX {
                    self.requests.remove(0);
                }
                self.requests.push(request.clone());
            }
            EventKind::Note { .. }
            | EventKind::Rating { .. }
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
        if goes_out(&event.by, message) {
            self.progress.follow(event.seq);
        }
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
                self.settled = event.seq;
            }
            AuthorKind::Ai => self.introduced |= !message.partial,
            AuthorKind::System => {}
        }
    }

    /// When the guest spoke, if nobody has spoken since.
    fn guest_spoke_at(&self) -> Option<Timestamp> {
        self.last_message.as_ref().filter(|last| last.by.kind == AuthorKind::Guest).map(|last| last.at)
    }
}
