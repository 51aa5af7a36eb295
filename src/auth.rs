//! Who somebody is: passwords, tokens, cookies, and the guards of the routing table.

use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::people::Role;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::timestamp::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use crate::audit::{self, Action, Actor};
use crate::config::FirstAdmin;
use crate::error::{from_store, from_write};
use crate::store::{Account, Database};

pub mod attempts;
pub mod cookie;
pub mod guard;
pub mod login;
pub mod password;
pub mod policy;
pub mod rights;
pub mod second_factor;
pub mod token;
pub mod vault;
mod workers;

pub use attempts::Attempts;
pub use cookie::Kind;
pub use guard::{Caller, Guard};
pub use password::Hasher;
pub use token::Token;
pub use vault::Vault;

/// How long a login lasts, in seconds: a week.
pub const AGENT_SESSION_SECS: i64 = 7 * 24 * 3_600;
/// How long a guest is known, in seconds: 180 days, renewed with every visit.
pub const GUEST_SESSION_SECS: i64 = 180 * 24 * 3_600;

/// How long somebody may take at the provider of single sign-on, in seconds: ten minutes.
pub const ERRAND_SECS: i64 = 10 * 60;

/// The login that is made when the operator names none.
const DEFAULT_ADMIN: &str = "admin@localhost";

/// The longest e-mail address, in characters.
const EMAIL_MAX_CHARS: usize = 254;

/// An e-mail address as a login name: trimmed and in lower case; `None` if it is none.
pub fn login_name(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.split_once('@')?;
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control()) && !host.contains('@');
    let fits = !name.is_empty() && !host.is_empty() && text.chars().count() <= EMAIL_MAX_CHARS;
    (clean && fits).then_some(text)
}

/// A login that was made up, to be shown to the operator once.
#[derive(Clone, Debug)]
pub struct Printed {
    /// Login name.
    pub email: String,
    /// Password.
    pub password: SecretString,
}

/// A password of 120 random bits, to be shown once.
///
/// # Errors
/// `internal`, without randomness.
pub fn made_up_password() -> Result<SecretString, Refusal> {
    Ok(Token::random()?.reveal()[..20].into())
}

/// Makes the first admin if there is no agent yet. Tells what is to be printed, if a password was made up.
///
/// # Errors
/// When the store or the hasher refuses.
pub async fn first_admin(
    db: &dyn Database,
    hasher: &Hasher,
    named: Option<&FirstAdmin>,
    property: PropertyId,
    now: Timestamp,
) -> Result<Option<Printed>, Refusal> {
    if !db.no_agents().await.map_err(|error| from_store(&error))? {
        return Ok(None);
    }
    let (email, password, made_up) = match named {
        Some(FirstAdmin { email, password }) => (email.clone(), password.clone(), false),
        None => (DEFAULT_ADMIN.to_owned(), made_up_password()?, true),
    };
    let account = Account {
        id: AgentId(Uuid::now_v7()),
        property,
        email: email.clone(),
        name: "Admin".to_owned(),
        role: Role::Admin,
        disabled: false,
        password_hash: hasher.hash(password.clone()).await?,
        must_change: made_up,
        second_factor: false,
        single_sign_on: false,
        created_at: now,
        updated_at: now,
    };
    let (target, actor) = (format!("agent:{}", account.id), Actor::server().within(property));
    db.add_account(account).await.map_err(|error| from_write(&error))?;
    let deed = audit::deed(&actor, Action::AgentAdded, &target, "the first admin", now);
    db.add_deed(deed).await.map_err(|error| from_store(&error))?;
    Ok(made_up.then_some(Printed { email, password }))
}
