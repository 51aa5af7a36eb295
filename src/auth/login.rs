//! The one login: password, second factor, and what wrong guesses cost.

use std::time::Instant;

use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{Attempts, Hasher, Token, Vault, password, second_factor};
use crate::error::{from_store, from_write};
use crate::store::{Account, Database};

/// How long a browser is remembered as an agent's, in seconds: a year.
pub const DEVICE_SECS: i64 = 365 * 24 * 3_600;

/// What somebody shows who wants to log in.
pub struct Shown<'a> {
    /// The login name, in lower case.
    pub email: &'a str,
    /// The password.
    pub password: SecretString,
    /// A code of the second factor, or a recovery code.
    pub code: Option<SecretString>,
    /// The browser's own cookie, if it has one.
    pub device: Option<Token>,
}

/// What a login is judged with.
pub struct Judge<'a> {
    /// The accounts.
    pub db: &'a dyn Database,
    /// Passwords.
    pub hasher: &'a Hasher,
    /// Seeds.
    pub vault: &'a Vault,
    /// Wrong guesses.
    pub attempts: &'a Attempts,
}

impl Judge<'_> {
    /// The account, if everything is right. Also tells whether the browser was known.
    ///
    /// # Errors
    /// `unauthorized` whatever is wrong; `rate_limited` after too many wrong guesses.
    pub async fn login(&self, shown: Shown<'_>, now: Timestamp) -> Result<(Account, bool), Refusal> {
        let failed = |error| from_store(&error);
        let account = self.db.account_by_email(shown.email).await.map_err(failed)?;
        let device = shown.device.map(|device| device.key().0);
        let known = match (&account, device) {
            (Some(account), Some(device)) => {
                self.db.knows_device(device, account.id, now).await.map_err(failed)?
            }
            _ => false,
        };
        // Whoever guesses from elsewhere makes themselves wait, not the owner at a known browser.
        let guessing = (shown.email, device.filter(|_| known));
        self.attempts.check(&guessing, Instant::now())?;
        // Whoever the provider vouches for has no other way in: shut out there is shut out here.
        let account = account.filter(|account| !account.disabled && !account.single_sign_on);
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let good = self.hasher.verify(shown.password.clone(), hash).await?;
        let account = match account.filter(|_| good) {
            Some(account) if self.second(&account, shown.code.as_ref(), now).await? => account,
            _ => {
                self.attempts.wrong(&guessing, Instant::now());
                return Err(Refusal::new(Code::Unauthorized, "wrong e-mail address or password"));
            }
        };
        self.attempts.right(&guessing);
        Ok((self.strengthened(account, shown.password, now).await?, known))
    }

    /// Whether the second factor is right, where one is asked for. A code is used up by it.
    async fn second(
        &self,
        account: &Account,
        code: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        if !account.second_factor {
            return Ok(true);
        }
        let failed = |error| from_store(&error);
        let Some(code) = code.map(ExposeSecret::expose_secret) else { return Ok(false) };
        let Some(factor) = self.db.second_factor(account.id).await.map_err(failed)? else { return Ok(false) };
        let Some(seed) = self.vault.open(&factor.seed, account.id.0.as_bytes()) else {
            tracing::error!(agent = %account.id, "a second factor cannot be opened: is the secret key the right one?");
            return Ok(false);
        };
        if let Some(step) = second_factor::step(&seed, code, factor.last_step, now) {
            return self.db.use_step(account.id, step).await.map_err(failed);
        }
        match second_factor::recovery_digest(code) {
            Some(digest) => self.db.use_recovery_code(account.id, digest).await.map_err(failed),
            None => Ok(false),
        }
    }

    /// Hashes a password anew that was hashed with weaker parameters than ours are now.
    async fn strengthened(
        &self,
        account: Account,
        password: SecretString,
        now: Timestamp,
    ) -> Result<Account, Refusal> {
        if password::is_current(&account.password_hash) {
            return Ok(account);
        }
        let password_hash = self.hasher.hash(password).await?;
        let account = Account { password_hash, updated_at: now, ..account };
        self.db.put_account(account.clone()).await.map_err(|error| from_write(&error))?;
        Ok(account)
    }
}
