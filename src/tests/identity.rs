//! Who a guest is: by a token that the hotel has signed, and by nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::whatsapp::{SETTINGS, text};
use crate::support::{Caller, Meta, Server};

fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// Good claims for the hotel's guest `subject`, under an id of their own.
fn claims(subject: &str) -> Value {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    json!({"sub": subject, "aud": "default", "iat": seconds(), "exp": seconds() + 300, "jti": id})
}

fn token(head: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(head), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn signed(claims: &Value, secret: &str) -> String {
    token(&json!({"alg": "HS256", "typ": "JWT"}), claims, secret)
}

async fn new_secret(admin: &mut Caller) -> String {
    let (status, key) = admin.post("/api/identity/key", json!({})).await;
    assert_eq!(status, 201, "{key}");
    key["secret"].as_str().unwrap().to_owned()
}

/// A session with what is said in its beginning, from a browser that has this guest token, if any.
async fn come(server: &Server, held: &str, body: Value) -> (u16, Value) {
    let mut caller = server.caller();
    caller.token = held.to_owned();
    caller.post("/api/guest/session", body).await
}

fn held(session: &Value) -> &str {
    session["token"].as_str().unwrap()
}

/// All words of the conversation that a guest's token opens.
async fn seen(server: &Server, session: &Value) -> String {
    let mut caller = server.caller();
    caller.token = held(session).to_owned();
    let path = format!("/api/conversations/{}/events", session["conversation"].as_str().unwrap());
    let (status, events) = caller.get(&path).await;
    assert_eq!(status, 200, "{events}");
    events.to_string()
}

async fn say(server: &Server, session: &Value, text: &str) {
    let mut caller = server.caller();
    caller.token = held(session).to_owned();
    let path = format!("/api/conversations/{}/messages", session["conversation"].as_str().unwrap());
    let (status, said) = caller.post(&path, json!({"id": "canary", "text": text})).await;
    assert_eq!(status, 201, "{said}");
}

#[tokio::test]
async fn a_signed_token_verifies_and_nothing_else_does() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let (status, refused) = come(&server, "", json!({"identity": signed(&claims("g7"), "guessed")})).await;
    assert_eq!(
        (status, &refused["code"]),
        (401, &json!("unauthorized")),
        "nothing can have signed it: {refused}"
    );
    let secret = new_secret(&mut admin).await;
    let (_, anonymous) = come(&server, "", json!({"name": "Ada"})).await;
    let with = |name: &str, value: Value| {
        let mut claims = claims("g7");
        claims[name] = value;
        signed(&claims, &secret)
    };
    let replayed = signed(&claims("g7"), &secret);
    let (status, verified) = come(&server, "", json!({"identity": replayed})).await;
    assert_eq!((status, &verified["guest"]["verified"]), (201, &json!(true)), "{verified}");
    let good = signed(&claims("g7"), &secret);
    let bad = [
        ("no token", "nonsense".to_owned()),
        ("another secret", signed(&claims("g7"), "another")),
        ("another hotel's", with("aud", json!("other"))),
        ("no hotel's", with("aud", Value::Null)),
        ("expired", with("exp", json!(seconds() - 120))),
        ("for a day", with("exp", json!(seconds() + 86_400))),
        ("not yet", with("nbf", json!(seconds() + 600))),
        ("nobody's", with("sub", Value::Null)),
        ("without an id", with("jti", Value::Null)),
        ("replayed", replayed),
        ("alg none", token(&json!({"alg": "none"}), &claims("g7"), &secret)),
        ("alg swapped", token(&json!({"alg": "RS256"}), &claims("g7"), &secret)),
        ("unsigned", format!("{}.", good.rsplit_once('.').unwrap().0)),
    ];
    for (why, identity) in bad {
        for browser in ["", held(&anonymous)] {
            let (status, refused) = come(&server, browser, json!({"identity": identity})).await;
            assert_eq!((status, &refused["code"]), (401, &json!("unauthorized")), "{why}: {refused}");
            assert!(refused.get("token").is_none(), "{why}: {refused}");
        }
    }
    let (status, same) = come(&server, held(&anonymous), json!({})).await;
    assert_eq!((status, &same["conversation"]), (200, &anonymous["conversation"]));
    assert_ne!(same["guest"]["verified"], true, "{same}");
    // What the hotel says is what staff see, and a guest's own words beside it are not taken for it.
    let mut claims = claims("g8");
    claims["room"] = json!("204");
    let body = json!({"identity": signed(&claims, &secret), "room": "999", "name": "Mallory"});
    let (_, eight) = come(&server, "", body).await;
    let path = format!("/api/conversations/{}", eight["conversation"].as_str().unwrap());
    let (_, summary) = admin.get(&path).await;
    assert_eq!((&summary["guest"]["verified"], &summary["guest"]["room"]), (&json!(true), &json!("204")));
    assert!(summary["guest"].get("name").is_none_or(Value::is_null), "{summary}");
    // Nor what is said later, by who holds the session: but for the language, the hotel speaks.
    let later = json!({"room": "999", "name": "Mallory", "email": "m@evil.example", "locale": "de"});
    let (status, _) = come(&server, held(&eight), later).await;
    let (_, summary) = admin.get(&path).await;
    assert_eq!((status, &summary["guest"]["room"]), (200, &json!("204")), "{summary}");
    assert_eq!((&summary["guest"]["name"], &summary["guest"]["locale"]), (&Value::Null, &json!("de")));
    assert_eq!(summary["guest"]["vouched"], json!(["room"]), "{summary}");
    // The hotel's next word is its own as well.
    let mut next = self::claims("g8");
    next["name"] = json!("Eve Eight");
    let (status, _) = come(&server, held(&eight), json!({"identity": signed(&next, &secret)})).await;
    let (_, summary) = admin.get(&path).await;
    assert_eq!((status, &summary["guest"]["vouched"]), (200, &json!(["name", "room"])), "{summary}");
    let events = admin.history(eight["conversation"].as_str().unwrap()).await;
    let told = events.iter().rfind(|event| event["kind"] == "profile").unwrap();
    assert_eq!(told["by"]["kind"], "system", "{told}");
}

#[tokio::test]
async fn becoming_verified_hands_no_thread_to_another() {
    let mut server = Server::start(&[]).await;
    let secret = new_secret(&mut server.admin().await).await;
    let name = |subject: &str| json!({"identity": signed(&claims(subject), &secret)});
    // One browser, one after the other.
    let (_, stranger) = come(&server, "", json!({})).await;
    say(&server, &stranger, "canary of the stranger").await;
    let (status, ada) = come(&server, held(&stranger), name("ada")).await;
    assert_eq!(status, 201, "{ada}");
    say(&server, &ada, "canary of ada").await;
    let (status, bob) = come(&server, held(&ada), name("bob")).await;
    assert_eq!(status, 201, "{bob}");
    say(&server, &bob, "canary of bob").await;
    let (status, next) = come(&server, held(&bob), json!({"identity": ""})).await;
    assert_eq!(status, 201, "nobody is logged in any more: {next}");
    let all = [("stranger", &stranger), ("ada", &ada), ("bob", &bob), ("nobody", &next)];
    for (who, session) in all {
        let seen = seen(&server, session).await;
        for (whose, other) in all {
            let same = who == whose;
            assert!(same || !seen.contains(&format!("canary of {whose}")), "{who} sees {whose}'s: {seen}");
            assert!(same || held(session) != held(other), "{who} and {whose} have one token");
            assert!(same || session["conversation"] != other["conversation"], "{who}, {whose}");
        }
    }
    assert_ne!(next["guest"]["verified"], true);
    // A stranger who says that nobody is logged in goes on as before.
    let (status, same) = come(&server, held(&stranger), json!({"identity": ""})).await;
    assert_eq!((status, held(&same)), (200, held(&stranger)));
    // The guest's own next visits: in this browser, on another device, and after a crash.
    let (status, same) = come(&server, held(&ada), name("ada")).await;
    assert_eq!((status, held(&same)), (200, held(&ada)));
    server.crash().await;
    let (status, phone) = come(&server, "", name("ada")).await;
    assert_eq!((status, &phone["conversation"]), (200, &ada["conversation"]));
    assert_ne!(held(&phone), held(&ada));
    assert!(seen(&server, &phone).await.contains("canary of ada"));
}

#[tokio::test]
async fn secrets_are_changed_without_a_gap_and_taken_away_at_once() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    assert_eq!(admin.get("/api/identity/key").await.1["key"], Value::Null);
    let old = new_secret(&mut admin).await;
    let new = new_secret(&mut admin).await;
    let (_, key) = admin.get("/api/identity/key").await;
    assert!(key["key"]["old_until"].is_string() && !key.to_string().contains(&new), "{key}");
    for secret in [&old, &new] {
        assert_eq!(come(&server, "", json!({"identity": signed(&claims("g1"), secret)})).await.0 / 100, 2);
    }
    let newest = new_secret(&mut admin).await;
    let (status, _) = come(&server, "", json!({"identity": signed(&claims("g1"), &old)})).await;
    assert_eq!(status, 401, "two before");
    let mut agent = server.agent("supervisor").await;
    for method in ["GET", "POST", "DELETE"] {
        agent.refused(method, "/api/identity/key", None, (403, "forbidden")).await;
    }
    assert_eq!(admin.call("DELETE", "/api/identity/key", None).await.0, 204);
    for secret in [&new, &newest] {
        assert_eq!(come(&server, "", json!({"identity": signed(&claims("g1"), secret)})).await.0, 401);
    }
    assert_eq!(admin.call("DELETE", "/api/identity/key", None).await.0, 404);
}

#[tokio::test]
async fn a_hotel_that_signs_with_a_key_of_its_own_tells_us_no_secret() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = URL_SAFE_NO_PAD.encode(pair.public_key());
    let secret = new_secret(&mut admin).await;
    for bad in [json!(&public[1..]), json!(""), json!("x".repeat(5_000)), json!(7)] {
        let (status, refused) = admin.post("/api/identity/key", json!({"public_key": bad})).await;
        assert_eq!(status, 400, "{refused}");
    }
    let (status, key) = admin.post("/api/identity/key", json!({"public_key": public})).await;
    assert_eq!((status, &key["algorithm"]), (201, &json!("EdDSA")), "{key}");
    assert!(key.get("secret").is_none(), "{key}");
    assert_eq!(admin.get("/api/identity/key").await.1["key"]["algorithm"], "EdDSA");
    let signed_by_pair = |head: &Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(&claims("g1")));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes())))
    };
    let (status, guest) =
        come(&server, "", json!({"identity": signed_by_pair(&json!({"alg": "EdDSA"}))})).await;
    assert_eq!((status, &guest["guest"]["verified"]), (201, &json!(true)), "{guest}");
    // The secret before is good for a day, each with its own algorithm only.
    assert_eq!(come(&server, "", json!({"identity": signed(&claims("g1"), &secret)})).await.0, 200);
    let swapped = [
        signed(&claims("g1"), &public),
        token(&json!({"alg": "EdDSA"}), &claims("g1"), &public),
        token(&json!({"alg": "EdDSA"}), &claims("g1"), &secret),
        signed_by_pair(&json!({"alg": "HS256"})),
    ];
    for identity in swapped {
        assert_eq!(come(&server, "", json!({"identity": identity})).await.0, 401);
    }
}

#[tokio::test]
async fn what_a_guest_claims_opens_nothing_of_whose_it_is() {
    let server = Server::start(SETTINGS).await;
    let mut admin = server.admin().await;
    let secret = new_secret(&mut admin).await;
    let meta = Meta::new(&server);
    assert_eq!(meta.messages(json!([text("wamid.1", "491512345678", "canary of the phone")])).await, 200);
    let mut claims = claims("g7");
    for (name, value) in
        [("name", "Ada Berg"), ("email", "ada@example.org"), ("phone", "+491709999999"), ("room", "204")]
    {
        claims[name] = json!(value);
    }
    let (_, ada) = come(&server, "", json!({"identity": signed(&claims, &secret)})).await;
    say(&server, &ada, "canary of ada").await;
    for claim in [
        json!({"email": "ada@example.org"}),
        json!({"email": "ADA@EXAMPLE.ORG"}),
        json!({"phone": "+491709999999"}),
        json!({"phone": "+491512345678"}),
        json!({"phone": "491512345678"}),
        json!({"room": "204"}),
        json!({"name": "Ada Berg"}),
        json!({"name": "Ada Berg", "email": "ada@example.org", "phone": "+491709999999", "room": "204"}),
    ] {
        // In the beginning, and later.
        let (status, at_once) = come(&server, "", claim.clone()).await;
        assert_eq!(status, 201, "{at_once}");
        let (_, late) = come(&server, "", json!({})).await;
        let (status, late) = come(&server, held(&late), claim.clone()).await;
        assert_eq!(status, 200, "{late}");
        for session in [at_once, late] {
            assert_ne!(session["conversation"], ada["conversation"], "{claim}");
            assert_ne!(session["guest"]["id"], ada["guest"]["id"], "{claim}");
            assert_ne!(session["guest"]["verified"], true, "{claim}");
            assert!(!seen(&server, &session).await.contains("canary"), "{claim}");
            let path = format!("/api/conversations/{}", session["conversation"].as_str().unwrap());
            assert_ne!(admin.get(&path).await.1["guest"]["verified"], true, "staff see a claim: {claim}");
        }
    }
}
