//! What happens when the AI reports, and when a turn is found after a crash.

use crate::departments;
use crate::event::{EventKind, Message, Mode, Request, RequestState, Status, Urgency};
use crate::frame::Outcome;
use crate::ids::Seq;
use crate::people::Author;
use crate::text::{TEXT_MAX_CHARS, shorten};

use super::RECOVERIES_MAX;
use super::command::TurnEnd;
use super::decide::Draft;
use super::decision::{Notice, TurnStep};
use super::ended::TurnOutcome;
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
            let text = match self.introduction().filter(|_| live.shown.is_empty() && !live.direct) {
                Some(notice) => format!("{notice}\n\n{text}"),
                None => text,
            };
            self.decision.notices.push(Notice::Draft { turn: live.id, text: text.clone() });
            self.decision.turn = TurnStep::Show(text, self.at);
        }
    }

    pub(super) fn turn_ended(&mut self, live: &Turn, end: TurnEnd) {
        self.decision.turn = TurnStep::Close;
        let spoke = !live.shown.trim().is_empty();
        match end {
            TurnEnd::HandedOver { reason, urgent } => self.handed_over(live, &reason, urgent),
            _ if !self.window_is_open() => self.hand_over(live, window::CLOSED),
            TurnEnd::Failed { reason } => self.hand_over(live, &reason),
            _ if !spoke => self.hand_over(live, "no_answer"),
            TurnEnd::Said { citations, suggestions } => {
                let outcome =
                    if suggestions.is_empty() { TurnOutcome::Answered } else { TurnOutcome::Clarified };
                let message = Message { citations, suggestions, ..self.message(&live.shown) };
                self.answered(live, message, outcome);
            }
            TurnEnd::SmallTalk => self.answered(live, self.message(&live.shown), TurnOutcome::Smalltalk),
            TurnEnd::Declined => self.answered(live, self.message(&live.shown), TurnOutcome::Declined),
            TurnEnd::Requested { department, text } => self.requested(live, &department, &text),
        }
    }

    /// The AI has said what it had to say, and goes on with what came meanwhile.
    fn answered(&mut self, live: &Turn, message: Message, outcome: TurnOutcome) {
        let answer = self.said(live, message);
        self.record(live, outcome, None, Some(answer), live.through);
        if self.state.snapshot.unanswered {
            self.open_turn(0);
        }
    }

    /// Staff is asked to do something and to say so; the AI stays there for everything else. The department is
    /// one of the list and the room the guest's own, whatever the AI says.
    fn requested(&mut self, live: &Turn, department: &str, text: &str) {
        let room = self.state.snapshot.guest.room.clone();
        let department = departments::known(department).to_owned();
        let text = shorten(text.trim(), departments::TEXT_MAX_CHARS);
        let request =
            Request { id: live.id.0, department, text, room, state: RequestState::Open, due_at: None };
        let answer = self.said(live, self.message(&live.shown));
        self.push(Author::system(), EventKind::Request { request });
        self.set_status(Author::system(), Status::Waiting, Some("request"));
        self.record(live, TurnOutcome::RequestCreated, None, Some(answer), live.through);
        if self.state.snapshot.unanswered {
            self.open_turn(0);
        }
    }

    fn handed_over(&mut self, live: &Turn, reason: &str, urgent: bool) {
        let spoke = !live.shown.trim().is_empty();
        // Where life may be in danger the notice comes last.
        let notice = self.introduction().filter(|_| spoke && live.direct);
        let notice = notice.map(|notice| format!("\n\n{notice}")).unwrap_or_default();
        if !notice.is_empty() {
            self.decision.notices.push(Notice::Draft { turn: live.id, text: notice.clone() });
        }
        let answer = spoke.then(|| self.said(live, self.message(&format!("{}{notice}", live.shown))));
        if !spoke {
            self.end_draft(live, Outcome::Dropped, None);
        }
        // The guest's own words have raised it already, if they were plain.
        if urgent && self.urgency != Urgency::Urgent {
            self.raise_alarm(reason);
        }
        self.ask_humans(reason);
        self.record(live, TurnOutcome::HandedOver, Some(reason), answer, self.state.last_seq());
    }

    fn said(&mut self, live: &Turn, message: Message) -> Seq {
        let seq = self.push_ai(live, message);
        self.end_draft(live, Outcome::Sent, Some(seq));
        seq
    }

    /// The turn ends without an answer: what was shown is kept as `partial`, and people are asked.
    fn hand_over(&mut self, live: &Turn, reason: &str) {
        let shown = self.keep_shown(live);
        let answer = self.hold_line(live).or(shown);
        self.ask_humans(reason);
        self.record(live, TurnOutcome::FailedToHuman, Some(reason), answer, self.state.last_seq());
    }

    pub(super) fn ask_humans(&mut self, reason: &str) {
        let kind = EventKind::Mode { mode: Mode::Human, reason: Some(reason.to_owned()) };
        self.push(Author::system(), kind);
        self.set_status(Author::system(), Status::Waiting, Some(reason));
    }

    /// A turn that was open at a crash is taken up again once; if that ends in a crash too, people are
    /// asked. Nobody is left without an answer, and nobody gets two: what the lost attempt had shown was
    /// a draft, which no reader keeps over a reconnect.
    pub(super) fn recover(&mut self) {
        let Some(left) = self.state.turn() else { return };
        if self.mode() == Mode::Human {
            self.decision.turn = TurnStep::Close;
            self.record(left, TurnOutcome::Superseded, Some("take_over"), None, self.state.last_seq());
        } else if left.recoveries < RECOVERIES_MAX {
            self.carry(left, "crash");
            self.open_turn(left.recoveries + 1);
        } else {
            self.decision.turn = TurnStep::Close;
            let answer = self.hold_line(left);
            self.ask_humans("crash");
            self.record(left, TurnOutcome::FailedToHuman, Some("crash"), answer, self.state.last_seq());
        }
    }
}
