//! What happens when somebody says something.

use crate::event::{EventKind, Mode, Status};
use crate::people::{Author, AuthorKind};
use crate::refusal::{Code, Refusal};
use crate::text::check_text;

use super::RESTARTS_MAX;
use super::command::Say;
use super::decide::{Draft, fingerprint};
use super::decision::Effect;

impl Draft<'_> {
    pub(super) fn say(&mut self, say: Say) -> Result<(), Refusal> {
        check_text(&say.text)?;
        let reply_to = say.reply_to.map(|seq| seq.to_string()).unwrap_or_default();
        let note = if say.note { "note" } else { "message" };
        let files: Vec<String> = say.attachments.iter().map(ToString::to_string).collect();
        let digest = fingerprint(&[note, &say.text, &reply_to, &files.join(",")]);
        if self.is_repeat(&say.by, &say.id, digest)? {
            return Ok(());
        }
        if say.reply_to.is_some_and(|seq| seq == 0 || seq > self.state.last_seq()) {
            return Err(Refusal::new(Code::BadFrame, "reply_to names no event"));
        }
        if !say.attachments.is_empty() {
            return Err(Refusal::new(Code::NotFound, "no such attachment"));
        }
        match say.by.kind {
            AuthorKind::Guest => self.guest_says(say, digest),
            AuthorKind::Agent if say.note => {
                self.push_own(say.by, say.id, digest, EventKind::Note { text: say.text });
            }
            AuthorKind::Agent => self.agent_says(say, digest),
            // The AI speaks through its turns, the rules through their events.
            AuthorKind::Ai | AuthorKind::System => return Err(Refusal::forbidden()),
        }
        Ok(())
    }

    fn guest_says(&mut self, say: Say, digest: u64) {
        if self.status() == Status::Closed {
            // A new matter: it opens again, and the AI answers first.
            self.set_status(Author::system(), Status::Open, Some("guest_wrote"));
            if self.mode() == Mode::Human {
                let reason = Some("new_matter".to_owned());
                self.push(Author::system(), EventKind::Mode { mode: Mode::Ai, reason });
            }
        }
        let mut message = self.message(&say.text);
        message.reply_to = say.reply_to;
        self.push_own(say.by, say.id, digest, EventKind::Message(message));
        match self.mode() {
            Mode::Human => self.set_status(Author::system(), Status::Waiting, Some("guest_wrote")),
            Mode::Ai => {
                if self.status() == Status::Snoozed {
                    self.set_status(Author::system(), Status::Open, Some("guest_wrote"));
                }
                self.ask_for_answer();
            }
        }
    }

    /// Begins a turn. One that has shown nothing begins anew, to answer all at once; one that speaks is
    /// let finish, and what was said meanwhile is answered next.
    fn ask_for_answer(&mut self) {
        match self.state.turn() {
            None => self.open_turn(0, 0),
            Some(live) if live.shown.is_empty() && live.restarts < RESTARTS_MAX => {
                self.decision.effects.push(Effect::Cancel(live.id));
                self.open_turn(live.restarts + 1, live.recoveries);
            }
            Some(_) => {}
        }
    }

    /// Any message of an agent is a take-over.
    fn agent_says(&mut self, say: Say, digest: u64) {
        self.take_over(&say.by, None);
        let mut message = self.message(&say.text);
        message.reply_to = say.reply_to;
        self.push_own(say.by.clone(), say.id, digest, EventKind::Message(message));
        self.set_status(say.by, Status::Open, Some("answered"));
    }

    /// People answer from now on. What the AI had shown is kept just before the `mode` event.
    pub(super) fn take_over(&mut self, by: &Author, own: Option<(crate::ids::ClientId, u64)>) {
        let was_ai = self.mode() == Mode::Ai;
        if was_ai {
            self.cut_turn();
        }
        let kind = EventKind::Mode { mode: Mode::Human, reason: Some("take_over".to_owned()) };
        match own {
            Some((id, digest)) => {
                self.push_own(by.clone(), id, digest, kind);
            }
            None if was_ai => {
                self.push(by.clone(), kind);
            }
            None => {}
        }
        let agent = by.as_agent();
        let nobodys = self.state.snapshot.assigned.is_none();
        let mine = self.state.snapshot.assigned == agent;
        // Who takes over owns it; who only writes takes what is nobody's.
        if !mine && (nobodys || self.decision.ack.is_some()) {
            self.push(by.clone(), EventKind::Assigned { agent });
        }
    }
}
