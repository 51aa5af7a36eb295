//! Holds a sentence back until it is judged, and shows what is harmless at once.

use super::amounts::{ends_with_one, may_become};
use super::words::{is_unspaced, joined, mentions, table};
use super::{Concern, concern};
use crate::answerer::fold;

/// The longest sentence that is held, in characters: one that goes on is judged where it stands.
pub(super) const HELD_MAX_CHARS: usize = 600;

/// Words that the longest phrase of the tables has, and more: what stands before them was looked at when they came.
const TAIL_WORDS: usize = 8;

/// What became of a piece of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// What may be shown by now.
    pub shown: String,
    /// A sentence was withheld for this reason: nothing more of the answer may be shown.
    pub withheld: Option<Concern>,
}

/// The state between two pieces.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// The sentence so far, shown or not.
    sentence: String,
    /// Its part that is not shown yet.
    pub(super) held: String,
    risky: bool,
    /// A sentence mark was read: what follows decides if it was the end.
    ended: bool,
    closed: bool,
}

impl Guard {
    /// Takes words in; `cited` are the texts of the entries cited so far.
    pub fn push(&mut self, text: &str, cited: &[&str]) -> Passed {
        let mut passed = Passed::default();
        for character in text.chars() {
            if self.closed {
                break;
            }
            // "7.30" and "hotel.example" do not end at their dot.
            if self.ended && !is_closing(character) {
                let inside = !character.is_whitespace()
                    && !self.sentence.ends_with(is_wide_end)
                    && !self.sentence.ends_with(char::is_whitespace);
                if inside {
                    self.ended = false;
                } else if !character.is_whitespace() {
                    self.judge(cited, &mut passed);
                    if self.closed {
                        break;
                    }
                }
            }
            self.take(character, &mut passed);
            if self.sentence.chars().count() >= HELD_MAX_CHARS {
                self.judge(cited, &mut passed);
            }
        }
        if !self.closed
            && !self.risky
            && !ends_with_one(&joined(tail(&self.sentence)))
            && !self.may_turn_risky()
        {
            passed.shown.push_str(&std::mem::take(&mut self.held));
        }
        passed
    }

    /// The end of the answer: judges what is held.
    pub fn finish(&mut self, cited: &[&str]) -> Passed {
        let mut passed = Passed::default();
        if !self.closed {
            self.judge(cited, &mut passed);
        }
        passed
    }

    fn take(&mut self, character: char, passed: &mut Passed) {
        self.sentence.push(character);
        self.held.push(character);
        if is_end(character) {
            self.ended = true;
        }
        // A dot alone ends most sentences; after these letters it begins a link.
        self.risky = self.risky || is_risky(character) || self.sentence.ends_with("www.");
        // A word is whole: it goes, or it makes the sentence wait.
        if !self.risky && !character.is_alphanumeric() && character != '-' {
            self.risky = mentions(tail(&self.sentence));
            if !self.risky && !ends_with_one(&joined(tail(&self.sentence))) {
                passed.shown.push_str(&std::mem::take(&mut self.held));
            }
        }
    }

    /// Whether the word at the end may still become one that commits.
    fn may_turn_risky(&self) -> bool {
        let last: String = self.sentence.chars().rev().take_while(|c| c.is_alphanumeric()).collect();
        let word = fold(&last.chars().rev().collect::<String>());
        if word.is_empty() {
            return false;
        }
        let begins = |stem: &&str| stem.starts_with(word.as_str()) || word.starts_with(*stem);
        may_become(&word)
            || table().stems.iter().any(|(_, stem)| begins(&stem.as_str()))
            || table().promises.iter().any(|words| {
                words.split('-').next_back().is_some_and(|end| end.starts_with(word.as_str()))
                    && joined(tail(&self.sentence))
                        .contains(words.rsplit_once('-').map_or("", |(before, _)| before))
            })
    }

    fn judge(&mut self, cited: &[&str], passed: &mut Passed) {
        let sentence = std::mem::take(&mut self.sentence);
        let held = std::mem::take(&mut self.held);
        (self.risky, self.ended) = (false, false);
        match concern(&sentence, cited) {
            Some(concern) => {
                self.closed = true;
                passed.withheld = Some(concern);
            }
            None => passed.shown.push_str(&held),
        }
    }
}

/// The last words of a sentence, whatever stands between them.
fn tail(sentence: &str) -> &str {
    let (mut words, mut inside) = (0, false);
    for (at, character) in sentence.char_indices().rev() {
        if !character.is_whitespace() {
            inside |= character.is_alphanumeric();
        } else if std::mem::take(&mut inside) {
            words += 1;
            if words == TAIL_WORDS {
                return &sentence[at..];
            }
        }
    }
    sentence
}

/// Characters that make a sentence wait at once.
fn is_risky(character: char) -> bool {
    character.is_numeric()
        || is_unspaced(character)
        || matches!(character, '€' | '$' | '£' | '¥' | '₽' | '₺' | '%' | '<' | '!' | '[' | '/' | '@')
}

fn is_end(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…' | '\n') || is_wide_end(character)
}

fn is_wide_end(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '؟' | '।')
}

fn is_closing(character: char) -> bool {
    matches!(character, '"' | '\'' | ')' | '”' | '’' | '»') || is_end(character)
}
