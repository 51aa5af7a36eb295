//! Wrong guesses at an account: each makes the next try wait longer, and a known device waits for itself only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use frontdesk_domain::refusal::{Code, Refusal};

/// So many wrong guesses are free.
const FREE: u32 = 10;
/// The wait after the first one that is not; doubled with each more.
const WAIT_LEAST: Duration = Duration::from_secs(2);
/// The longest wait: keeps guesses under a hundred an hour for whoever goes on for hours.
const WAIT_MOST: Duration = Duration::from_secs(64);
/// After so long without a guess all is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);
/// How many accounts are remembered at once. Beyond, those whose wait is over are forgotten first, and then
/// nothing new is noted: limits by address still hold.
const REMEMBERED_MAX: usize = 100_000;

/// Counts wrong guesses. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Attempts {
    counted: Option<Arc<DashMap<u64, Wrong>>>,
}

#[derive(Clone, Copy, Debug)]
struct Wrong {
    times: u32,
    last: Instant,
}

impl Wrong {
    fn wait(&self) -> Duration {
        match self.times.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(over) => WAIT_LEAST.saturating_mul(1 << over.min(6)).min(WAIT_MOST),
        }
    }
}

impl Attempts {
    /// Counts, or with `on` false lets everything pass (load tests on a loopback address).
    pub fn new(on: bool) -> Self {
        Self { counted: on.then(Arc::default) }
    }

    /// Whether a try may be looked at now. `key`: the account, or the account on a known device.
    ///
    /// # Errors
    /// `rate_limited`, with the wait.
    pub fn check<K: Hash + ?Sized>(&self, key: &K, now: Instant) -> Result<(), Refusal> {
        let Some(wrong) = self.counted.as_ref().and_then(|counted| counted.get(&digest(key)).map(|w| *w))
        else {
            return Ok(());
        };
        let left = wrong.wait().saturating_sub(now.saturating_duration_since(wrong.last));
        if left.is_zero() {
            return Ok(());
        }
        metrics::counter!("frontdesk_quota_refusals_total", "quota" => "login_per_account").increment(1);
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        Err(Refusal::new(Code::RateLimited, "too many logins, please wait").retry_in(millis.max(1)))
    }

    /// A guess was wrong.
    pub fn wrong<K: Hash + ?Sized>(&self, key: &K, now: Instant) {
        let Some(counted) = &self.counted else { return };
        if counted.len() >= REMEMBERED_MAX {
            self.forget_quiet(now);
            if counted.len() >= REMEMBERED_MAX {
                return;
            }
        }
        let mut entry = counted.entry(digest(key)).or_insert(Wrong { times: 0, last: now });
        entry.times = entry.times.saturating_add(1);
        entry.last = now;
    }

    /// One was right: all is well again.
    pub fn right<K: Hash + ?Sized>(&self, key: &K) {
        if let Some(counted) = &self.counted {
            counted.remove(&digest(key));
        }
    }

    /// Forgets accounts that nobody has guessed at for long. To be called now and then.
    pub fn forget_quiet(&self, now: Instant) {
        if let Some(counted) = &self.counted {
            counted.retain(|_, wrong| now.saturating_duration_since(wrong.last) < FORGET_AFTER);
        }
    }
}

fn digest<K: Hash + ?Sized>(key: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_slowed_down_and_the_owner_is_not_locked_out() {
        let attempts = Attempts::new(true);
        let start = Instant::now();
        let mut now = start;
        let mut looked_at = 0;
        while now < start + Duration::from_secs(3_600) {
            if attempts.check("mia", now).is_ok() {
                attempts.wrong("mia", now);
                looked_at += 1;
            }
            now += Duration::from_millis(500);
        }
        assert!((60..=100).contains(&looked_at), "{looked_at} guesses in an hour");
        assert!(attempts.check("mia", now).is_err());
        assert!(attempts.check(&("mia", "her phone"), now).is_ok());
        assert!(attempts.check("jon", now).is_ok());
        attempts.right("mia");
        assert!(attempts.check("mia", now).is_ok());
    }

    #[test]
    fn a_quiet_hour_and_all_is_forgotten() {
        let attempts = Attempts::new(true);
        let now = Instant::now();
        (0..20).for_each(|_| attempts.wrong("mia", now));
        let refused = attempts.check("mia", now).unwrap_err();
        assert_eq!(refused.code, Code::RateLimited);
        attempts.forget_quiet(now + FORGET_AFTER);
        assert!(attempts.check("mia", now).is_ok());
        let off = Attempts::new(false);
        (0..20).for_each(|_| off.wrong("mia", now));
        assert!(off.check("mia", now).is_ok());
    }
}
