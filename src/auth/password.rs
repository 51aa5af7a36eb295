//! Passwords: argon2id, on threads of their own that step back for everything else, one for each core.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use frontdesk_domain::refusal::{Code, Refusal};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::workers::Workers;

/// The shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// The longest password, in characters.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// How many logins may wait for a core; one more is told to try again.
const WAITING_MAX: usize = 64;

// OWASP's and ASVS's numbers for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What an unknown account's password is compared with, so that it takes as long as a known one's: our
/// parameters, and a hash that is none. Not made at the start: that would take longer than the start.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlzIQ$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

/// Whether a new password has the right length.
pub fn fits(password: &str) -> bool {
    (PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&password.chars().count())
}

/// Whether a hash has our parameters; an older one is made anew when its password is next shown.
pub fn is_current(hash: &str) -> bool {
    hash.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub struct Hasher {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    workers: Workers,
    waiting: Semaphore,
}

impl Default for Hasher {
    /// A hasher with a thread for every core.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let shared =
            Shared { workers: Workers::start(cores, WAITING_MAX), waiting: Semaphore::new(WAITING_MAX) };
        Self { shared: Arc::new(shared) }
    }
}

impl Hasher {
    /// The PHC string of a password.
    ///
    /// # Errors
    /// `overloaded` when too many wait.
    pub async fn hash(&self, password: SecretString) -> Result<String, Refusal> {
        let _place = self.place()?;
        let work = move || hash(password.expose_secret().as_bytes());
        self.shared.workers.run(work).await?
    }

    /// Whether a password is the one of this hash; without a hash, no, after the same time.
    ///
    /// # Errors
    /// `overloaded` when too many wait.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Refusal> {
        let _place = self.place()?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| DECOY.to_owned());
        let work = move || match argon2() {
            Ok(argon2) => argon2.verify_password(password.expose_secret().as_bytes(), hash.as_str()).is_ok(),
            Err(_) => false,
        };
        let same = self.shared.workers.run(work).await?;
        Ok(same && known)
    }

    /// How many passwords are looked at or wait for it, and how many may.
    pub fn load(&self) -> (usize, usize) {
        (WAITING_MAX - self.shared.waiting.available_permits().min(WAITING_MAX), WAITING_MAX)
    }

    fn place(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.shared.waiting.try_acquire().map_err(|_| Refusal::overloaded())
    }
}

fn argon2() -> Result<Argon2<'static>, Refusal> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| internal())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Result<String, Refusal> {
    let hash = argon2()?.hash_password(password).map_err(|_| internal())?;
    Ok(hash.to_string())
}

fn internal() -> Refusal {
    Refusal::new(Code::Internal, "internal")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 72 bytes are all that some hashes look at.
    #[tokio::test]
    async fn nothing_of_a_password_is_cut_off() {
        let hasher = Hasher::default();
        for length in [72, 127] {
            let (one, longer) = ("y".repeat(length), "y".repeat(length + 1));
            for (own, other) in [(&one, &longer), (&longer, &one)] {
                let hash = hasher.hash(own.as_str().into()).await.expect("hash");
                assert!(hasher.verify(own.as_str().into(), Some(hash.clone())).await.expect("verify"));
                assert!(!hasher.verify(other.as_str().into(), Some(hash)).await.expect("verify"), "{length}");
            }
        }
    }

    #[tokio::test]
    async fn only_the_right_password_opens() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse".into()).await.expect("hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify("correct horse".into(), Some(hash.clone())).await.expect("verify"));
        assert!(!hasher.verify("Correct horse".into(), Some(hash.clone())).await.expect("verify"));
        assert_ne!(hash, hasher.hash("correct horse".into()).await.expect("hash"), "salted");
        assert!(!hasher.verify("x".into(), Some("not a hash".into())).await.expect("verify"));
    }

    #[tokio::test]
    async fn an_unknown_account_costs_what_a_known_one_costs() {
        let hasher = Hasher::default();
        assert!(!hasher.verify("nobody has this password".into(), None).await.expect("verify"));
        let ours = hash(b"x").expect("hash");
        let shape = |phc: &str| phc.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(shape(&ours), shape(DECOY), "the same work");
        assert!(is_current(&ours) && !is_current("$argon2id$v=19$m=4096,t=3,p=1$c2FsdA$aGFzaA"));
        assert!(ours.starts_with(&DECOY[..DECOY.rfind("p=1$").expect("lanes")]));
    }

    #[test]
    fn lengths() {
        assert!(!fits("1234567") && fits("12345678") && fits("pässwörd"));
        assert!(fits(&"x".repeat(128)) && !fits(&"x".repeat(129)));
    }
}
