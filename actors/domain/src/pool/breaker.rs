//! Is there any use in asking: after failures in a row the endpoint is left alone, then tried once.

use std::collections::VecDeque;

use super::Millis;

/// So many failures …
const FAILURES: usize = 5;
/// … within this time open it.
const WITHIN: Millis = 20_000;
/// How long it stays open at first; doubled each time that the trial fails.
const REST: Millis = 5_000;
/// And at most.
const REST_MAX: Millis = 60_000;
/// How long it stays open when there is no money or the key does not open: only a person mends that.
const REST_REFUSED: Millis = 300_000;

/// What a failure says of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Nothing: it was this one call's own.
    None,
    /// It is sick.
    Sick,
    /// It has no money for us, or no door.
    Refused,
}

/// May a call go?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Yes.
    Yes,
    /// Not before this time.
    NotBefore(Millis),
    /// Not while the trial is under way.
    Trying,
}

/// The breaker of one endpoint.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: VecDeque<Millis>,
    open_until: Option<Millis>,
    trying: bool,
    rest: Millis,
}

impl Breaker {
    /// May a call go now?
    pub fn pass(&self, now: Millis) -> Pass {
        match self.open_until {
            None => Pass::Yes,
            Some(until) if now < until => Pass::NotBefore(until),
            Some(_) if self.trying => Pass::Trying,
            Some(_) => Pass::Yes,
        }
    }

    /// True while the endpoint is left alone or tried.
    pub fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// A call goes. While the breaker is open it is the trial.
    pub fn went(&mut self) {
        self.trying = self.open_until.is_some();
    }

    /// A call was answered: all is well.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call came to nothing without anybody's fault: the next one may be the trial.
    pub fn came_to_nothing(&mut self) {
        self.trying = false;
    }

    /// A call failed. True if this opened the breaker.
    pub fn failed(&mut self, blame: Blame, now: Millis) -> bool {
        let tried = std::mem::take(&mut self.trying);
        match blame {
            Blame::None => return false,
            Blame::Refused => self.open_until = Some(now + REST_REFUSED),
            Blame::Sick => {
                self.failures.push_back(now);
                while self.failures.front().is_some_and(|at| at + WITHIN < now) {
                    self.failures.pop_front();
                }
                if !tried && self.failures.len() < FAILURES {
                    return false;
                }
                self.rest = (self.rest * 2).clamp(REST, REST_MAX);
                self.open_until = Some(now + self.rest);
            }
        }
        self.failures.clear();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_tries_and_closes() {
        let mut breaker = Breaker::default();
        for n in 0..4 {
            assert!(!breaker.failed(Blame::Sick, n));
        }
        assert_eq!(breaker.pass(4), Pass::Yes);
        assert!(breaker.failed(Blame::Sick, 4));
        assert_eq!(breaker.pass(5), Pass::NotBefore(5_004));
        assert_eq!(breaker.pass(5_004), Pass::Yes);
        breaker.went();
        assert_eq!(breaker.pass(5_005), Pass::Trying, "one at a time");
        assert!(breaker.failed(Blame::Sick, 6_000));
        assert_eq!(breaker.pass(6_001), Pass::NotBefore(16_000), "twice as long");
        breaker.went();
        breaker.succeeded();
        assert_eq!(breaker.pass(16_001), Pass::Yes);
        assert!(!breaker.is_open());
    }

    #[test]
    fn no_money_is_not_asked_for_again() {
        let mut breaker = Breaker::default();
        assert!(breaker.failed(Blame::Refused, 0));
        assert_eq!(breaker.pass(100_000), Pass::NotBefore(300_000));
        assert!(!breaker.failed(Blame::None, 1), "what is nobody's fault opens nothing");
    }

    #[test]
    fn failures_that_are_far_apart_are_borne() {
        let mut breaker = Breaker::default();
        for n in 0..50 {
            assert!(!breaker.failed(Blame::Sick, n * 6_000));
        }
    }
}
