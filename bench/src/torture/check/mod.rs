//! Judges a history: which promises were broken, by what clients tried and saw.
//!
//! Pure: a history in, a report out. One rule each, named by the promise it guards. What is true is the
//! final history that was read after the end; no rule believes what the server says beside it.

mod acks;
mod dense;
mod drafts;
mod goodbye;
mod human;
mod isolation;
mod once;
mod order;
mod phones;
mod readers;
mod report;
mod shown;
mod turns;
mod words;
mod world;

#[cfg(test)]
mod simulate;
#[cfg(test)]
mod tests;

pub use report::{Counts, Report, Rule, Violation};
pub use world::World;

use super::history::Stamped;

/// Judges a whole history.
pub fn check(lines: &[Stamped]) -> Report {
    let world = World::read(lines);
    let mut report = Report { counts: world.counts.clone(), ..Report::default() };
    for rule in [
        dense::judge,
        acks::judge,
        once::judge,
        words::judge,
        shown::judge,
        order::judge,
        readers::judge,
        isolation::judge,
        human::judge,
        drafts::judge,
        turns::judge,
        phones::judge,
        goodbye::judge,
    ] {
        rule(&world, &mut report);
    }
    report
}
