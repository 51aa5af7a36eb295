//! A sliding window, as servers enforce their limits. The smooth rate before it (governor's) lets a burst
//! through on top of a full minute; this does not, so that the server's own window is never exceeded.

use std::collections::VecDeque;

use super::Millis;

/// How finely the window slides.
const STEP: Millis = 100;
/// What is sent in one window may arrive a little closer together: so much more is kept in view.
const JITTER: Millis = 1_000;

/// Units within a minute.
#[derive(Debug)]
pub struct Window {
    limit: u64,
    length: Millis,
    /// Begin of each step and what was taken in it.
    steps: VecDeque<(Millis, u64)>,
    sum: u64,
}

impl Window {
    /// At most so many units a minute.
    pub fn a_minute(limit: u64) -> Self {
        Self { limit, length: 60_000 + JITTER, steps: VecDeque::new(), sum: 0 }
    }

    /// When so many units may go: now, or later. Never more than the limit is waited for.
    pub fn earliest(&mut self, units: u64, now: Millis) -> Millis {
        self.slide(now);
        let units = units.min(self.limit);
        let mut over = (self.sum + units).saturating_sub(self.limit);
        if over == 0 {
            return now;
        }
        for (at, taken) in &self.steps {
            over = over.saturating_sub(*taken);
            if over == 0 {
                return at + STEP + self.length;
            }
        }
        now + STEP
    }

    /// Takes units.
    pub fn take(&mut self, units: u64, now: Millis) {
        let step = now - now % STEP;
        match self.steps.back_mut() {
            Some((at, taken)) if *at >= step => *taken += units,
            _ => self.steps.push_back((step, units)),
        }
        self.sum += units;
    }

    /// What was taken turned out to be less, or more.
    pub fn correct(&mut self, taken: u64, actual: u64, now: Millis) {
        if actual > taken {
            self.take(actual - taken, now);
            return;
        }
        let mut back = taken - actual;
        for (_, units) in self.steps.iter_mut().rev() {
            let given = back.min(*units);
            *units -= given;
            self.sum -= given;
            back -= given;
        }
    }

    fn slide(&mut self, now: Millis) {
        while let Some((at, taken)) = self.steps.front().copied() {
            if at + STEP + self.length > now {
                break;
            }
            self.sum -= taken;
            self.steps.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_limit_in_any_minute() {
        let mut window = Window::a_minute(10);
        let mut sent: Vec<Millis> = Vec::new();
        let mut now = 7;
        for _ in 0..100 {
            now = window.earliest(1, now).max(now);
            window.take(1, now);
            sent.push(now);
            now += 33;
        }
        for (n, at) in sent.iter().enumerate() {
            let within = sent[..n].iter().filter(|other| *other + 60_000 > *at).count();
            assert!(within < 10, "{n}: {within}");
        }
        let minutes = (sent[99] - sent[0]) / 60_000;
        assert!(minutes <= 10, "it is not slower than it must be: {minutes}");
    }

    #[test]
    fn what_was_not_used_is_free_again() {
        let mut window = Window::a_minute(100);
        window.take(100, 0);
        assert!(window.earliest(10, 1) > 60_000);
        window.correct(100, 40, 1);
        assert_eq!(window.earliest(60, 1), 1);
        assert!(window.earliest(1_000, 1) > 1, "more than the limit is the limit");
    }
}
