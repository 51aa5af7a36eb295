//! Agents log in and out, and whatever ends a login ends its sockets.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::{ADMIN, PASSWORD};
use crate::support::{Caller, Client, Server};

/// The contract's sentence is "its sockets are closed"; this is how long that may take.
async fn closed_in_time(socket: &mut Client) {
    let began = Instant::now();
    assert_eq!(socket.end().await, 4401);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_login_gives_a_cookie_and_says_who() {
    let server = Server::start(&[]).await;
    let mut caller = server.caller();
    let (status, body) = caller.post("/api/login", json!({"email": ADMIN.0, "password": ADMIN.1})).await;
    assert_eq!(status, 200);
    let agent = body["agent"].as_object().unwrap();
    assert_eq!((&agent["email"], &agent["role"]), (&json!(ADMIN.0), &json!("admin")));
    assert!(uuid::Uuid::parse_str(agent["id"].as_str().unwrap()).is_ok() && agent["name"].is_string());
    assert_eq!(agent.len(), 4, "no more than that: {agent:?}");
    let cookie = caller.header("set-cookie");
    assert!(cookie.starts_with("frontdesk_agent="), "{cookie}");
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Secure"));
    let mut admin = server.admin().await;
    let (status, me) = admin.get("/api/me").await;
    assert_eq!((status, &me), (200, &body["agent"]));
    let shouted = json!({"email": format!(" {} ", ADMIN.0.to_uppercase()), "password": ADMIN.1});
    assert_eq!(server.caller().post("/api/login", shouted).await.0, 200, "an address has no case");
    server.caller().refused("GET", "/api/me", None, (401, "unauthorized")).await;
    let mut stranger = server.caller();
    stranger.cookie = "frontdesk_agent=nonsense".into();
    stranger.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    stranger.refused("POST", "/api/logout", None, (401, "unauthorized")).await;
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let server = Server::start(&[]).await;
    let disabled = server.agent("agent").await;
    let mut admin = server.admin().await;
    let (_, accounts) = admin.get("/api/agents").await;
    let account = accounts["items"].as_array().unwrap().iter().find(|a| a["id"] == json!(disabled.id));
    let email = account.unwrap()["email"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{}", disabled.id);
    assert_eq!(admin.patch(&path, json!({"disabled": true})).await.0, 200);
    let mut answers = Vec::new();
    for (email, password) in
        [(ADMIN.0, "wrong"), ("nobody@hotel.test", ADMIN.1), (&email, PASSWORD), ("", ""), ("\u{0}", "x")]
    {
        let mut caller = server.caller();
        let wrong = Some(json!({"email": email, "password": password}));
        let body = caller.refused("POST", "/api/login", wrong, (401, "unauthorized")).await;
        assert!(!caller.headers.contains_key("set-cookie"), "{email}");
        answers.push(body.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    for bad in [json!({}), json!({"email": ADMIN.0}), json!({"email": 1, "password": "x"}), json!([])] {
        server.caller().refused("POST", "/api/login", Some(bad), (400, "bad_frame")).await;
    }
}

#[tokio::test]
async fn a_logout_ends_this_login_and_its_sockets() {
    let server = Server::start(&[]).await;
    let (mut admin, mut desk) = server.dashboard().await;
    let (mut other, mut other_desk) = server.dashboard().await;
    let (status, body) = admin.call("POST", "/api/logout", None).await;
    assert_eq!((status, body), (204, Value::Null));
    let cookie = admin.header("set-cookie");
    assert!(cookie.starts_with("frontdesk_agent=;") && cookie.contains("Max-Age=0"), "{cookie}");
    closed_in_time(&mut desk).await;
    admin.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    let mut again = Client::connect(&server.address, "/ws/agent").await;
    again.send(json!({"type": "hello", "token": admin.token})).await;
    assert_eq!(again.end().await, 4401);
    assert_eq!(other.get("/api/me").await.0, 200, "another login of the same agent stays");
    other_desk.settle().await;
}

#[tokio::test]
async fn another_password_role_or_no_account_ends_all_logins() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    for change in [
        json!({"password": "another password"}),
        json!({"role": "viewer"}),
        json!({"disabled": true}),
        Value::Null,
    ] {
        let mut agent = server.agent("agent").await;
        let (mut one, mut two) = (server.desk(&agent).await, server.desk(&agent).await);
        let path = format!("/api/agents/{}", agent.id);
        let status = match &change {
            Value::Null => admin.delete(&path).await.0,
            change => admin.patch(&path, change.clone()).await.0,
        };
        assert!(matches!(status, 200 | 204), "{change}: {status}");
        closed_in_time(&mut one).await;
        closed_in_time(&mut two).await;
        agent.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    }
    let mut agent = server.agent("agent").await;
    let mut desk = server.desk(&agent).await;
    let path = format!("/api/agents/{}", agent.id);
    assert_eq!(admin.patch(&path, json!({"name": "Mia"})).await.0, 200);
    assert_eq!(agent.get("/api/me").await.1["name"], "Mia", "a new name ends nothing");
    desk.settle().await;
}

#[tokio::test]
async fn a_new_password_is_the_one_that_opens() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let path = format!("/api/agents/{}", admin.id);
    assert_eq!(admin.patch(&path, json!({"password": "battery staple"})).await.0, 200);
    let old = Some(json!({"email": ADMIN.0, "password": ADMIN.1}));
    server.caller().refused("POST", "/api/login", old, (401, "unauthorized")).await;
    let mut caller: Caller = server.caller();
    caller.login(ADMIN.0, "battery staple").await;
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let server = Server::start(&[("FRONTDESK_RATE_LIMITS", "on")]).await;
    let mut caller = server.caller();
    let guess = json!({"email": ADMIN.0, "password": "wrong"});
    let mut tried = 0;
    while caller.post("/api/login", guess.clone()).await.0 == 401 {
        tried += 1;
        assert!(tried < 60, "never slowed down");
    }
    let good = Some(json!({"email": ADMIN.0, "password": ADMIN.1}));
    caller.refused("POST", "/api/login", good, (429, "rate_limited")).await;
    assert!(caller.header("retry-after").parse::<u64>().unwrap() >= 1);
    let other = Some(json!({"email": "other@hotel.test", "password": "wrong"}));
    caller.refused("POST", "/api/login", other, (401, "unauthorized")).await;
}
