//! What signs a hotel's word, and by which algorithm: the key decides that, never the token.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::{hmac, signature};

/// What a public key is written behind where keys are kept, before its bytes in base64url. No secret begins so.
const PUBLIC: &str = "ed25519:";
/// How long an Ed25519 public key is, in bytes.
const PUBLIC_BYTES: usize = 32;
/// What stands before these in a `SubjectPublicKeyInfo`, which says that it is one (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM: (&str, &str) = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----");

/// What signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A secret that the hotel's server and we share: HS256.
    Secret(Vec<u8>),
    /// The public half of a key pair, whose private half never left the hotel: EdDSA.
    Public([u8; PUBLIC_BYTES]),
}

impl Key {
    /// A public key as people have it: PEM, as `openssl pkey -pubout` writes it, or its 32 bytes in base64url, the `x`
    /// of a JWK (RFC 8037). Nothing if it is neither.
    pub fn public(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.strip_prefix(PEM.0) {
            Some(rest) => {
                let lines = rest.strip_suffix(PEM.1)?;
                let body: String = lines.split_ascii_whitespace().collect();
                STANDARD.decode(body).ok()?.strip_prefix(&SPKI)?.to_vec()
            }
            None => URL_SAFE_NO_PAD.decode(text).ok()?,
        };
        Some(Self::Public(bytes.try_into().ok()?))
    }

    /// As it is kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Secret(secret) => secret.clone(),
            Self::Public(key) => format!("{PUBLIC}{}", URL_SAFE_NO_PAD.encode(key)).into_bytes(),
        }
    }

    /// From how it was kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        let public = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_prefix(PUBLIC));
        public.and_then(Self::public).unwrap_or(Self::Secret(bytes))
    }

    /// What a token that it has signed says in `alg` (RFC 7518, RFC 8037).
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Secret(_) => "HS256",
            Self::Public(_) => "EdDSA",
        }
    }

    /// Whether it has signed this. In constant time.
    pub(super) fn has_signed(&self, signed: &[u8], tag: &[u8]) -> bool {
        match self {
            Self::Secret(secret) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed, tag).is_ok()
            }
            Self::Public(key) => {
                signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(signed, tag).is_ok()
            }
        }
    }
}
