//! What is believed, and what is not.

use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(head: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", part(head), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn claims() -> Value {
    json!({"sub": "guest-7", "aud": "inn", "iat": NOW, "exp": NOW + 300, "jti": "one", "name": "Ada"})
}

fn is_read(token: &str) -> Option<Identity> {
    read(token, [b"new".as_slice(), b"old"], "inn", NOW)
}

#[test]
fn both_secrets_sign() {
    let head = json!({"alg": "HS256", "typ": "JWT"});
    for secret in [b"new", b"old"] {
        let identity = is_read(&signed(&head, &claims(), secret)).expect("good");
        assert_eq!((identity.subject.as_str(), identity.profile.name.as_deref()), ("guest-7", Some("Ada")));
    }
    assert!(is_read(&signed(&head, &claims(), b"other")).is_none());
}

#[test]
fn what_is_not_as_agreed_is_not_believed() {
    let head = json!({"alg": "HS256"});
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        claims
    };
    for bad in [
        with("sub", json!("")),
        with("sub", json!(7)),
        with("sub", json!("x".repeat(256))),
        with("jti", Value::Null),
        with("aud", json!("other")),
        with("aud", json!(["inn"])),
        with("exp", json!(NOW - 60)),
        with("exp", json!(NOW + 3_661)),
        with("exp", json!("soon")),
        with("iat", json!(NOW + 61)),
        with("nbf", json!(NOW + 61)),
        with("name", json!("x".repeat(10_000))),
    ] {
        assert!(is_read(&signed(&head, &bad, b"new")).is_none(), "{bad}");
    }
    for head in
        [json!({"alg": "none"}), json!({"alg": "RS256"}), json!({"alg": "HS256", "crit": ["x"]}), json!([])]
    {
        assert!(is_read(&signed(&head, &claims(), b"new")).is_none(), "{head}");
    }
    let good = signed(&head, &claims(), b"new");
    assert!(is_read(&good).is_some());
    let unsigned = format!("{}.{}.", part(&head), part(&claims()));
    for bad in ["", "a.b", "a.b.c", &unsigned, &good[..good.len() - 1], &good.replace('.', "..")] {
        assert!(is_read(bad).is_none(), "{bad}");
    }
}

#[test]
fn any_changed_byte_is_seen() {
    let good = signed(&json!({"alg": "HS256"}), &claims(), b"new");
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        // Two letters away: the last one has bits that mean nothing, and the decoder refuses those.
        bytes[at] = if bytes[at] == b'A' { b'C' } else { b'A' };
        assert!(is_read(std::str::from_utf8(&bytes).unwrap()).is_none(), "{at}");
    }
}
