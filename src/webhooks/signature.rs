//! Who sent a body and when: `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`.
//!
//! The time is in what is signed, so that an old request cannot be sent again as a new one. There may be
//! several `v1`: while a secret is being changed, both sign.

use ring::hmac;

/// The header's name.
pub const HEADER: &str = "frontdesk-signature";
/// How far the sender's clock may be from ours, in seconds.
pub const WINDOW_SECS: i64 = 300;
/// Signatures that are looked at in one header.
const SIGNATURES_MAX: usize = 4;

/// The header's value for a body that is sent at this time (seconds since 1970).
pub fn sign<'s>(secrets: impl IntoIterator<Item = &'s [u8]>, at: i64, body: &[u8]) -> String {
    let mut header = format!("t={at}");
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let digest = hmac::sign(&key, &signed(&at.to_string(), body));
        header.push_str(",v1=");
        for byte in digest.as_ref() {
            header.push_str(&format!("{byte:02x}"));
        }
    }
    header
}

/// True if the header signs exactly this body under one of the secrets, at a time near `now`.
pub fn is_signed<'s>(
    secrets: impl IntoIterator<Item = &'s [u8]>,
    header: &str,
    body: &[u8],
    now: i64,
) -> bool {
    let Some((at, digests)) = parts(header) else { return false };
    let Ok(time) = at.parse::<i64>() else { return false };
    if time.abs_diff(now) > WINDOW_SECS.unsigned_abs() {
        return false;
    }
    let signed = signed(at, body);
    let fits = |secret: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        digests.iter().any(|digest| hmac::verify(&key, &signed, digest).is_ok())
    };
    secrets.into_iter().any(fits)
}

/// True if the header looks like a signature at all: who sends none is not listened to.
pub fn is_shaped(header: &str) -> bool {
    parts(header).is_some()
}

fn signed(at: &str, body: &[u8]) -> Vec<u8> {
    [at.as_bytes(), b".", body].concat()
}

/// The time as it was written, and the digests.
fn parts(header: &str) -> Option<(&str, Vec<Vec<u8>>)> {
    let mut fields = header.split(',').map(str::trim);
    let at = fields.next()?.strip_prefix("t=")?;
    if at.is_empty() || at.len() > 12 || !at.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digests = fields
        .take(SIGNATURES_MAX)
        // Another version's signature beside ours is none of our business.
        .filter_map(|field| digest(field.strip_prefix("v1=")?))
        .collect::<Vec<_>>();
    (!digests.is_empty()).then_some((at, digests))
}

fn digest(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"1"}"#;

    fn secrets<'s>(all: &'s [&'s str]) -> impl Iterator<Item = &'s [u8]> {
        all.iter().map(|secret| secret.as_bytes())
    }

    #[test]
    fn the_known_answer() {
        // printf '1700000000.{"id":"1"}' | openssl dgst -sha256 -hmac secret
        let header = sign(secrets(&["secret"]), 1_700_000_000, BODY);
        let digest = "086f6aff7bd084c98679825129c5a64dbad88c760016d6d2c0fb123f27951d54";
        assert_eq!(header, format!("t=1700000000,v1={digest}"));
    }

    #[test]
    fn the_old_and_the_new_secret() {
        let both = sign(secrets(&["new", "old"]), 1_000, BODY);
        for known in [&["new"][..], &["old"], &["other", "old"]] {
            assert!(is_signed(secrets(known), &both, BODY, 1_000), "{known:?}");
        }
        assert!(!is_signed(secrets(&["other"]), &both, BODY, 1_000));
        assert!(!is_signed(secrets(&[]), &both, BODY, 1_000));
    }

    #[test]
    fn the_time_counts() {
        let header = sign(secrets(&["s"]), 10_000, BODY);
        for (now, good) in [(10_000, true), (10_300, true), (9_700, true), (10_301, false), (9_699, false)] {
            assert_eq!(is_signed(secrets(&["s"]), &header, BODY, now), good, "{now}");
        }
        let later = header.replace("t=10000", "t=10001");
        assert!(!is_signed(secrets(&["s"]), &later, BODY, 10_000), "it is in what is signed");
    }

    #[test]
    fn every_byte_counts() {
        let header = sign(secrets(&["s"]), 10_000, BODY);
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert!(!is_signed(secrets(&["s"]), &header, &body, 10_000), "body, byte {at}");
        }
        for at in 0..header.len() {
            let mut bytes = header.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(bytes).expect("ASCII");
            assert!(!is_signed(secrets(&["s"]), &other, BODY, 10_000), "header, byte {at}");
        }
    }

    #[test]
    fn what_is_no_signature() {
        let good = sign(secrets(&["s"]), 10_000, BODY);
        let hex = good.split("v1=").nth(1).expect("hex");
        for bad in [
            String::new(),
            format!("v1={hex}"),
            "t=10000".to_owned(),
            format!("t=,v1={hex}"),
            format!("t=-10000,v1={hex}"),
            format!("t=9999999999999,v1={hex}"),
            format!("t=10000,v1={}", &hex[1..]),
            format!("t=10000,v1={}", "z".repeat(64)),
            format!("t=10000,v1={}", "é".repeat(32)),
            format!("t=10000,v2={hex}"),
        ] {
            assert!(!is_shaped(&bad), "{bad}");
            assert!(!is_signed(secrets(&["s"]), &bad, BODY, 10_000), "{bad}");
        }
        assert!(is_shaped(&good) && is_shaped(&format!("{good},v2=later")));
    }
}
