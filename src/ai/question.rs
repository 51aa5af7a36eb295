//! What the guest asks, taken out of a prompt.

use std::fmt;

use frontdesk_actors::ports::{Line, Prompt};
use frontdesk_domain::answerer::Topics;
use frontdesk_domain::people::AuthorKind;

use super::clean::clean;
use super::language;

/// The question that a turn is to answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The guest's unanswered lines, one a line.
    pub text: String,
    /// The guest's lines before those, oldest first, at most two: what "and on Sunday?" refers to.
    pub context: Vec<String>,
    /// The guest's language, if it is known or can be told.
    pub locale: Option<String>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The guest's words are in no log.
        let chars = self.text.chars().count();
        f.debug_struct("Question")
            .field("chars", &chars)
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

impl Question {
    /// The question at the end of a prompt.
    pub fn of(prompt: &Prompt) -> Self {
        let guest = |line: &&Line| line.by.kind == AuthorKind::Guest;
        let open = prompt.lines.iter().rev().take_while(guest).count();
        let (before, asked) = prompt.lines.split_at(prompt.lines.len() - open);
        let text = asked.iter().map(|line| clean(&line.text)).collect::<Vec<_>>().join("\n");
        let mut context: Vec<String> =
            before.iter().rev().filter(guest).take(2).map(|line| clean(&line.text)).collect();
        context.reverse();
        let written = language::detect(&text).map(str::to_owned);
        let locale = written
            .or_else(|| prompt.locale.clone())
            .or_else(|| context.iter().rev().find_map(|text| language::detect(text)).map(str::to_owned));
        Self { text, context, locale }
    }

    /// The words that say what it is about: an "and on Sunday?" goes on about what was asked before.
    pub fn subject(&self) -> &str {
        match self.context.last() {
            Some(before) if Topics::of(&self.text, &[]).is_empty() => before,
            _ => &self.text,
        }
    }

    /// The language to speak in.
    pub fn language(&self) -> &str {
        self.locale.as_deref().unwrap_or("en")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{agent, ai, guest, prompt};
    use super::*;

    #[test]
    fn takes_the_unanswered_lines_and_what_came_before() {
        let lines = vec![
            guest("Hallo"),
            ai("Guten Tag"),
            guest("Wo ist der Pool?"),
            agent("Unten"),
            guest("ok"),
            guest("und das Spa\u{202e}?"),
        ];
        let question = Question::of(&prompt(lines));
        assert_eq!(question.text, "ok\nund das Spa?");
        assert_eq!(question.context, ["Hallo", "Wo ist der Pool?"]);
        assert_eq!(question.locale.as_deref(), Some("de"));
        assert!(!format!("{question:?}").contains("Spa"));
        assert_eq!(question.subject(), question.text);
        let later = Question { text: "und am Sonntag?".into(), ..question };
        assert_eq!(later.subject(), "Wo ist der Pool?");
    }
}
