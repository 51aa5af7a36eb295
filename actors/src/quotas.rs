//! The limits of [`frontdesk_domain::quota`], counted. Asking never waits.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota as Limit, RateLimiter};

use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::Refusal;

/// One counter for each limit, keyed by the digest of who is counted.
pub struct Quotas {
    counters: Option<Vec<(Quota, DefaultKeyedRateLimiter<u64>)>>,
    clock: DefaultClock,
}

impl Quotas {
    /// Counters for all limits; with `on` false nothing is limited (load tests on a loopback address).
    pub fn new(on: bool) -> Self {
        let counters = on.then(|| Quota::ALL.into_iter().filter_map(counter).collect());
        Self { counters, clock: DefaultClock::default() }
    }

    /// True if anything is limited.
    pub fn are_on(&self) -> bool {
        self.counters.is_some()
    }

    /// Counts one for `key`.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which one more will pass.
    pub fn check<K: Hash + ?Sized>(&self, quota: Quota, key: &K) -> Result<(), Refusal> {
        let Some(counters) = &self.counters else { return Ok(()) };
        let Some((_, counter)) = counters.iter().find(|(each, _)| *each == quota) else { return Ok(()) };
        counter.check_key(&digest(key)).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            metrics::counter!("frontdesk_quota_refusals_total", "quota" => quota.name()).increment(1);
            quota.refusal(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1))
        })
    }

    /// Forgets keys that have been quiet long enough to have their full burst again. To be called now
    /// and then, or the counters grow with every address ever seen.
    pub fn forget_quiet(&self) {
        for (_, counter) in self.counters.iter().flatten() {
            counter.retain_recent();
        }
    }
}

fn counter(quota: Quota) -> Option<(Quota, DefaultKeyedRateLimiter<u64>)> {
    let rate = quota.rate();
    let limit = Limit::with_period(Duration::from_millis(rate.every_ms))?;
    Some((quota, RateLimiter::keyed(limit.allow_burst(NonZeroU32::new(rate.burst)?))))
}

fn digest<K: Hash + ?Sized>(key: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use frontdesk_domain::refusal::Code;

    use super::*;

    #[test]
    fn a_burst_then_a_refusal_for_this_key_alone() {
        let quotas = Quotas::new(true);
        let burst = Quota::MessagePerGuest.rate().burst;
        for _ in 0..burst {
            assert!(quotas.check(Quota::MessagePerGuest, "mia").is_ok());
        }
        let refusal = quotas.check(Quota::MessagePerGuest, "mia").expect_err("over the burst");
        assert_eq!(refusal.code, Code::RateLimited);
        assert!(refusal.retry_ms.is_some_and(|ms| ms > 0));
        assert!(quotas.check(Quota::MessagePerGuest, "jon").is_ok());
    }

    #[test]
    fn every_limit_has_a_counter() {
        let quotas = Quotas::new(true);
        assert_eq!(quotas.counters.map(|counters| counters.len()), Some(Quota::ALL.len()));
    }

    #[test]
    fn off_means_off() {
        let quotas = Quotas::new(false);
        for _ in 0..10_000 {
            assert!(quotas.check(Quota::LoginPerAddress, "x").is_ok());
        }
    }
}
