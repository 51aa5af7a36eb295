//! The commitment guard: what a language model may not say unless a cited entry says it.
//!
//! Prices, times and other numbers, refunds, discounts, availability, bookings, guarantees, promises and
//! links are held back until their sentence ends; then each must be found in an entry that the answer
//! has cited. Harmless words pass at once, so that the guest sees the answer grow; a script written
//! without spaces is held for its whole sentence. Pure: the same text always gets the same verdict.

mod amounts;
mod links;
mod numbers;
mod stream;
#[cfg(test)]
mod tests;
mod words;

pub use stream::{Guard, Passed};

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

/// What a sentence says that none of the cited texts holds.
pub fn concern(sentence: &str, cited: &[&str]) -> Option<Concern> {
    let lower = sentence.to_lowercase();
    if lower.contains("![") || lower.contains("](") || has_tag(&lower) {
        return Some(Concern::Link);
    }
    for host in hosts(&lower) {
        let known = |text: &&str| hosts(&text.to_lowercase()).any(|other| other == host);
        if !cited.iter().any(known) {
            return Some(Concern::Link);
        }
    }
    let stated = |text: &str| [numbers::numbers(text), amounts::amounts(text)].concat();
    let held: Vec<String> = cited.iter().flat_map(|text| stated(text)).collect();
    if stated(sentence).into_iter().any(|number| !held.contains(&number)) {
        return Some(Concern::Number);
    }
    let matters = |text: &str| -> Vec<usize> {
        let words = joined(text);
        let found = table().stems.iter().filter(|(_, stem)| holds(&words, stem));
        found.map(|(matter, _)| *matter).collect()
    };
    let covered: Vec<usize> = cited.iter().flat_map(|text| matters(text)).collect();
    if matters(sentence).iter().any(|matter| !covered.contains(matter)) {
        return Some(Concern::Commitment);
    }
    let promises = |text: &str| table().promises.iter().any(|words| says(&joined(text), words));
    (promises(sentence) && !cited.iter().any(|text| promises(text))).then_some(Concern::Promise)
}
