//! May a call go now: slot, breaker, requests and tokens a minute, budget. Checked and booked in one step, with
//! nothing awaited between, so that two calls never get the same permit.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, FakeRelativeClock};
use governor::{Quota, RateLimiter};

use frontdesk_domain::ids::TurnId;
use frontdesk_domain::pool::{Aimd, Blame, Breaker, Ledger, Millis, Pass, Tokens, Window};
use frontdesk_domain::timestamp::Timestamp;

/// Governor on the clock that it is handed: time is an argument here as everywhere in the pool.
type Limiter = RateLimiter<
    governor::state::NotKeyed,
    governor::state::InMemoryState,
    FakeRelativeClock,
    governor::middleware::NoOpMiddleware<<FakeRelativeClock as Clock>::Instant>,
>;

/// A burst is this part of a minute at most: a full minute's burst on top of a full minute's refill would be
/// twice the limit.
const BURST: u32 = 10;
/// But one call must fit into it.
const BURST_TOKENS_LEAST: u32 = 4_000;
/// A server that names a longer rest is asked again after this.
const REST_MAX: Millis = 15 * 60_000;

/// Why a call does not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All slots are taken: a call that ends makes room.
    Full,
    /// Not before this time.
    Until(Millis),
    /// The endpoint is sick or refuses us.
    Broken,
    /// The day's or the month's budget is spent.
    Spent,
}

/// The gate of one endpoint.
pub struct Gate {
    clock: FakeRelativeClock,
    now: Millis,
    requests: Limiter,
    tokens: Limiter,
    /// Governor gave a request's permit, and something else said no: it is kept for the next call.
    request_in_hand: bool,
    /// Tokens that governor let go and nobody used; below zero: what was used beyond.
    credit: i64,
    burst_tokens: u32,
    requests_window: Window,
    tokens_window: Window,
    /// The server asked to be left alone until then.
    rest_until: Millis,
    aimd: Aimd,
    breaker: Breaker,
    books: Ledger<TurnId>,
    in_use: usize,
}

impl Gate {
    /// The limits a minute, the most calls at once, and the books.
    pub fn new(requests: u32, tokens: u32, at_once: usize, books: Ledger<TurnId>) -> Self {
        let clock = FakeRelativeClock::default();
        let limiter = |a_minute: u32, burst: u32| {
            let quota = Quota::per_minute(least_one(a_minute)).allow_burst(least_one(burst));
            RateLimiter::direct_with_clock(quota, clock.clone())
        };
        let burst_tokens = (tokens / BURST).max(BURST_TOKENS_LEAST).min(tokens.max(1));
        Self {
            requests: limiter(requests, requests / BURST),
            tokens: limiter(tokens, burst_tokens),
            clock,
            now: 0,
            request_in_hand: false,
            credit: 0,
            burst_tokens,
            requests_window: Window::a_minute(u64::from(requests.max(1))),
            tokens_window: Window::a_minute(u64::from(tokens.max(1))),
            rest_until: 0,
            aimd: Aimd::new(at_once),
            breaker: Breaker::default(),
            books,
            in_use: 0,
        }
    }

    /// Lets a call go and books it, or says why not.
    ///
    /// # Errors
    /// What stands in the way; nothing is booked then.
    pub fn admit(
        &mut self,
        turn: TurnId,
        estimate: Tokens,
        now: Millis,
        wall: Timestamp,
    ) -> Result<(), Stop> {
        self.tick(now);
        match self.breaker.pass(now) {
            Pass::Yes => {}
            Pass::NotBefore(_) | Pass::Trying => return Err(Stop::Broken),
        }
        if self.in_use >= self.aimd.limit() {
            return Err(Stop::Full);
        }
        let tokens = estimate.sum();
        self.not_before(tokens, now)?;
        if !self.books.reserve(turn, estimate, wall) {
            return Err(Stop::Spent);
        }
        if let Err(stop) = self.ask_governor(tokens) {
            self.books.forget(turn);
            return Err(stop);
        }
        self.requests_window.take(1, now);
        self.tokens_window.take(tokens, now);
        self.breaker.went();
        self.in_use += 1;
        Ok(())
    }

    /// Lets another request of a call go that has its slot already, and books it with the call.
    ///
    /// # Errors
    /// What stands in the way; nothing is booked then.
    pub fn again(&mut self, turn: TurnId, more: Tokens, now: Millis, wall: Timestamp) -> Result<(), Stop> {
        self.tick(now);
        // While the trial is under way this may be it: its first request was answered.
        if matches!(self.breaker.pass(now), Pass::NotBefore(_)) {
            return Err(Stop::Broken);
        }
        let tokens = more.sum();
        self.not_before(tokens, now)?;
        if !self.books.extend(turn, more, wall) {
            return Err(Stop::Spent);
        }
        if let Err(stop) = self.ask_governor(tokens) {
            self.books.shrink(turn, more);
            return Err(stop);
        }
        self.requests_window.take(1, now);
        self.tokens_window.take(tokens, now);
        Ok(())
    }

    fn not_before(&mut self, tokens: u64, now: Millis) -> Result<(), Stop> {
        let earliest = self
            .rest_until
            .max(self.requests_window.earliest(1, now))
            .max(self.tokens_window.earliest(tokens, now));
        if earliest > now { Err(Stop::Until(earliest)) } else { Ok(()) }
    }

    /// Both of governor's permits, by its `check` alone: it is never waited for.
    fn ask_governor(&mut self, tokens: u64) -> Result<(), Stop> {
        if !self.request_in_hand {
            self.requests.check().map_err(|not| self.until(not.wait_time_from(self.clock.now())))?;
            self.request_in_hand = true;
        }
        let tokens = i64::try_from(tokens).unwrap_or(i64::MAX);
        let wanted = tokens.saturating_sub(self.credit);
        if wanted <= 0 {
            // What earlier calls did not use is enough for this one.
            self.credit -= tokens;
        } else {
            let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).min(self.burst_tokens);
            if let Some(wanted) = NonZeroU32::new(wanted)
                && let Ok(Err(not)) = self.tokens.check_n(wanted)
            {
                return Err(self.until(not.wait_time_from(self.clock.now())));
            }
            self.credit = 0;
        }
        self.request_in_hand = false;
        Ok(())
    }

    fn until(&self, wait: Duration) -> Stop {
        Stop::Until(self.now + u64::try_from(wait.as_millis()).unwrap_or(0) + 1)
    }

    /// A call is over and its slot free. What it cost comes with [`Self::settle`].
    pub fn release(&mut self) {
        self.in_use = self.in_use.saturating_sub(1);
    }

    /// Books what a call did cost.
    pub fn settle(&mut self, turn: TurnId, actual: Tokens, now: Millis, wall: Timestamp) {
        self.tick(now);
        let Some(estimate) = self.books.settle(turn, actual, wall) else { return };
        self.tokens_window.correct(estimate.sum(), actual.sum(), now);
        let unused = i64::try_from(estimate.sum()).unwrap_or(0) - i64::try_from(actual.sum()).unwrap_or(0);
        let most = i64::from(self.burst_tokens);
        self.credit = (self.credit + unused).clamp(-most, most);
    }

    /// A call's first word came.
    pub fn first_word(&mut self, after: Millis) {
        self.aimd.first_word(after, self.in_use);
        self.breaker.succeeded();
    }

    /// How long a call that starts now will probably wait for its first word.
    pub fn expected(&self) -> Duration {
        Duration::from_millis(self.aimd.expected())
    }

    /// A call was cancelled before it came to anything.
    pub fn came_to_nothing(&mut self) {
        self.breaker.came_to_nothing();
    }

    /// A call failed. True if the endpoint is left alone from now on.
    pub fn failed(&mut self, blame: Blame, overloaded: bool, now: Millis) -> bool {
        if overloaded {
            self.aimd.overload(now);
        }
        self.breaker.failed(blame, now)
    }

    /// The server asked to be left alone for so long, in a header.
    pub fn rest(&mut self, wait: Millis, now: Millis) {
        self.rest_until = self.rest_until.max(now + wait.min(REST_MAX));
    }

    /// True while the endpoint is left alone for its failures.
    pub fn is_broken(&self) -> bool {
        self.breaker.is_open()
    }

    /// Calls under way, and how many there may be.
    pub fn slots(&self) -> (usize, usize) {
        (self.in_use, self.aimd.limit())
    }

    /// The books.
    pub fn books(&self) -> &Ledger<TurnId> {
        &self.books
    }

    fn tick(&mut self, now: Millis) {
        if now > self.now {
            self.clock.advance(Duration::from_millis(now - self.now));
            self.now = now;
        }
    }
}

fn least_one(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use frontdesk_domain::pool::{Budget, Price, Spent};
    use uuid::Uuid;

    use super::*;

    const CALL: TurnId = TurnId(Uuid::from_u128(1));
    const ASKED: Tokens = Tokens { prompt: 900, completion: 100 };

    fn gate(requests: u32, day_tokens: u64) -> Gate {
        let budget = Budget { day_tokens: Some(day_tokens), ..Budget::default() };
        let none = Spent::default();
        Gate::new(requests, 1_000_000, 4, Ledger::new(budget, Price::default(), Timestamp(0), none, none))
    }

    #[test]
    fn another_request_of_a_call_counts_like_the_first() {
        let mut gate = gate(2, 10_000);
        gate.admit(CALL, ASKED, 0, Timestamp(0)).expect("the first");
        // The burst of so small a limit is one request; the next comes after half a minute.
        assert!(matches!(gate.again(CALL, ASKED, 1, Timestamp(0)), Err(Stop::Until(_))));
        assert_eq!(gate.books().promised().tokens, 1_000, "nothing is booked for what is not let go");
        gate.again(CALL, ASKED, 40_000, Timestamp(0)).expect("the second");
        assert_eq!((gate.books().promised().tokens, gate.slots().0), (2_000, 1), "one slot, both requests");
        assert!(matches!(gate.admit(TurnId(Uuid::nil()), ASKED, 40_001, Timestamp(0)), Err(Stop::Until(_))));
        gate.settle(CALL, Tokens { prompt: 1_500, completion: 150 }, 41_000, Timestamp(0));
        assert_eq!((gate.books().promised().tokens, gate.books().total().tokens), (0, 1_650));
    }

    #[test]
    fn another_request_keeps_to_the_budget() {
        let mut gate = gate(600, 1_500);
        gate.admit(CALL, ASKED, 0, Timestamp(0)).expect("the first");
        assert_eq!(gate.again(CALL, ASKED, 1_000, Timestamp(0)), Err(Stop::Spent));
        assert_eq!(gate.books().promised().tokens, 1_000, "the old promise stands");
        let stranger = TurnId(Uuid::from_u128(2));
        assert_eq!(gate.again(stranger, ASKED, 2_000, Timestamp(0)), Err(Stop::Spent), "it has no place");
    }
}
