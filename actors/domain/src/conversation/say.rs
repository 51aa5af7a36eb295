//! What happens when somebody says something.

use uuid::Uuid;

use crate::answerer::{Interruption, interruption};
use crate::event::{Attachment, EventKind, Message, Mode, Status};
use crate::ids::{ClientId, Seq};
use crate::outgoing::BUTTONS_MAX;
use crate::people::{Author, AuthorKind};
use crate::refusal::{Code, Refusal};
use crate::text::{check_short, check_text};

use super::command::{FoundFile, Say};
use super::decide::{Draft, fingerprint};
use super::decision::Enclosed;
use super::{ATTACHMENTS_MAX, SUGGESTION_MAX_CHARS, window};

impl Draft<'_> {
    pub(super) fn say(&mut self, say: Say) -> Result<(), Refusal> {
        check_text(&say.text)?;
        let reply_to = say.reply_to.map(|seq| seq.to_string()).unwrap_or_default();
        let note = if say.note { "note" } else { "message" };
        let files: Vec<String> = say.attachments.iter().map(ToString::to_string).collect();
        let mut body = vec![note.to_owned(), say.text.clone(), reply_to, files.join(",")];
        // Only where there are any: what was stored before there were such must stay a repeat.
        body.extend(say.suggestions.iter().cloned());
        let digest = fingerprint(&body.iter().map(String::as_str).collect::<Vec<_>>());
        if self.is_repeat(&say.by, &say.id, digest)? {
            return Ok(());
        }
        if say.reply_to.is_some_and(|seq| seq == 0 || seq > self.state.last_seq()) {
            return Err(Refusal::new(Code::BadFrame, "reply_to names no event"));
        }
        check_suggestions(&say)?;
        let files = self.enclosures(&say)?;
        match say.by.kind {
            AuthorKind::Guest => {
                let mut message = self.message(&say.text);
                message.reply_to = say.reply_to;
                message.attachments = files;
                self.guest_says(say.by, say.id, digest, message);
            }
            AuthorKind::Agent if say.note => {
                self.push_own(say.by, say.id, digest, EventKind::Note { text: say.text });
            }
            AuthorKind::Agent => {
                self.check_window()?;
                let mut message = self.message(&say.text);
                message.reply_to = say.reply_to;
                message.suggestions = say.suggestions;
                message.attachments = files;
                self.agent_says(say.by, say.id, digest, message);
            }
            // The AI speaks through its turns, the rules through their events.
            AuthorKind::Ai | AuthorKind::System => return Err(Refusal::forbidden()),
        }
        Ok(())
    }

    /// The uploads that go with a message: each must be there, its sender's own, and named by no other.
    fn enclosures(&mut self, say: &Say) -> Result<Vec<Attachment>, Refusal> {
        let none = || Refusal::new(Code::NotFound, "no such attachment");
        if say.attachments.len() > ATTACHMENTS_MAX {
            return Err(Refusal::new(Code::BadFrame, "at most 10 attachments"));
        }
        if say.note && !say.attachments.is_empty() {
            return Err(Refusal::new(Code::BadFrame, "a note takes no attachments"));
        }
        let mut files: Vec<Attachment> = Vec::with_capacity(say.attachments.len());
        for id in &say.attachments {
            let own = |found: &&FoundFile| {
                found.file.id == *id
                    && found.by == say.by.key()
                    && found.property == self.state.snapshot.property
                    && !found.used
            };
            let found = say.files.iter().find(own).ok_or_else(none)?;
            if files.iter().any(|file| file.id == *id) {
                return Err(none());
            }
            files.push(found.file.clone());
        }
        Ok(files)
    }

    pub(super) fn guest_says(&mut self, by: Author, id: ClientId, digest: u64, message: Message) {
        if self.status() == Status::Closed {
            // A new matter: it opens again, and the AI answers first.
            self.set_status(Author::system(), Status::Open, Some("guest_wrote"));
            if self.mode() == Mode::Human {
                let reason = Some("new_matter".to_owned());
                self.push(Author::system(), EventKind::Mode { mode: Mode::Ai, reason });
            }
        }
        let news = interruption(&message.text);
        let interrupted = self.mode() == Mode::Ai && self.interrupt(news);
        let text = message.text.clone();
        let seq = self.push_message(by, id, digest, message);
        // In the very commit of the words, whoever answers.
        if let Some(Interruption::Emergency(kind)) = news {
            self.raise_alarm(kind.code());
        }
        match self.mode() {
            Mode::Human => self.set_status(Author::system(), Status::Waiting, Some("guest_wrote")),
            Mode::Ai => {
                if self.status() == Status::Snoozed {
                    self.set_status(Author::system(), Status::Open, Some("guest_wrote"));
                }
                if self.window_is_open() {
                    self.ask_for_answer(&text, seq, news, interrupted);
                } else if interrupted || self.state.turn().is_none() {
                    // It came too late for an answer in free words: people choose a template.
                    self.ask_humans(window::CLOSED);
                }
            }
        }
    }

    /// Adds the author's message, with what it encloses.
    pub(super) fn push_message(&mut self, by: Author, id: ClientId, digest: u64, message: Message) -> Seq {
        let files: Vec<Uuid> = message.attachments.iter().map(|file| file.id).collect();
        let seq = self.push_own(by, id, digest, EventKind::Message(message));
        self.decision.enclosed.extend(files.into_iter().map(|attachment| Enclosed { attachment, seq }));
        seq
    }

    /// Any message of an agent is a take-over.
    pub(super) fn agent_says(&mut self, by: Author, id: ClientId, digest: u64, message: Message) {
        self.take_over(&by, None);
        self.push_message(by.clone(), id, digest, message);
        self.quell_alarm(&by);
        self.set_status(by, Status::Open, Some("answered"));
    }

    /// People answer from now on. What the AI had shown is kept just before the `mode` event.
    pub(super) fn take_over(&mut self, by: &Author, own: Option<(ClientId, u64)>) {
        let was_ai = self.mode() == Mode::Ai;
        if was_ai {
            self.cut_turn("take_over");
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

/// Quick replies go with an agent's message: at most three, short, none of them empty.
fn check_suggestions(say: &Say) -> Result<(), Refusal> {
    if say.suggestions.is_empty() {
        return Ok(());
    }
    if say.by.kind != AuthorKind::Agent || say.note || say.suggestions.len() > BUTTONS_MAX {
        return Err(Refusal::new(Code::BadFrame, "up to three suggestions, with an agent's message only"));
    }
    for suggestion in &say.suggestions {
        check_short("suggestion", suggestion, SUGGESTION_MAX_CHARS)?;
        if suggestion.trim().is_empty() {
            return Err(Refusal::new(Code::BadText, "suggestion is empty"));
        }
    }
    Ok(())
}
