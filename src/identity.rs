//! Who a guest is by the hotel's word: a short-lived token, signed by a key of the hotel.
//!
//! HS256 with a shared secret or EdDSA with a public key, whichever the hotel's key is for, whatever a token asks for. A
//! token is of one hotel, of the next hour at most, and opens once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_domain::people::GuestProfile;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use key::Key;

mod key;

/// The longest token, in bytes.
const TOKEN_MAX_BYTES: usize = 4_096;
/// How far the hotel's clock and ours may differ, in seconds.
const SKEW_SECS: i64 = 60;
/// How far in the future a token may end.
const LIFE_MAX_SECS: i64 = 3_600;
/// The longest name of a guest in the hotel's own system, and of a token, in bytes.
const NAME_MAX_BYTES: usize = 255;

/// Whom a good token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The hotel's own name of the guest.
    pub subject: String,
    /// What the hotel says of the guest.
    pub profile: GuestProfile,
    /// What the token is known by, so that it opens once: a digest of the hotel and its `jti`.
    pub digest: [u8; 32],
    /// Seconds since 1970, after which it opens nothing, with what clocks may differ by.
    pub good_until: i64,
}

/// Reads a token that one of the keys has signed, for this hotel (its slug) and this second. Nothing, whatever is wrong
/// with it.
pub fn read(token: &str, keys: &[Key], property: &str, now: i64) -> Option<Identity> {
    if token.len() > TOKEN_MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let head = object(head)?;
    if head.get("crit").is_some() {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    // A token names its algorithm only to agree with the key: were it to choose, a public key would pass for a secret.
    let signs = |key: &Key| head["alg"] == key.algorithm() && key.has_signed(signed.as_bytes(), &signature);
    if !keys.iter().any(signs) {
        return None;
    }
    let claims = object(claims)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let named =
        |name: &str| text(name).filter(|text| !text.trim().is_empty() && text.len() <= NAME_MAX_BYTES);
    let (subject, id) = (named("sub")?, named("jti")?);
    let (ends, from) = (claims.get("exp")?.as_i64()?, claims.get("iat"));
    // Without `iat` it begins now; one that is no number is none of ours.
    let from = from.map_or(Some(now), Value::as_i64)?;
    let from = claims.get("nbf").map_or(Some(from), Value::as_i64)?.max(from);
    let is_now = ends.saturating_add(SKEW_SECS) > now && from.saturating_sub(SKEW_SECS) <= now;
    if text("aud") != Some(property) || !is_now || ends > now.saturating_add(LIFE_MAX_SECS + SKEW_SECS) {
        return None;
    }
    let said = |name: &str| text(name).map(str::to_owned);
    let profile = GuestProfile {
        name: said("name"),
        email: said("email"),
        phone: said("phone"),
        room: said("room"),
        locale: said("locale"),
        ..GuestProfile::default()
    };
    profile.check().ok()?;
    let digest = Sha256::new().chain_update(property).chain_update([0]).chain_update(id).finalize().into();
    Some(Identity {
        subject: subject.to_owned(),
        profile,
        digest,
        good_until: ends.saturating_add(SKEW_SECS),
    })
}

fn object(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests;
