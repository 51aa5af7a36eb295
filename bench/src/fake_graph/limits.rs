//! Meta's two limits: one number, one guest.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What the stand-in enforces.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages of the number within [`Limits::number_window`]; more get 130429.
    pub number: usize,
    /// The window that slides over them.
    pub number_window: Duration,
    /// Messages to one guest at once; more get 131056.
    pub pair_burst: u32,
    /// One more for each of these.
    pub pair_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            number: 80,
            number_window: Duration::from_secs(1),
            pair_burst: 45,
            pair_every: Duration::from_secs(6),
        }
    }
}

/// What was counted so far.
#[derive(Default)]
pub(super) struct Counters {
    number: VecDeque<Instant>,
    pairs: HashMap<String, (f64, Instant)>,
}

impl Counters {
    /// Counts one message; the code of the limit that it breaks, if it does.
    pub(super) fn take(&mut self, to: &str, limits: &Limits) -> Result<(), i64> {
        let now = Instant::now();
        while self.number.front().is_some_and(|at| now.duration_since(*at) >= limits.number_window) {
            self.number.pop_front();
        }
        if self.number.len() >= limits.number {
            return Err(130_429);
        }
        let full = f64::from(limits.pair_burst);
        let (left, since) = self.pairs.get(to).copied().unwrap_or((full, now));
        let gained = now.duration_since(since).as_secs_f64() / limits.pair_every.as_secs_f64();
        let left = (left + gained).min(full);
        if left < 1.0 {
            return Err(131_056);
        }
        self.pairs.insert(to.to_owned(), (left - 1.0, now));
        self.number.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_numbers() {
        let limits = Limits { number: 50, ..Limits::default() };
        let mut counters = Counters::default();
        for _ in 0..45 {
            assert_eq!(counters.take("1", &limits), Ok(()));
        }
        assert_eq!(counters.take("1", &limits), Err(131_056));
        for _ in 0..5 {
            assert_eq!(counters.take("2", &limits), Ok(()));
        }
        assert_eq!(counters.take("3", &limits), Err(130_429));
    }
}
