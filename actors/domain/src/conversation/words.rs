//! What the rules themselves say to a guest, in the guest's language.

use crate::answerer::{Language, Template, detect};
use crate::event::Channel;
use crate::ids::Seq;
use crate::people::AuthorKind;

use super::decide::Draft;
use super::state::Turn;

impl Draft<'_> {
    /// The language of the guest's last words, or else the one of the profile.
    fn language(&self) -> Language {
        let last = self.state.snapshot.last_message.as_ref();
        let last = last.filter(|last| last.by.kind == AuthorKind::Guest);
        let written = last.and_then(|last| detect(&last.text).language);
        let known = || self.state.snapshot.guest.locale.as_deref().and_then(Language::from_tag);
        written.or_else(known).unwrap_or(Language::En)
    }

    /// That an automatic assistant answers, where the guest has not been told: the page says so by itself, a
    /// phone does not.
    pub(super) fn introduction(&self) -> Option<&'static str> {
        let snapshot = &self.state.snapshot;
        let due = snapshot.channel == Channel::Whatsapp && !snapshot.introduced;
        due.then(|| Template::AiNotice.text(self.language()))
    }

    /// On a phone, where half an answer is never shown, the guest is told that a person will answer.
    pub(super) fn hold_line(&mut self, live: &Turn) -> Option<Seq> {
        if self.state.snapshot.channel != Channel::Whatsapp || !self.window_is_open() {
            return None;
        }
        let line = Template::HandOver.text(self.language());
        let text = match self.introduction() {
            Some(notice) => format!("{line}\n\n{notice}"),
            None => line.to_owned(),
        };
        Some(self.push_ai(live, self.message(&text)))
    }
}
