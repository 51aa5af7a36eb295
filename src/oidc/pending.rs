//! Logins that were begun: each is bound to a browser, and used up by the first who shows it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::{ERRAND_SECS, Token};

/// How many there are at once. Beyond, the oldest goes.
const BEGUN_MAX: usize = 4_096;

/// A login that was begun.
pub(super) struct Begun {
    browser: [u8; 32],
    /// What the ID token must repeat.
    pub(super) nonce: Token,
    /// What the code is exchanged with.
    pub(super) verifier: Token,
    at: Instant,
}

/// All of them, by the digest of their state. A restart forgets them: whoever is away then begins anew.
#[derive(Default)]
pub(super) struct Pending(Mutex<HashMap<[u8; 32], Begun>>);

impl Pending {
    pub(super) fn add(&self, state: &Token, browser: &Token, nonce: Token, verifier: Token, now: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= BEGUN_MAX {
            all.retain(|_, begun| fresh(begun, now));
        }
        if all.len() >= BEGUN_MAX
            && let Some(oldest) = all.iter().min_by_key(|(_, begun)| begun.at).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        all.insert(state.key().0, Begun { browser: browser.key().0, nonce, verifier, at: now });
    }

    /// The login of this state, if this browser has begun it, not too long ago. It is used up in any case.
    pub(super) fn take(&self, state: &Token, browser: Option<&Token>, now: Instant) -> Option<Begun> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&state.key().0)?;
        (fresh(&begun, now) && browser.is_some_and(|token| token.key().0 == begun.browser)).then_some(begun)
    }
}

fn fresh(begun: &Begun, now: Instant) -> bool {
    now.saturating_duration_since(begun.at) < Duration::from_secs(ERRAND_SECS.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token::random().expect("token")
    }

    #[test]
    fn once_in_the_same_browser_and_in_time() {
        let (pending, now) = (Pending::default(), Instant::now());
        let begin = || {
            let (state, browser) = (token(), token());
            pending.add(&state, &browser, token(), token(), now);
            (state, browser)
        };
        let (state, browser) = begin();
        assert!(pending.take(&state, Some(&browser), now).is_some());
        assert!(pending.take(&state, Some(&browser), now).is_none(), "used up");
        let (state, browser) = begin();
        assert!(pending.take(&state, Some(&token()), now).is_none(), "another browser");
        assert!(pending.take(&state, Some(&browser), now).is_none(), "used up by it");
        let (state, browser) = begin();
        assert!(pending.take(&state, None, now).is_none());
        assert!(pending.take(&token(), Some(&browser), now).is_none());
        let (state, browser) = begin();
        assert!(pending.take(&state, Some(&browser), now + Duration::from_secs(601)).is_none(), "too late");
    }

    #[test]
    fn there_is_a_bound() {
        let (pending, now) = (Pending::default(), Instant::now());
        let first = (token(), token());
        pending.add(&first.0, &first.1, token(), token(), now);
        for n in 1..=BEGUN_MAX {
            let later = now + Duration::from_micros(u64::try_from(n).expect("small"));
            pending.add(&token(), &token(), token(), token(), later);
        }
        assert_eq!(pending.0.lock().expect("lock").len(), BEGUN_MAX);
        assert!(pending.take(&first.0, Some(&first.1), now).is_none(), "the oldest went");
    }
}
