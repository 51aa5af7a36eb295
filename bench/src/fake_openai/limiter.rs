//! Requests and tokens a minute, by a sliding window.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is allowed; `None` is no limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests in a window. Refused ones count too, as OpenAI's do.
    pub requests: Option<u64>,
    /// Tokens in a window, by the stand-in's own count.
    pub tokens: Option<u64>,
    /// How long a window is; a minute, unless a test is in a hurry.
    pub window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: None, tokens: None, window: Duration::from_secs(60) }
    }
}

/// The window.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    taken: VecDeque<(Instant, u64)>,
    tokens: u64,
    violations: u64,
}

/// What the limiter says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within the limits.
    Go,
    /// Too many requests; enough of them will have left the window after this time.
    TooManyRequests(Duration),
    /// Too many tokens.
    TooManyTokens(Duration),
}

impl Limiter {
    /// A fresh window.
    pub fn new(limits: Limits) -> Self {
        Self { limits, taken: VecDeque::new(), tokens: 0, violations: 0 }
    }

    /// A request of so many tokens comes in.
    pub fn take(&mut self, tokens: u64, now: Instant) -> Verdict {
        while let Some(&(at, past)) = self.taken.front() {
            if now.duration_since(at) < self.limits.window {
                break;
            }
            self.tokens -= past;
            self.taken.pop_front();
        }
        let oldest = self.taken.front().map_or(now, |&(at, _)| at);
        let wait = self.limits.window.saturating_sub(now.duration_since(oldest));
        let requests_full = self.limits.requests.is_some_and(|max| self.taken.len() as u64 >= max);
        let tokens_full = self.limits.tokens.is_some_and(|max| self.tokens + tokens > max);
        let verdict = match (requests_full, tokens_full) {
            (true, _) => Verdict::TooManyRequests(wait),
            (_, true) => Verdict::TooManyTokens(wait),
            _ => Verdict::Go,
        };
        let booked = if verdict == Verdict::Go { tokens } else { 0 };
        self.violations += u64::from(verdict != Verdict::Go);
        // A storm of refused requests must not fill the memory: a window never holds more than it needs.
        if verdict == Verdict::Go || self.taken.len() < 100_000 {
            self.taken.push_back((now, booked));
        }
        self.tokens += booked;
        verdict
    }

    /// How often a limit was hit.
    pub fn violations(&self) -> u64 {
        self.violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slides() {
        let window = Duration::from_secs(60);
        let mut limiter = Limiter::new(Limits { requests: Some(2), tokens: Some(100), window });
        let start = Instant::now();
        assert_eq!(limiter.take(10, start), Verdict::Go);
        assert_eq!(limiter.take(95, start), Verdict::TooManyTokens(window));
        assert!(matches!(limiter.take(1, start), Verdict::TooManyRequests(_)));
        assert_eq!(limiter.take(100, start + window), Verdict::Go);
        assert_eq!(limiter.violations(), 2);
    }
}
