//! Who sent a webhook: the signature over the raw bytes, and the token of the verification.

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// What stands before the digest.
const PREFIX: &str = "sha256=";
/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;

/// The app's secrets: one, or two while it is being changed.
pub struct Secrets {
    keys: Vec<hmac::Key>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("count", &self.keys.len()).finish()
    }
}

impl Secrets {
    /// These secrets.
    pub fn new(secrets: &[SecretString]) -> Self {
        let key =
            |secret: &SecretString| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        Self { keys: secrets.iter().map(key).collect() }
    }

    /// True if the header is the signature of exactly these bytes. Takes the same time whichever digit of
    /// it is wrong.
    pub fn signed(&self, header: &str, body: &[u8]) -> bool {
        let Some(digest) = header.strip_prefix(PREFIX).and_then(digest) else { return false };
        self.keys.iter().any(|key| hmac::verify(key, body, &digest).is_ok())
    }
}

/// True if the header looks like a signature at all: who sends none is not listened to.
pub fn is_shaped(header: &str) -> bool {
    header.strip_prefix(PREFIX).and_then(digest).is_some()
}

fn digest(hex: &str) -> Option<[u8; DIGEST_BYTES]> {
    let mut digest = [0; DIGEST_BYTES];
    if hex.len() != DIGEST_BYTES * 2 || !hex.is_ascii() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
    }
    Some(digest)
}

/// Compares a token with ours in constant time.
pub fn is_token(ours: &SecretString, given: &str) -> bool {
    // Under a key of ours both become digests of one length, which are compared without a shortcut.
    let key = hmac::Key::new(hmac::HMAC_SHA256, ours.expose_secret().as_bytes());
    let wanted = hmac::sign(&key, ours.expose_secret().as_bytes());
    hmac::verify(&key, given.as_bytes(), wanted.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;

    fn secrets(all: &[&str]) -> Secrets {
        let all: Vec<SecretString> = all.iter().map(|one| SecretString::from((*one).to_owned())).collect();
        Secrets::new(&all)
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let hex: String = hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256={hex}")
    }

    #[test]
    fn the_known_answer() {
        // RFC 4231, test case 2.
        let header = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(secrets(&["Jefe"]).signed(header, b"what do ya want for nothing?"));
    }

    #[test]
    fn the_old_and_the_new_secret() {
        let both = secrets(&["new", "old"]);
        assert!(both.signed(&sign("new", BODY), BODY));
        assert!(both.signed(&sign("old", BODY), BODY));
        assert!(!both.signed(&sign("other", BODY), BODY));
        assert!(!secrets(&[]).signed(&sign("", BODY), BODY));
    }

    #[test]
    fn every_byte_counts() {
        let ours = secrets(&["s"]);
        let header = sign("s", BODY);
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert!(!ours.signed(&header, &body), "body, byte {at}");
        }
        for at in 0..header.len() {
            let mut bytes = header.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(bytes).expect("ASCII");
            assert!(!ours.signed(&other, BODY), "header, byte {at}");
        }
    }

    #[test]
    fn what_is_no_signature() {
        let ours = secrets(&["s"]);
        let good = sign("s", BODY);
        let hex = good.trim_start_matches(PREFIX);
        for bad in [
            String::new(),
            hex.to_owned(),
            format!("sha512={hex}"),
            format!("sha256={}", &hex[1..]),
            format!("{good}00"),
            format!("sha256={}", "z".repeat(64)),
            format!("sha256={}", "é".repeat(32)),
            format!(" {good}"),
        ] {
            assert!(!ours.signed(&bad, BODY), "{bad}");
            assert!(!is_shaped(&bad), "{bad}");
        }
        assert!(is_shaped(&good));
    }

    #[test]
    fn tokens() {
        let ours = SecretString::from("a token".to_owned());
        assert!(is_token(&ours, "a token"));
        for other in ["", "a tokeN", "a token ", "a"] {
            assert!(!is_token(&ours, other), "{other}");
        }
    }
}
