//! The answer while it grows: what the guest sees of the model's words.

use super::super::clean::Cleaner;
use super::citations::Citations;
use super::tools::{self, Wish};

/// The longest answer, in characters; a message may hold a few more.
pub(super) const ANSWER_MAX_CHARS: usize = 4_000;
/// Longer than any call written as JSON.
const JSON_MAX: usize = 800;

/// The state between two pieces of text.
#[derive(Default)]
pub(super) struct Answer {
    cleaner: Cleaner,
    /// The beginning, while it may be a call written as JSON.
    json: Option<String>,
    begun: bool,
    citations: Citations,
    shown_chars: usize,
    full: bool,
}

impl Answer {
    /// Takes the model's words in, gives back what the guest may see by now; often nothing.
    pub(super) fn push(&mut self, text: &str) -> String {
        let text: String = text.chars().filter(|character| self.cleaner.keeps(*character)).collect();
        let text = if self.begun { text.as_str() } else { text.trim_start() };
        if text.is_empty() {
            return String::new();
        }
        if !self.begun {
            self.begun = true;
            self.json = text.starts_with(['{', '`']).then(String::new);
        }
        let Some(held) = &mut self.json else { return self.show(text) };
        held.push_str(text);
        if held.len() <= JSON_MAX {
            return String::new();
        }
        let held = self.json.take().unwrap_or_default();
        self.show(&held)
    }

    /// The end: the rest of the words, and the call if the words were one.
    pub(super) fn finish(&mut self) -> (String, Option<Wish>) {
        let held = self.json.take().unwrap_or_default();
        if let Some(wish) = tools::in_text(&held) {
            return (String::new(), Some(wish));
        }
        let mut shown = self.show(&held);
        let rest = self.citations.finish();
        shown.push_str(&self.cap(rest.trim_end()));
        (shown, None)
    }

    /// Begins again in a second round: what follows may be a call once more. Numbers cited stay.
    pub(super) fn again(&mut self) {
        self.begun = false;
    }

    /// True if the answer is as long as it may be.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// True if the guest has seen nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.shown_chars == 0
    }

    /// The numbers of the sources.
    pub(super) fn cited(&self) -> &[usize] {
        self.citations.cited()
    }

    fn show(&mut self, text: &str) -> String {
        let shown = self.citations.push(text);
        // A mark at the very beginning leaves its space behind.
        let shown = if self.is_empty() { shown.trim_start() } else { shown.as_str() };
        self.cap(shown)
    }

    fn cap(&mut self, text: &str) -> String {
        let room = ANSWER_MAX_CHARS - self.shown_chars;
        let mut shown: String = text.chars().take(room).collect();
        self.shown_chars += shown.chars().count();
        if shown.len() < text.len() && !self.full {
            self.full = true;
            shown.push('…');
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(pieces: &[&str]) -> (String, Option<Wish>, Vec<usize>) {
        let mut answer = Answer::default();
        let mut shown: String = pieces.iter().map(|piece| answer.push(piece)).collect();
        let (rest, over) = answer.finish();
        shown.push_str(&rest);
        (shown, over, answer.cited().to_vec())
    }

    #[test]
    fn the_guest_sees_clean_words() {
        assert_eq!(
            run(&[" \n", "[1] The ", "pool\u{202e} is\u{0} open", " [2", "] . "]).0,
            "The pool is open ."
        );
        assert_eq!(run(&["{curly} ", "words"]).0, "{curly} words");
        let long = "{".to_owned() + &"x".repeat(2_000);
        assert_eq!(run(&[&long]).0, long);
    }

    #[test]
    fn a_hand_over_in_words_is_not_shown() {
        let (shown, wish, _) = run(&["{\"hand", "_over\": \"unsure", "\"}"]);
        let over = Wish::HandOver(tools::HandOver { reason: "unsure" });
        assert_eq!((shown.as_str(), wish), ("", Some(over)));
    }

    #[test]
    fn it_ends_at_the_limit() {
        let mut answer = Answer::default();
        let mut shown = String::new();
        for _ in 0..5_000 {
            shown.push_str(&answer.push("é"));
        }
        assert!(answer.is_full());
        assert_eq!(shown.chars().count(), ANSWER_MAX_CHARS + 1);
        assert!(shown.ends_with('…'));
    }
}
