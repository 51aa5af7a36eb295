//! Holds a sentence back until it is judged, and shows what is harmless at once. A sentence that only an entry holds
//! which is not cited yet waits for that, with all that follows it: models like to name their source at the end.

use super::amounts::{ends_with_one, may_become};
use super::source::subject;
use super::words::{is_unspaced, joined, mentions, table};
use super::{Concern, Source, concern};
use crate::answerer::{Topics, fold};

/// The longest sentence that is held, in characters: one that goes on is judged where it stands.
pub(super) const HELD_MAX_CHARS: usize = 600;

/// The most that waits for its source, in characters.
pub(super) const WAITING_MAX_CHARS: usize = 2 * HELD_MAX_CHARS;

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
    /// What is spoken of: the last sentence's topics that named any, at first those of the question.
    about: Topics,
    /// Sentences whose source is not cited yet with what they are about, and what is shown once it is.
    unfounded: Vec<(String, Topics)>,
    pub(super) waiting: String,
    /// How many entries were cited when these were last looked at.
    cited: usize,
    /// A sentence mark was read: what follows decides if it was the end.
    ended: bool,
    closed: bool,
}

impl Guard {
    /// For the answer to a question: "yes, it is free" speaks of what the question does.
    pub fn answering(question: &str) -> Self {
        Self { about: subject(question), ..Self::default() }
    }

    /// Takes words in; `cited` are the entries cited so far, `offered` those that may still be.
    pub fn push(&mut self, text: &str, cited: &[Source<'_>], offered: &[Source<'_>]) -> Passed {
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
                    self.judge(cited, offered, &mut passed);
                    if self.closed {
                        break;
                    }
                }
            }
            self.take(character, &mut passed);
            if self.sentence.chars().count() >= HELD_MAX_CHARS {
                self.judge(cited, offered, &mut passed);
            }
        }
        if !self.closed
            && !self.risky
            && !ends_with_one(&joined(tail(&self.sentence)))
            && !self.may_turn_risky()
        {
            self.show(&mut passed);
        }
        if self.cited != cited.len() {
            self.cited = cited.len();
            self.found(cited, &mut passed);
        }
        if self.waiting.chars().count() > WAITING_MAX_CHARS {
            self.give_up(cited, &mut passed);
        }
        passed
    }

    /// The end of the answer: judges what is held, and what waits.
    pub fn finish(&mut self, cited: &[Source<'_>]) -> Passed {
        let mut passed = Passed::default();
        if !self.closed {
            self.judge(cited, &[], &mut passed);
            self.found(cited, &mut passed);
            self.give_up(cited, &mut passed);
        }
        passed
    }

    /// Shows what is held; behind something that waits, it waits too.
    fn show(&mut self, passed: &mut Passed) {
        let held = std::mem::take(&mut self.held);
        let to = if self.unfounded.is_empty() { &mut passed.shown } else { &mut self.waiting };
        to.push_str(&held);
    }

    /// Shows what has waited, if its source is cited by now.
    fn found(&mut self, cited: &[Source<'_>], passed: &mut Passed) {
        if !self.closed && self.all_founded(cited) {
            self.unfounded.clear();
            passed.shown.push_str(&std::mem::take(&mut self.waiting));
        }
    }

    fn all_founded(&self, cited: &[Source<'_>]) -> bool {
        self.unfounded.iter().all(|(sentence, about)| concern(sentence, about, cited).is_none())
    }

    /// What still waits will not be founded any more.
    fn give_up(&mut self, cited: &[Source<'_>], passed: &mut Passed) {
        let unfounded = self.unfounded.iter().find_map(|(sentence, about)| concern(sentence, about, cited));
        if let Some(concern) = unfounded.filter(|_| !self.closed) {
            self.close(concern, passed);
        }
    }

    fn close(&mut self, concern: Concern, passed: &mut Passed) {
        self.closed = true;
        passed.withheld = Some(concern);
    }

    fn take(&mut self, character: char, passed: &mut Passed) {
        self.sentence.push(character);
        self.held.push(character);
        if is_end(character) {
            self.ended = true;
        }
        self.risky = self.risky || is_risky(character) || begins_link(&self.sentence);
        // A word is whole: it goes, or it makes the sentence wait.
        if !self.risky && !character.is_alphanumeric() && character != '-' {
            self.risky = mentions(tail(&self.sentence));
            if !self.risky && !ends_with_one(&joined(tail(&self.sentence))) {
                self.show(passed);
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

    fn judge(&mut self, cited: &[Source<'_>], offered: &[Source<'_>], passed: &mut Passed) {
        let sentence = std::mem::take(&mut self.sentence);
        (self.risky, self.ended) = (false, false);
        let own = subject(&sentence);
        if !own.is_empty() {
            self.about = own;
        }
        let Some(found) = concern(&sentence, &self.about, cited) else { return self.show(passed) };
        if concern(&sentence, &self.about, offered).is_some() {
            self.held.clear();
            return self.close(found, passed);
        }
        self.unfounded.push((sentence, self.about.clone()));
        self.show(passed);
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

/// Whether what follows these letters may be a link: a dot or a colon alone would end the word.
fn begins_link(sentence: &str) -> bool {
    ["www.", "http"].iter().any(|begin| {
        let at = sentence.len().checked_sub(begin.len());
        at.and_then(|at| sentence.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(begin))
    })
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
