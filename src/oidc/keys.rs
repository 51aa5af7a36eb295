//! The provider's keys, and what they have signed: RS256 and ES256 alone, whatever a token asks for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// How many keys a provider may show.
const KEYS_MAX: usize = 100;

/// A key as RFC 7517 writes it, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// By a key that we have not seen; a newer list may have it.
    UnknownKey,
    /// For good.
    Wrong(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// Reads a key set. Keys of kinds that we do not know are passed over.
pub(super) fn read(body: &[u8]) -> Option<Vec<Key>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(body).ok()?;
    Some(set.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// The claims of a token, if one of these keys has signed it.
pub(super) fn open(token: &str, keys: &[Key]) -> Result<Value, Bad> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Bad::Wrong("not a token"))?;
    let (head, claims) = signed.split_once('.').ok_or(Bad::Wrong("not a token"))?;
    let header: Header = decode(head).and_then(json).ok_or(Bad::Wrong("no header"))?;
    let signature = decode(signature).ok_or(Bad::Wrong("no signature"))?;
    if header.crit.is_some() {
        return Err(Bad::Wrong("it asks for what we do not know"));
    }
    let kind = match header.alg.as_str() {
        "RS256" => "RSA",
        "ES256" => "EC",
        _ => return Err(Bad::Wrong("neither RS256 nor ES256")),
    };
    let fits = |key: &&Key| {
        let named = header.kid.is_none() || key.kid == header.kid;
        let meant = key.alg.as_ref().is_none_or(|alg| *alg == header.alg);
        named && meant && key.kty == kind && key.usage.as_deref().is_none_or(|usage| usage == "sig")
    };
    let mut fitting = keys.iter().filter(fits).peekable();
    if fitting.peek().is_none() {
        return Err(Bad::UnknownKey);
    }
    if !fitting.any(|key| key.has_signed(signed.as_bytes(), &signature)) {
        // A token without a key's name may be by one that is new.
        return Err(if header.kid.is_none() { Bad::UnknownKey } else { Bad::Wrong("wrong signature") });
    }
    decode(claims).and_then(json).ok_or(Bad::Wrong("no claims"))
}

impl Key {
    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let number = |text: &Option<String>| text.as_deref().and_then(decode);
        if self.kty == "RSA" {
            let (Some(n), Some(e)) = (number(&self.n), number(&self.e)) else { return false };
            let key = RsaPublicKeyComponents { n: bare(&n), e: bare(&e) };
            return key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok();
        }
        let (Some(x), Some(y)) = (number(&self.x), number(&self.y)) else { return false };
        if self.crv.as_deref() != Some("P-256") || x.len() != 32 || y.len() != 32 {
            return false;
        }
        let point = [&[4_u8][..], &x, &y].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[allow(clippy::needless_pass_by_value, reason = "for `and_then`")]
fn json<T: serde::de::DeserializeOwned>(bytes: Vec<u8>) -> Option<T> {
    serde_json::from_slice(&bytes).ok()
}

/// Without zeros in front, as ring wants numbers.
fn bare(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
