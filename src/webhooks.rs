//! Outgoing webhooks: what happens is sent, signed, to where the hotel's own systems listen.
//!
//! The log is the outbox. One task reads on in it for each webhook and writes down what is to be sent; others
//! send it, several at a time, but for each conversation one after the other. A delivery is made at least once,
//! with an id that stays the same; what is not taken is tried again, later and later, and given up after two
//! days. See INTEGRATIONS.md.

mod body;
mod lanes;
mod office;
pub mod signature;

use std::time::Duration;

use frontdesk_domain::refusal::{Code, Refusal};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::auth::{Token, Vault};

pub use office::{Office, Wake};

/// What a secret begins with, so that it is known for what it is where it should not be.
const SECRET_PREFIX: &str = "fdwh_";
/// How long an old secret signs beside the new one, in milliseconds: a day.
pub const OLD_SECRET_MILLIS: i64 = 24 * 3_600_000;
/// How long the log of deliveries is kept, in milliseconds: 30 days.
pub const LOG_KEPT_MILLIS: i64 = 30 * 24 * 3_600_000;

/// How long after each try in vain the next one comes, at most; at least half as long. Two days in all.
const PAUSES_SECS: [u64; 11] = [1, 5, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400];
/// The longest wait that a receiver may ask for.
const ASKED_MAX: Duration = Duration::from_secs(3_600);

/// The pause after so many tries in vain; `None`: it is given up. `dice` is evenly between 0 and 1.
fn pause(tries: u32, dice: f64, asked: Option<Duration>) -> Option<Duration> {
    let most = PAUSES_SECS.get(usize::try_from(tries.checked_sub(1)?).ok()?)?;
    let pause = Duration::from_secs(*most).mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0);
    Some(pause.max(asked.unwrap_or_default().min(ASKED_MAX)))
}

/// A new secret, and the same sealed for this webhook.
///
/// # Errors
/// `internal`, without randomness.
pub fn new_secret(vault: &Vault, webhook: Uuid) -> Result<(SecretString, Vec<u8>), Refusal> {
    let secret = SecretString::from(format!("{SECRET_PREFIX}{}", Token::random()?.reveal()));
    let sealed = vault.seal(secret.expose_secret().as_bytes(), webhook.as_bytes())?;
    Ok((secret, sealed))
}

/// Opens a sealed secret.
///
/// # Errors
/// `internal`: it was sealed under a key that is not at hand.
pub fn open_secret(vault: &Vault, sealed: &[u8], webhook: Uuid) -> Result<Vec<u8>, Refusal> {
    vault.open(sealed, webhook.as_bytes()).ok_or_else(|| Refusal::new(Code::Internal, "internal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(1, 1.0, None), Some(Duration::from_secs(1)));
        assert_eq!(pause(1, 0.0, None), Some(Duration::from_millis(500)));
        assert_eq!(pause(11, 1.0, None), Some(Duration::from_secs(86_400)));
        assert_eq!(pause(12, 0.5, None), None);
        assert_eq!(pause(0, 0.5, None), None);
        assert_eq!(pause(1, 0.5, Some(Duration::from_secs(60))), Some(Duration::from_secs(60)));
        assert_eq!(pause(1, 0.5, Some(Duration::from_secs(99_999))), Some(ASKED_MAX));
        let all: u64 = PAUSES_SECS.iter().sum();
        assert!((40 * 3_600..=48 * 3_600).contains(&all), "two days in all: {all}");
    }
}
