//! Session tokens: 256 random bits for the client, and only their digest for us.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_actors::messages::SessionKey;
use frontdesk_domain::refusal::{Code, Refusal};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const TOKEN_BYTES: usize = 32;
/// What a token may measure before we refuse to digest it.
const TOKEN_MAX_CHARS: usize = 128;

/// A token, in the hands of its client.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// `internal` when the system has no randomness to give.
    pub fn random() -> Result<Self, Refusal> {
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Internal, "internal"))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// One that a client shows; `None` if it cannot be one of ours.
    pub fn shown(text: &str) -> Option<Self> {
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (clean && (1..=TOKEN_MAX_CHARS).contains(&text.len())).then(|| Self(text.to_owned().into()))
    }

    /// The name under which its session is stored. A digest, so that a stolen database opens nothing;
    /// unsalted and fast, because 256 random bits cannot be guessed.
    pub fn key(&self) -> SessionKey {
        SessionKey(Sha256::digest(self.reveal().as_bytes()).into())
    }

    /// The token itself, for the answer that hands it out.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

/// What the tokens of integrations begin with: they are told apart from guests', and found by scanners for
/// secrets that went astray.
const API_PREFIX: &str = "fdt_";

/// The token of an integration, in the hands of its client.
#[derive(Clone, Debug)]
pub struct ApiSecret(Token);

impl ApiSecret {
    /// A new one.
    ///
    /// # Errors
    /// `internal`, without randomness.
    pub fn random() -> Result<Self, Refusal> {
        Ok(Self(Token(format!("{API_PREFIX}{}", Token::random()?.reveal()).into())))
    }

    /// What is stored of it.
    pub fn digest(&self) -> [u8; 32] {
        self.0.key().0
    }

    /// The token itself, for the answer that hands it out.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// The token of an integration in `Authorization: Bearer`; `None` if there is another one, or none.
pub fn in_bearer(headers: &http::HeaderMap) -> Option<ApiSecret> {
    let shown = super::cookie::bearer(headers).filter(|text| text.starts_with(API_PREFIX))?;
    Token::shown(shown).map(ApiSecret)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two of 100,000, and no place of them has a favourite letter.
    #[test]
    fn a_hundred_thousand_are_different_and_random() {
        let tokens: Vec<String> =
            (0..100_000).map(|_| Token::random().expect("token").reveal().to_owned()).collect();
        let different: std::collections::HashSet<&String> = tokens.iter().collect();
        assert_eq!(different.len(), tokens.len());
        // 32 bytes in base64: 42 letters of 6 bits, and one of 4.
        for place in 0..42 {
            let mut counts = std::collections::HashMap::new();
            tokens.iter().for_each(|token| *counts.entry(token.as_bytes()[place]).or_insert(0_u32) += 1);
            // 1,562 of each are expected; eight standard deviations around it.
            let usual = counts.values().all(|count| (1_250..1_880).contains(count));
            assert!(counts.len() == 64 && usual, "place {place}: {counts:?}");
        }
    }

    #[test]
    fn tokens_differ_and_come_back() {
        let (one, other) = (Token::random().expect("token"), Token::random().expect("token"));
        assert_eq!(one.reveal().len(), 43);
        assert_ne!(one.key(), other.key());
        assert_eq!(Token::shown(one.reveal()).map(|t| t.key()), Some(one.key()));
        assert!(!format!("{one:?}").contains(one.reveal()));
        for bad in ["", "a b", "a;b", &"x".repeat(129)] {
            assert!(Token::shown(bad).is_none(), "{bad}");
        }
    }
}
