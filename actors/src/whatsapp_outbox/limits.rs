//! What the outbox keeps to: WhatsApp's limits, and its own.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use frontdesk_domain::ids::ConversationId;

/// The limits of one number.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Messages a second, for the number as a whole. WhatsApp allows 80, in and out together.
    pub number_a_second: NonZeroU32,
    /// Messages at once, for the number.
    pub number_burst: NonZeroU32,
    /// One message to a guest for each of these. WhatsApp allows one in 6 s.
    pub guest_every: Duration,
    /// Messages to a guest at once. WhatsApp allows 45; one is left, since a network can bring two sends
    /// closer together than they were.
    pub guest_burst: NonZeroU32,
    /// Tries under way at once.
    pub concurrency: usize,
    /// Conversations in memory; the rest waits in the table.
    pub lines: usize,
    /// How long a status is waited for that says what became of an unclear try.
    pub unclear_for: Duration,
    /// The first wait before a try is repeated; doubled for each in a row.
    pub again_after: Duration,
    /// The longest such wait.
    pub again_after_max: Duration,
    /// When a message is given up, after so many tries.
    pub tries: u32,
    /// How long after a stop one message tries if the number works again; doubled each time.
    pub probe_after: Duration,
    /// The longest such wait.
    pub probe_after_max: Duration,
    /// How often the table is read for what nobody mentioned.
    pub look_every: Duration,
    /// How long deliveries are kept once their fate is known: as long, statuses and answers find their message.
    pub keep_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            number_a_second: NonZeroU32::MIN.saturating_add(71),
            number_burst: NonZeroU32::MIN.saturating_add(7),
            guest_every: Duration::from_secs(6),
            guest_burst: NonZeroU32::MIN.saturating_add(43),
            concurrency: 64,
            lines: 1_000,
            unclear_for: Duration::from_secs(30),
            again_after: Duration::from_secs(1),
            again_after_max: Duration::from_secs(600),
            tries: 40,
            probe_after: Duration::from_secs(60),
            probe_after_max: Duration::from_secs(900),
            look_every: Duration::from_secs(60),
            keep_for: Duration::from_secs(90 * 86_400),
        }
    }
}

/// The counters.
pub(super) struct Gates {
    number: DefaultDirectRateLimiter,
    guests: DefaultKeyedRateLimiter<ConversationId>,
    /// Guests who passed their gate when the number's was shut: they need not pass it again.
    passed: HashSet<ConversationId>,
    checks: u32,
    clock: DefaultClock,
}

/// After how many checks counters of quiet guests are thrown away.
const TIDY_AFTER: u32 = 1_000;

impl Gates {
    pub(super) fn new(limits: &Limits) -> Self {
        let number = Quota::per_second(limits.number_a_second).allow_burst(limits.number_burst);
        let guest = Quota::with_period(limits.guest_every)
            .unwrap_or(Quota::per_second(limits.guest_burst))
            .allow_burst(limits.guest_burst);
        Self {
            number: RateLimiter::direct(number),
            guests: RateLimiter::keyed(guest),
            passed: HashSet::new(),
            checks: 0,
            clock: DefaultClock::default(),
        }
    }

    /// Counts one for a guest; or says when one more may go.
    pub(super) fn guest(&mut self, of: ConversationId, now: Instant) -> Result<(), Instant> {
        if self.passed.remove(&of) {
            return Ok(());
        }
        self.checks += 1;
        if self.checks >= TIDY_AFTER {
            self.checks = 0;
            self.guests.retain_recent();
            self.guests.shrink_to_fit();
        }
        let result = self.guests.check_key(&of);
        result.map_err(|not_until| now + not_until.wait_time_from(self.clock.now()))
    }

    /// Counts one for the number; or says when one more may go.
    pub(super) fn number(&self, now: Instant) -> Result<(), Instant> {
        self.number.check().map_err(|not_until| now + not_until.wait_time_from(self.clock.now()))
    }

    /// The guest's one was counted and not used.
    pub(super) fn give_back(&mut self, of: ConversationId) {
        self.passed.insert(of);
    }
}

/// A wait between nothing and `base` doubled `times` times, at most `max`; `roll` is 0 to 1.
pub(super) fn backoff(base: Duration, max: Duration, times: u32, roll: f64) -> Duration {
    let longest = base.saturating_mul(1_u32.checked_shl(times.min(20)).unwrap_or(u32::MAX)).min(max);
    longest.mul_f64(roll.clamp(0.0, 1.0))
}

/// WhatsApp's own advice for a guest who got too many: 4 to the power of the tries, in units of `base`.
pub(super) fn guest_backoff(base: Duration, max: Duration, times: u32) -> Duration {
    base.saturating_mul(4_u32.saturating_pow(times.min(8))).min(max)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn waits_double_up_to_their_bound() {
        let (base, max) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(backoff(base, max, 0, 1.0), base);
        assert_eq!(backoff(base, max, 3, 0.5), Duration::from_secs(4));
        assert_eq!(backoff(base, max, 31, 1.0), max);
        assert_eq!(guest_backoff(base, max, 2), Duration::from_secs(16));
        assert_eq!(guest_backoff(base, max, 30), max);
    }

    #[test]
    fn a_burst_then_one_at_a_time_for_this_guest_alone() {
        let mut gates = Gates::new(&Limits::default());
        let (ada, bob) = (ConversationId(Uuid::from_u128(1)), ConversationId(Uuid::from_u128(2)));
        let now = Instant::now();
        for _ in 0..44 {
            assert!(gates.guest(ada, now).is_ok());
        }
        let free_at = gates.guest(ada, now).expect_err("over the burst");
        assert!(free_at > now + Duration::from_secs(5) && free_at <= now + Duration::from_secs(6));
        assert!(gates.guest(bob, now).is_ok());
        gates.give_back(ada);
        assert!(gates.guest(ada, now).is_ok());
        assert!(gates.guest(ada, now).is_err());
    }
}
