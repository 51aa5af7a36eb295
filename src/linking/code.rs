//! The code itself: eight digits, good once, for ten minutes.

use frontdesk_domain::ids::GuestId;
use frontdesk_domain::refusal::{Code as RefusalCode, Refusal};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// How long a code is good, in milliseconds.
pub const GOOD_FOR_MS: i64 = 10 * 60 * 1_000;
/// How many digits it has: five tries find one of 20 million.
const DIGITS: usize = 8;
const CODES: u64 = 100_000_000;
/// What a guest may type around them: a blank between, as it is shown.
const TYPED_MAX_BYTES: usize = 32;

/// A code, in the hands of who sends or tries it. Never printed by itself.
#[derive(Debug)]
pub struct Code(SecretString);

impl Code {
    /// A new one.
    ///
    /// # Errors
    /// `internal` when the system has no randomness to give.
    pub fn random() -> Result<Self, Refusal> {
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes).map_err(|_| Refusal::new(RefusalCode::Internal, "internal"))?;
        // That some are likelier than others by one in 10^11 helps nobody.
        Ok(Self(format!("{:08}", u64::from_le_bytes(bytes) % CODES).into()))
    }

    /// What a guest has typed, in whichever script its digits are; `None` if it cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > TYPED_MAX_BYTES {
            return None;
        }
        let digits: Option<String> =
            text.chars().filter(|each| !each.is_whitespace() && *each != '-').map(digit).collect();
        digits.filter(|digits| digits.len() == DIGITS).map(|digits| Self(digits.into()))
    }

    /// What is kept of it. Each guest's is another's never: somebody else's code is a wrong one.
    pub fn digest(&self, guest: GuestId) -> [u8; 32] {
        let code = self.0.expose_secret().as_bytes();
        Sha256::new().chain_update(guest.0.as_bytes()).chain_update(code).finalize().into()
    }

    /// As it is read: `1234 5678`.
    pub fn shown(&self) -> String {
        let (left, right) = self.0.expose_secret().split_at(DIGITS / 2);
        format!("{left} {right}")
    }
}

/// The zeros of the scripts whose keyboards have digits of their own: Arabic, Persian, Devanagari, full width.
const ZEROS: [u32; 5] = [0x30, 0x660, 0x6f0, 0x966, 0xff10];

fn digit(each: char) -> Option<char> {
    let of = |zero: u32| u32::from(each).checked_sub(zero).filter(|value| *value < 10);
    ZEROS.into_iter().find_map(of).and_then(|value| char::from_digit(value, 10))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_was_sent_is_what_is_typed() {
        let (mia, jon) = (GuestId(Uuid::from_u128(1)), GuestId(Uuid::from_u128(2)));
        for _ in 0..1_000 {
            let code = Code::random().expect("randomness");
            let typed = Code::typed(&code.shown()).expect("a code");
            assert_eq!(typed.digest(mia), code.digest(mia));
            assert_ne!(typed.digest(jon), code.digest(mia), "another guest's");
        }
    }

    #[test]
    fn however_it_is_typed() {
        let guest = GuestId(Uuid::nil());
        let digest = |text: &str| Code::typed(text).map(|code| code.digest(guest));
        let right = digest("12345678").expect("a code");
        for text in
            [" 1234 5678 ", "1234-5678", "١٢٣٤٥٦٧٨", "۱۲۳۴ ۵۶۷۸", "１２３４５６７８", "1 2 3 4 5 6 7 8"]
        {
            assert_eq!(digest(text), Some(right), "{text}");
        }
        for text in ["", "1234567", "123456789", "1234567x", "12345678 \u{0}", &" ".repeat(40)] {
            assert_eq!(digest(text), None, "{text}");
        }
    }

    #[test]
    fn a_code_is_not_printed() {
        let code = Code::typed("12345678").expect("a code");
        assert!(!format!("{code:?}").contains("1234"));
    }
}
