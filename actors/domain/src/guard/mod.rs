//! The commitment guard: what a language model may not say unless a cited entry says it.
//!
//! Prices, times and other numbers, refunds, discounts, availability, bookings, guarantees, promises and
//! links are held back until their sentence ends; then each must be found in an entry that the answer
//! has cited, in a sentence about the same matter. Harmless words pass at once, so that the guest sees the answer grow; a script written
//! without spaces is held for its whole sentence. Pure: the same text always gets the same verdict.

mod amounts;
mod links;
mod numbers;
mod source;
mod stream;
#[cfg(test)]
mod tests;
mod words;

pub use source::Source;
pub use stream::{Guard, Passed};

use crate::answerer::Topics;

use links::{has_tag, hosts};
use words::{holds, joined, says, table};

/// What a sentence says without a source for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// An amount, a time, a date or another number.
    Number,
    /// A refund, a discount, something free of charge, something available, booked or guaranteed.
    Commitment,
    /// A promise in the hotel's name.
    Promise,
    /// A link, an image or markup.
    Link,
}

impl Concern {
    /// The code that staff see as the reason of the hand-over.
    pub fn code(self) -> &'static str {
        match self {
            Concern::Number => "withheld_number",
            Concern::Commitment => "withheld_commitment",
            Concern::Promise => "withheld_promise",
            Concern::Link => "withheld_link",
        }
    }
}

/// What a sentence says that none of the cited entries says about the same: `about` is what it is about, and with no topic
/// all that is cited counts.
pub fn concern(sentence: &str, about: &Topics, cited: &[Source<'_>]) -> Option<Concern> {
    let all: Vec<&str> = cited.iter().flat_map(|source| source.whole()).collect();
    let lower = sentence.to_lowercase();
    if lower.contains("![") || lower.contains("](") || has_tag(&lower) {
        return Some(Concern::Link);
    }
    for host in hosts(&lower) {
        let known = |text: &&str| hosts(&text.to_lowercase()).any(|other| other == host);
        if !all.iter().any(known) {
            return Some(Concern::Link);
        }
    }
    let claims = Claims::of(sentence);
    let unfounded = claims.beyond(&all);
    if unfounded.is_some() || claims.is_none() || about.is_empty() {
        return unfounded;
    }
    let same: Vec<&str> = cited.iter().flat_map(|source| source.on(about)).collect();
    claims.beyond(&same)
}

/// What a text states that somebody may hold the hotel to.
#[derive(Debug, Default)]
struct Claims {
    numbers: Vec<String>,
    /// Lines of the table of commitments.
    matters: Vec<usize>,
    promises: bool,
}

impl Claims {
    fn of(text: &str) -> Self {
        let words = joined(text);
        let matters = table().stems.iter().filter(|(_, stem)| holds(&words, stem));
        Self {
            numbers: [numbers::numbers(text), amounts::amounts(text)].concat(),
            matters: matters.map(|(matter, _)| *matter).collect(),
            promises: table().promises.iter().any(|promise| says(&words, promise)),
        }
    }

    fn is_none(&self) -> bool {
        self.numbers.is_empty() && self.matters.is_empty() && !self.promises
    }

    /// What of it none of the texts states.
    fn beyond(&self, texts: &[&str]) -> Option<Concern> {
        let held: Vec<Claims> = texts.iter().map(|text| Claims::of(text)).collect();
        if !self.numbers.iter().all(|number| held.iter().any(|claims| claims.numbers.contains(number))) {
            return Some(Concern::Number);
        }
        if !self.matters.iter().all(|matter| held.iter().any(|claims| claims.matters.contains(matter))) {
            return Some(Concern::Commitment);
        }
        (self.promises && !held.iter().any(|claims| claims.promises)).then_some(Concern::Promise)
    }
}
