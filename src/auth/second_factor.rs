//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Totp};

/// The seed, in bytes: RFC 4226 asks for 160 bits.
const SEED_BYTES: usize = 20;
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// The random part of a recovery code, in bytes.
const RECOVERY_BYTES: usize = 10;
/// The longest code that is looked at.
const CODE_MAX_BYTES: usize = 32;
/// How many steps of 30 s a phone's clock may be off.
const SKEW_STEPS: u16 = 1;

/// A new seed.
///
/// # Errors
/// `internal`, without randomness.
pub fn new_seed() -> Result<Vec<u8>, Refusal> {
    random(SEED_BYTES)
}

/// The seed as an app takes it by hand, and as a link for an app on the same device or a QR code.
///
/// # Errors
/// `internal`, if it is no seed.
pub fn shown(seed: &[u8], email: &str) -> Result<(String, String), Refusal> {
    let totp = totp(seed, email)?;
    let link = totp.to_url().map_err(|_| internal())?;
    Ok((totp.secret().to_base32(), link))
}

/// The step of a code that is right now; `None` if it is wrong, or of a step that was used already.
pub fn step(seed: &[u8], code: &str, last_step: i64, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() > CODE_MAX_BYTES {
        return None;
    }
    let totp = totp(seed, "").ok()?;
    let step = totp.check(&code, u64::try_from(now.0 / 1_000).ok()?)?;
    i64::try_from(step).ok().filter(|step| *step > last_step)
}

/// New recovery codes, and the digests that are stored of them.
///
/// # Errors
/// `internal`, without randomness.
pub fn recovery_codes() -> Result<(Vec<String>, Vec<[u8; 32]>), Refusal> {
    let codes = (0..RECOVERY_CODES)
        .map(|_| Ok(URL_SAFE_NO_PAD.encode(random(RECOVERY_BYTES)?)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    let digests = codes.iter().filter_map(|code| recovery_digest(code)).collect();
    Ok((codes, digests))
}

/// What is stored of a recovery code; `None` if it cannot be one.
pub fn recovery_digest(code: &str) -> Option<[u8; 32]> {
    let code = code.trim();
    (code.len() > 8 && code.len() <= CODE_MAX_BYTES).then(|| Sha256::digest(code.as_bytes()).into())
}

fn totp(seed: &[u8], email: &str) -> Result<Totp, Refusal> {
    // A colon separates issuer and account in the link.
    let account = email.replace(':', " ");
    Builder::new()
        .with_secret(seed)
        .with_skew(SKEW_STEPS)
        .with_account_name(account)
        .with_issuer(Some("Frontdesk"))
        .build()
        .map_err(|_| internal())
}

fn random(bytes: usize) -> Result<Vec<u8>, Refusal> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|_| internal())?;
    Ok(random)
}

fn internal() -> Refusal {
    Refusal::new(Code::Internal, "internal")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of RFC 6238, appendix B.
    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_of_the_standard() {
        // The appendix has eight digits; an app shows the last six.
        for (secs, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now = Timestamp(secs * 1_000);
            assert_eq!(step(SEED, code, 0, now), Some(secs / 30), "{secs}");
            assert_eq!(step(SEED, code, secs / 30, now), None, "no code opens twice");
            assert_eq!(step(SEED, code, 0, Timestamp((secs + 90) * 1_000)), None, "too late");
        }
        for wrong in ["", "287083", "28708", "2870821", "abcdef", &"2".repeat(100)] {
            assert_eq!(step(SEED, wrong, 0, Timestamp(59_000)), None, "{wrong}");
        }
        assert_eq!(step(SEED, " 287 082 ", 0, Timestamp(59_000)), Some(1));
    }

    #[test]
    fn shown_to_an_app() {
        let (secret, link) = shown(SEED, "mia@hotel.test").expect("shown");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(link.starts_with("otpauth://totp/Frontdesk:mia%40hotel.test?secret="), "{link}");
        assert_ne!(new_seed().expect("seed"), new_seed().expect("seed"));
    }

    #[test]
    fn recovery() {
        let (codes, digests) = recovery_codes().expect("codes");
        assert_eq!((codes.len(), digests.len()), (10, 10));
        assert_eq!(recovery_digest(&format!(" {} ", codes[3])), Some(digests[3]));
        assert_eq!(recovery_digest("287082"), None);
    }
}
