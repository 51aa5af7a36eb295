//! What happens when the AI reports, and when a turn is found after a crash.

use crate::event::{EventKind, Mode, Status, Urgency};
use crate::frame::Outcome;
use crate::people::Author;
use crate::text::TEXT_MAX_CHARS;

use super::RECOVERIES_MAX;
use super::command::TurnEnd;
use super::decide::Draft;
use super::decision::{Notice, TurnStep};
use super::state::Turn;
use super::window;

impl Draft<'_> {
    /// More words: shown as far as a message may be long.
    pub(super) fn turn_delta(&mut self, live: &Turn, text: String) {
        let room = TEXT_MAX_CHARS.saturating_sub(live.shown.chars().count());
        let text = match text.char_indices().nth(room) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        };
        if !text.is_empty() {
            self.decision.notices.push(Notice::Draft { turn: live.id, text: text.clone() });
            self.decision.turn = TurnStep::Show(text);
        }
    }

    pub(super) fn turn_ended(&mut self, live: &Turn, end: TurnEnd) {
        self.decision.turn = TurnStep::Close;
        match end {
            TurnEnd::Said { .. } if !self.window_is_open() => self.hand_over(live, window::CLOSED),
            TurnEnd::Said { citations, suggestions } if !live.shown.trim().is_empty() => {
                let mut message = self.message(&live.shown);
                message.citations = citations;
                message.suggestions = suggestions;
                self.said(live, message);
                self.answer_what_came_meanwhile();
            }
            TurnEnd::Said { .. } => self.hand_over(live, "no_answer"),
            TurnEnd::HandedOver { reason, urgent } => {
                if !live.shown.trim().is_empty() {
                    let message = self.message(&live.shown);
                    self.said(live, message);
                }
                if urgent {
                    let kind = EventKind::Urgency { urgency: Urgency::Urgent, reason: reason.clone() };
                    self.push(Author::system(), kind);
                }
                self.ask_humans(&reason);
            }
            TurnEnd::Failed { reason } => self.hand_over(live, &reason),
        }
    }

    fn said(&mut self, live: &Turn, mut message: crate::event::Message) {
        message.turn = Some(live.id);
        let seq = self.push(Author::ai(), EventKind::Message(message));
        self.end_draft(live, Outcome::Sent, Some(seq));
    }

    /// The turn ends without an answer: what was shown is kept as `partial`, and people are asked.
    fn hand_over(&mut self, live: &Turn, reason: &str) {
        self.keep_shown(live);
        self.ask_humans(reason);
    }

    pub(super) fn ask_humans(&mut self, reason: &str) {
        let kind = EventKind::Mode { mode: Mode::Human, reason: Some(reason.to_owned()) };
        self.push(Author::system(), kind);
        self.set_status(Author::system(), Status::Waiting, Some(reason));
    }

    /// The guest wrote while the AI was speaking: that is answered next.
    fn answer_what_came_meanwhile(&mut self) {
        if self.state.snapshot.unanswered {
            self.open_turn(0, 0);
        }
    }

    /// A turn that was open at a crash is taken up again once; if that ends in a crash too, people are
    /// asked. Nobody is left without an answer, and nobody gets two: what the lost attempt had shown was
    /// a draft, which no reader keeps over a reconnect.
    pub(super) fn recover(&mut self) {
        let Some(left) = self.state.turn() else { return };
        if self.mode() == Mode::Human {
            self.decision.turn = TurnStep::Close;
        } else if left.recoveries < RECOVERIES_MAX {
            self.open_turn(0, left.recoveries + 1);
        } else {
            self.decision.turn = TurnStep::Close;
            self.ask_humans("crash");
        }
    }
}
