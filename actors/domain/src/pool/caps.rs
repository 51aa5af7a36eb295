//! How much one guest may ask of the model; beyond, the embedded answerer answers.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::Millis;

const DAY: Millis = 86_400_000;
/// How many guests are remembered at most; beyond, those who have been quiet longest are forgotten.
const GUESTS_MAX: usize = 50_000;

/// The counts of all guests.
#[derive(Debug)]
pub struct Caps<F> {
    within: Millis,
    few: usize,
    a_day: usize,
    guests: HashMap<F, VecDeque<Millis>>,
}

impl<F: Copy + Eq + Hash> Caps<F> {
    /// At most `few` turns within `within`, and `a_day` in a day.
    pub fn new(few: usize, within: Millis, a_day: usize) -> Self {
        Self { within, few, a_day, guests: HashMap::new() }
    }

    /// Counts a turn of this guest; false if it is one too many.
    pub fn take(&mut self, guest: F, now: Millis) -> bool {
        if self.guests.len() >= GUESTS_MAX {
            self.guests.retain(|_, turns| turns.back().is_some_and(|last| last + DAY / 24 > now));
        }
        let turns = self.guests.entry(guest).or_default();
        while turns.front().is_some_and(|at| at + DAY <= now) {
            turns.pop_front();
        }
        let lately = turns.iter().rev().take_while(|at| **at + self.within > now).take(self.few).count();
        let fits = lately < self.few && turns.len() < self.a_day;
        if fits {
            turns.push_back(now);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_at_once_and_not_many_a_day() {
        let mut caps = Caps::new(3, 1_000, 5);
        let got = |caps: &mut Caps<u8>, guest, now| caps.take(guest, now);
        assert!((0..3).all(|n| got(&mut caps, 1, n)));
        assert!(!got(&mut caps, 1, 4) && got(&mut caps, 2, 4), "each for itself");
        assert!(got(&mut caps, 1, 1_001) && got(&mut caps, 1, 2_500));
        assert!(!got(&mut caps, 1, 9_000), "enough for today");
        assert!(got(&mut caps, 1, DAY + 1));
    }
}
