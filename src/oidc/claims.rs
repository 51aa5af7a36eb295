//! What a signed token must say, and who it says somebody is.

use serde_json::Value;

use super::roles::Grant;
use super::{Fault, RoleMap};
use crate::auth::login_name;

/// How far our clock and the provider's may differ, in seconds.
const SKEW_SECS: i64 = 60;
/// The longest name of a person at the provider, in bytes: what the standard allows.
const SUBJECT_MAX_BYTES: usize = 255;
/// The longest name that is taken over, in characters; what is longer is cut.
const NAME_MAX_CHARS: usize = 80;

/// What a token must say.
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
}

/// Somebody whom the provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The provider's own name of the person.
    pub subject: String,
    /// Lower case; the provider vouches for it.
    pub email: String,
    /// As others will see it.
    pub name: String,
    /// What the mapping gives, if anything.
    pub grant: Option<Grant>,
}

/// Whether the token is for us, of this very login, and of now.
pub(super) fn check(claims: &Value, wanted: &Wanted<'_>) -> Result<(), Fault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let refuse = |why: &str| Err(Fault::Refused(why.to_owned()));
    if text("iss") != Some(wanted.issuer) {
        return refuse("the token is another provider's");
    }
    let (ours, alone) = match claims.get("aud") {
        Some(Value::String(one)) => (one == wanted.client_id, true),
        Some(Value::Array(many)) => (many.iter().any(|one| one == wanted.client_id), many.len() == 1),
        _ => (false, true),
    };
    let by = text("azp");
    if !ours || by.is_some_and(|by| by != wanted.client_id) || (!alone && by.is_none()) {
        return refuse("the token is for somebody else");
    }
    let Some(ends) = seconds(claims, "exp") else { return refuse("the token says no end") };
    if ends.saturating_add(SKEW_SECS) <= wanted.now {
        return refuse("the token has expired");
    }
    let Some(made) = seconds(claims, "iat") else { return refuse("the token says no beginning") };
    let from = made.max(seconds(claims, "nbf").unwrap_or(made));
    if from.saturating_sub(SKEW_SECS) > wanted.now {
        return refuse("the token is not good yet");
    }
    if text("nonce") != Some(wanted.nonce) {
        return refuse("the token is another login's");
    }
    Ok(())
}

/// Who a good token says somebody is.
pub(super) fn person(claims: &Value, roles: &RoleMap) -> Result<Person, Fault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::trim);
    let subject = text("sub").filter(|sub| !sub.is_empty() && sub.len() <= SUBJECT_MAX_BYTES);
    let subject = subject.ok_or_else(|| Fault::Refused("the token names nobody".to_owned()))?;
    // Some providers write it as a text.
    let vouched = claims.get("email_verified").is_some_and(|value| *value == true || value == "true");
    let email = text("email").and_then(login_name).filter(|_| vouched).ok_or(Fault::Unverified)?;
    let name: String = text("name").unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let name: String = name.trim().chars().take(NAME_MAX_CHARS).collect();
    let name = if name.is_empty() { email.split('@').next().unwrap_or_default().to_owned() } else { name };
    Ok(Person { subject: subject.to_owned(), email, name, grant: roles.grant(claims) })
}

/// A time. Some providers write fractions; what is no time at all is none.
fn seconds(claims: &Value, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    #[allow(clippy::cast_possible_truncation, reason = "a whole second; what is too large saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|float| float as i64))
}
