//! Single sign-on, with a provider that signs real tokens.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::support::oidc::{CLIENT, Provider, Signer};
use crate::support::server::{ADMIN, PASSWORD};
use crate::support::{Caller, Server};

const CALLBACK: &str = "/api/login/oidc/callback";

async fn desk(provider: &Provider) -> Server {
    let settings = provider.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(&settings).await
}

/// Goes to the provider: the browser, and where it was sent.
async fn away(server: &Server) -> (Caller, String) {
    let mut browser = server.caller();
    assert_eq!(browser.get("/api/login/oidc").await.0, 303);
    let place = browser.header("location").to_owned();
    browser.cookie = cookie(&browser, "errand").unwrap_or_default();
    (browser, place)
}

/// A cookie of the newest answer, as it is sent back; none if it was taken back.
fn cookie(browser: &Caller, name: &str) -> Option<String> {
    let lines = browser.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    let mut pairs = lines.map(|line| line.split(';').next().unwrap());
    let begins = format!("__Host-frontdesk_{name}=");
    pairs.find(|pair| pair.starts_with(&begins) && pair.len() > begins.len()).map(str::to_owned)
}

/// Comes back: where the browser is sent then. It is logged in if it was let in.
async fn back(browser: &mut Caller, query: &str) -> String {
    assert_eq!(browser.get(&format!("{CALLBACK}?{query}")).await.0, 303);
    let errand = browser.headers.get_all(SET_COOKIE).iter().any(|line| {
        let line = line.to_str().unwrap();
        line.starts_with("__Host-frontdesk_errand=;") && line.contains("Max-Age=0")
    });
    assert!(errand, "the errand is over");
    let place = browser.header("location").to_owned();
    let agent = cookie(browser, "agent");
    assert_eq!(agent.is_some(), place == "/dashboard", "{place}");
    browser.cookie = agent.unwrap_or_default();
    browser.token = browser.cookie.split('=').next_back().unwrap_or_default().to_owned();
    place
}

/// There and back.
async fn login(server: &Server, provider: &Provider) -> (Caller, String) {
    let (mut browser, url) = away(server).await;
    let (state, code) = provider.authorize(&url);
    let place = back(&mut browser, &format!("state={state}&code={code}")).await;
    (browser, place)
}

async fn accounts(server: &Server) -> Vec<Value> {
    server.admin().await.get("/api/agents").await.1["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn somebody_the_provider_knows_is_let_in() {
    let provider = Provider::start().await;
    let server = desk(&provider).await;
    assert_eq!(server.caller().get("/api/login/ways").await.1, json!({"single_sign_on": true}));
    let (mut browser, url) = away(&server).await;
    let line = browser.header("set-cookie").to_owned();
    assert!(line.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{line}");
    let (state, code) = provider.authorize(&url);
    // Nothing that comes along decides where the browser goes.
    let query = format!("state={state}&code={code}&next=https://evil.example&redirect_uri=//evil.example");
    assert_eq!(back(&mut browser, &query).await, "/dashboard");
    let (_, me) = browser.get("/api/me").await;
    assert_eq!(
        (&me["name"], &me["email"], &me["role"]),
        (&json!("Mia"), &json!("mia@hotel.test"), &json!("agent"))
    );
    assert!(me.get("must").is_none(), "{me}");
    assert_eq!(me["single_sign_on"], true);
    server.desk(&browser).await.settle().await;
    // By another address and name it is the same person, and keeps those of the first time; by another key too.
    provider.says(json!({"email": "mia.new@hotel.test", "aud": [CLIENT], "groups": "desk"}));
    provider.signs_with(Signer::ec("second"), true);
    let (mut again, place) = login(&server, &provider).await;
    assert_eq!(place, "/dashboard");
    assert_eq!(again.get("/api/me").await.1["id"], me["id"]);
    assert_eq!(browser.get("/api/me").await.0, 200, "the earlier login stays");
    // There is no other way in, whatever password the account has.
    let path = format!("/api/agents/{}", me["id"].as_str().unwrap());
    assert_eq!(server.admin().await.patch(&path, json!({"password": PASSWORD})).await.0, 200);
    let body = Some(json!({"email": "mia@hotel.test", "password": PASSWORD}));
    server.caller().refused("POST", "/api/login", body, (401, "unauthorized")).await;
    let (_, log) = server.admin().await.get("/api/audit?limit=50").await;
    let noted = |action: &str, detail: &str| {
        let all = log["items"].as_array().unwrap();
        all.iter().any(|entry| entry["action"] == action && entry["detail"] == detail)
    };
    assert!(noted("agent_added", "agent by single sign-on") && noted("login", "single sign-on"), "{log}");
}

#[tokio::test]
async fn a_token_that_is_not_good_lets_nobody_in() {
    let provider = Provider::start().await;
    let server = desk(&provider).await;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (claims, code) in [
        (json!({"nonce": "another"}), "refused"),
        (json!({"nonce": null}), "refused"),
        (json!({"exp": now - 120}), "refused"),
        (json!({"exp": null}), "refused"),
        (json!({"exp": "never"}), "refused"),
        (json!({"iat": now + 600}), "refused"),
        (json!({"nbf": now + 600}), "refused"),
        (json!({"aud": "another"}), "refused"),
        (json!({"aud": null}), "refused"),
        (json!({"aud": [CLIENT, "another"]}), "refused"),
        (json!({"aud": [CLIENT, "another"], "azp": "another"}), "refused"),
        (json!({"iss": "https://evil.example"}), "refused"),
        (json!({"sub": ""}), "refused"),
        (json!({"sub": "x".repeat(256)}), "refused"),
        (json!({"email_verified": false}), "unverified"),
        (json!({"email_verified": null}), "unverified"),
        (json!({"email": "no address"}), "unverified"),
        (json!({"groups": []}), "no_role"),
        (json!({"groups": ["Desk"]}), "no_role"),
        (json!({"groups": null}), "no_role"),
        (json!({"groups": ["sea"]}), "no_role"),
        (json!({"email": ADMIN.0}), "taken"),
    ] {
        provider.says(claims.clone());
        assert_eq!(login(&server, &provider).await.1, format!("/dashboard?login={code}"), "{claims}");
    }
    provider.says(json!({}));
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(json!({"iss": provider.url, "sub": "x", "aud": CLIENT, "exp": now + 300, "iat": now}));
    for token in [
        format!("{}.{claims}.", part(json!({"alg": "none"}))),
        format!("{}.{claims}.{}", part(json!({"alg": "HS256", "kid": "first"})), part(json!("x"))),
        format!("{}.{claims}.{}", part(json!({"alg": "RS256", "kid": "first"})), part(json!("x"))),
        "x".to_owned(),
        String::new(),
    ] {
        provider.gives(Some(token.clone()));
        assert_eq!(login(&server, &provider).await.1, "/dashboard?login=refused", "{token}");
    }
    provider.gives(None);
    // The name of the key that we know, and another key.
    provider.signs_with(Signer::ec("only"), true);
    assert_eq!(login(&server, &provider).await.1, "/dashboard");
    provider.signs_with(Signer::ec("only"), false);
    assert_eq!(login(&server, &provider).await.1, "/dashboard?login=refused");
    assert_eq!(accounts(&server).await.len(), 2, "the admin, and the one who was let in");
    server.admin().await;
    let (_, log) = server.admin().await.get("/api/audit?limit=200").await;
    let failed = log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "login_failed");
    assert_eq!(failed.count(), 28, "{log}");
}

#[tokio::test]
async fn a_login_is_of_one_browser_and_once() {
    let provider = Provider::start().await;
    let server = desk(&provider).await;
    let stale = "/dashboard?login=stale";
    let begin = async || {
        let (browser, url) = away(&server).await;
        let (state, code) = provider.authorize(&url);
        (browser, state, code)
    };
    let (mut browser, state, code) = begin().await;
    assert_eq!(
        back(&mut browser, &format!("state={}x&code={code}", &state[1..])).await,
        stale,
        "wrong state"
    );
    for query in ["", "state=&code=x", "state=%00&code=x", "code=x"] {
        let (mut browser, ..) = begin().await;
        assert_eq!(back(&mut browser, query).await, stale, "{query}");
    }
    let (mut browser, state, code) = begin().await;
    let errand = browser.cookie.clone();
    assert_eq!(back(&mut browser, &format!("state={state}&code={code}")).await, "/dashboard");
    browser.cookie = errand;
    assert_eq!(back(&mut browser, &format!("state={state}&code={code}")).await, stale, "a second time");
    // Somebody is lured to another's way back: without a cookie of it, and with one of its own.
    let (_, state, code) = begin().await;
    assert_eq!(back(&mut server.caller(), &format!("state={state}&code={code}")).await, stale);
    let (_, state, code) = begin().await;
    let (mut other, ..) = begin().await;
    assert_eq!(back(&mut other, &format!("state={state}&code={code}")).await, stale);
    let tokens = provider.asked("/token");
    for more in ["&error=access_denied", "&code=x&iss=https://evil.example", "", "&code="] {
        let (mut browser, state, _) = begin().await;
        assert_eq!(
            back(&mut browser, &format!("state={state}{more}")).await,
            "/dashboard?login=refused",
            "{more}"
        );
    }
    assert_eq!(provider.asked("/token"), tokens, "none of these is worth a question");
    let (mut browser, state, _) = begin().await;
    assert_eq!(back(&mut browser, &format!("state={state}&code=another")).await, "/dashboard?login=refused");
}

#[tokio::test]
async fn new_keys_are_asked_for_now_and_then() {
    let provider = Provider::start().await;
    let server = desk(&provider).await;
    for _ in 0..3 {
        assert_eq!(login(&server, &provider).await.1, "/dashboard");
    }
    assert_eq!(provider.asked("/keys"), 1, "kept");
    provider.signs_with(Signer::ec("second"), true);
    assert_eq!(login(&server, &provider).await.1, "/dashboard", "a new key");
    assert_eq!(provider.asked("/keys"), 2);
    provider.signs_with(Signer::ec("unknown"), false);
    for _ in 0..5 {
        assert_eq!(login(&server, &provider).await.1, "/dashboard?login=refused");
    }
    assert_eq!(provider.asked("/keys"), 2, "not again so soon");
}

#[tokio::test]
async fn a_role_is_what_the_provider_says_now() {
    let provider = Provider::start().await;
    let server = desk(&provider).await;
    let (mut browser, _) = login(&server, &provider).await;
    let id = browser.get("/api/me").await.1["id"].as_str().unwrap().to_owned();
    let mut socket = server.desk(&browser).await;
    provider.says(json!({"groups": ["desk", "chiefs"]}));
    let (mut chief, place) = login(&server, &provider).await;
    assert_eq!(place, "/dashboard");
    let (_, me) = chief.get("/api/me").await;
    assert_eq!((&me["role"], me["id"].as_str().unwrap()), (&json!("supervisor"), id.as_str()));
    assert_eq!(socket.end().await, 4401);
    browser.refused("GET", "/api/me", None, (401, "unauthorized")).await;

    let mut socket = server.desk(&chief).await;
    provider.says(json!({"groups": ["kitchen"]}));
    assert_eq!(login(&server, &provider).await.1, "/dashboard?login=no_role");
    assert_eq!(socket.end().await, 4401);
    chief.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    provider.says(json!({}));
    assert_eq!(login(&server, &provider).await.1, "/dashboard?login=shut", "until an admin says otherwise");
    let mut admin = server.admin().await;
    assert_eq!(admin.patch(&format!("/api/agents/{id}"), json!({"disabled": false})).await.0, 200);
    let (mut agent, place) = login(&server, &provider).await;
    assert_eq!(place, "/dashboard");
    assert_eq!(agent.get("/api/me").await.1["role"], "agent");
    // And what an admin shuts stays shut.
    assert_eq!(admin.patch(&format!("/api/agents/{id}"), json!({"disabled": true})).await.0, 200);
    assert_eq!(login(&server, &provider).await.1, "/dashboard?login=shut");
    let (_, log) = admin.get("/api/audit?limit=50").await;
    for detail in ["role agent → supervisor by single sign-on", "disabled: no role by single sign-on"] {
        let all = log["items"].as_array().unwrap();
        assert!(all.iter().any(|entry| entry["detail"] == detail), "{detail}: {log}");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_holds_nobody_up() {
    let provider = Provider::start().await;
    let server = desk(&provider).await;
    let away_now = "/dashboard?login=away";
    provider.padding(300 * 1024);
    assert_eq!(away(&server).await.1, away_now, "more than is read");
    provider.padding(0);
    assert_eq!(away(&server).await.1, away_now, "nobody asks again at once");
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1);
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    provider.slow(Duration::from_secs(60));
    let began = Instant::now();
    let (slow, me) = tokio::join!(away(&server), async { server.admin().await.get("/api/me").await.0 });
    assert_eq!((slow.1.as_str(), me), (away_now, 200), "others are served meanwhile");
    assert!((9..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    provider.slow(Duration::ZERO);
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    // Down between the way there and the way back.
    let (mut browser, url) = away(&server).await;
    let (state, code) = provider.authorize(&url);
    provider.down(true);
    assert_eq!(back(&mut browser, &format!("state={state}&code={code}")).await, away_now);
    provider.down(false);
    assert_eq!(login(&server, &provider).await.1, "/dashboard", "it is back, and so are we");
}

#[tokio::test]
async fn guesses_are_counted_and_without_a_provider_there_is_nothing() {
    let provider = Provider::start().await;
    let mut settings = provider.settings();
    settings.push(("FRONTDESK_RATE_LIMITS", "on".to_owned()));
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::start(&settings).await;
    let (mut caller, mut tried) = (server.caller(), 0);
    while caller.get(&format!("{CALLBACK}?state=x&code=y")).await.0 == 303 {
        tried += 1;
        assert!(tried < 200, "never slowed down");
    }
    caller.refused("GET", "/api/login/oidc", None, (429, "rate_limited")).await;
    drop(server);
    let plain = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    assert_eq!(plain.caller().get("/api/login/ways").await.1, json!({"single_sign_on": false}));
    plain.caller().refused("GET", "/api/login/oidc", None, (404, "not_found")).await;
    plain.caller().refused("GET", CALLBACK, None, (404, "not_found")).await;
}
