//! What is believed, and what is not.

use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
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
    let keys = [b"new", b"old"].map(|secret| Key::Secret(secret.to_vec()));
    read(token, &keys, "inn", NOW)
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn public(pair: &Ed25519KeyPair) -> Key {
    Key::Public(pair.public_key().as_ref().try_into().unwrap())
}

fn signed_by(pair: &Ed25519KeyPair) -> String {
    let signed = format!("{}.{}", part(&json!({"alg": "EdDSA"})), part(&claims()));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes())))
}

#[test]
fn the_key_decides_on_the_algorithm() {
    let (ours, other) = (pair(1), pair(2));
    let keys = [public(&ours), Key::Secret(b"old".to_vec())];
    let read = |token: &str| read(token, &keys, "inn", NOW);
    let good = signed_by(&ours);
    assert_eq!(read(&good).expect("good").subject, "guest-7");
    assert!(read(&signed(&json!({"alg": "HS256"}), &claims(), b"old")).is_some(), "the one before");
    assert!(read(&signed_by(&other)).is_none());
    // Who knows the public key, as everybody may, has signed with it as if it were a secret.
    for secret in [ours.public_key().as_ref(), &keys[0].to_bytes()] {
        for head in [json!({"alg": "HS256"}), json!({"alg": "EdDSA"})] {
            assert!(read(&signed(&head, &claims(), secret)).is_none(), "{head}");
        }
    }
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'C' } else { b'A' };
        assert!(read(std::str::from_utf8(&bytes).unwrap()).is_none(), "{at}");
    }
}

#[test]
fn a_public_key_as_people_have_it() {
    let key = public(&pair(1));
    let Key::Public(bytes) = &key else { unreachable!() };
    let x = URL_SAFE_NO_PAD.encode(bytes);
    let spki =
        [[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00].as_slice(), bytes].concat();
    let body = base64::engine::general_purpose::STANDARD.encode(&spki);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    for text in [&x, &pem] {
        assert_eq!(Key::public(text).as_ref(), Some(&key), "{text}");
    }
    assert_eq!(Key::from_bytes(key.to_bytes()), key);
    assert_eq!(Key::from_bytes(b"fdwh_x".to_vec()), Key::Secret(b"fdwh_x".to_vec()));
    // Cut, of another kind, private, empty.
    let rsa = pem.replace(&body[..10], "MIIBIjANBg");
    for text in [&x[1..], &pem[..40], &rsa, &pem.replace("PUBLIC", "PRIVATE"), ""] {
        assert_eq!(Key::public(text), None, "{text}");
    }
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
