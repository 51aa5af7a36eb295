//! Codes of an authenticator app, recovery codes, and who must have them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::support::server::{ADMIN, PASSWORD, program};
use crate::support::stored::holds;
use crate::support::{Caller, Client, Server};

/// What the agent's app shows, `steps` of 30 s from now.
fn code(secret: &str, steps: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    app.generate(now() + 30 * steps).to_string()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Waits for a moment after which the code that was used stays the code for a while.
async fn early_in_a_step() {
    let into = now() % 30;
    if into >= 15 {
        tokio::time::sleep(Duration::from_secs(30 - into)).await;
    }
}

/// Sets up a second factor; answers the seed and the recovery codes.
async fn set_up(caller: &mut Caller, password: &str) -> (String, Vec<String>) {
    let (status, seed) = caller.post("/api/me/second-factor", json!({"password": password})).await;
    assert_eq!(status, 201, "{seed}");
    let secret = seed["secret"].as_str().unwrap().to_owned();
    assert!(seed["link"].as_str().unwrap().contains(&secret), "{seed}");
    let code = json!({"code": code(&secret, 0)});
    let (status, body) = caller.post("/api/me/second-factor/confirm", code).await;
    assert_eq!(status, 200, "{body}");
    let codes = body["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

fn login(code: Option<&str>) -> Value {
    json!({"email": ADMIN.0, "password": ADMIN.1, "totp": code})
}

#[tokio::test]
async fn a_login_takes_a_code_and_each_code_opens_once() {
    let mut server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    early_in_a_step().await;
    let (secret, recovery) = set_up(&mut admin, ADMIN.1).await;
    assert_eq!(admin.get("/api/me").await.1["second_factor"], true);
    let again = Some(json!({"password": ADMIN.1}));
    admin.refused("POST", "/api/me/second-factor", again, (409, "conflict")).await;

    let mut caller = server.caller();
    let used = code(&secret, 0);
    let mut said = Vec::new();
    for wrong in [None, Some("000000"), Some(""), Some(used.as_str()), Some("a-recovery-code")] {
        let answer = caller.refused("POST", "/api/login", Some(login(wrong)), (401, "unauthorized")).await;
        said.push(answer.to_string());
    }
    said.push(
        caller
            .refused(
                "POST",
                "/api/login",
                Some(json!({"email": ADMIN.0, "password": "x"})),
                (401, "unauthorized"),
            )
            .await
            .to_string(),
    );
    said.dedup();
    assert_eq!(said.len(), 1, "whatever is wrong: {said:?}");
    let next = code(&secret, 1);
    assert_eq!(caller.post("/api/login", login(Some(&next))).await.0, 200);
    caller.refused("POST", "/api/login", Some(login(Some(&next))), (401, "unauthorized")).await;
    assert_eq!(caller.post("/api/login", login(Some(&recovery[4]))).await.0, 200);
    caller.refused("POST", "/api/login", Some(login(Some(&recovery[4]))), (401, "unauthorized")).await;

    // Under a new key nothing changes for its owner; and the seed lies nowhere in the open.
    server.stop().await;
    let key = std::fs::read_to_string(server.data().join("secret.key")).unwrap();
    let rotated = program(&server.folder, &[]).arg("rotate-key").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&rotated.stdout).trim(), "1 secrets are sealed under the new key");
    assert_ne!(std::fs::read_to_string(server.data().join("secret.key")).unwrap(), key);
    let seed = Secret::try_from_base32(&secret).unwrap();
    for plain in [secret.as_bytes(), seed.as_ref(), recovery[0].as_bytes()] {
        assert!(!holds(&server, plain));
    }
    server.restart().await;
    let mut caller = server.caller();
    assert_eq!(caller.post("/api/login", login(Some(&recovery[5]))).await.0, 200);
}

#[tokio::test]
async fn turned_off_with_the_password_or_by_an_admin() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let mut agent = server.agent("agent").await;
    set_up(&mut agent, PASSWORD).await;
    let wrong = Some(json!({"password": "not the password"}));
    agent.refused("POST", "/api/me/second-factor/remove", wrong, (403, "forbidden")).await;
    let (status, _) = agent.post("/api/me/second-factor/remove", json!({"password": PASSWORD})).await;
    assert_eq!(status, 204);
    assert!(agent.get("/api/me").await.1["second_factor"].is_null());
    set_up(&mut agent, PASSWORD).await;
    let path = format!("/api/agents/{}/second-factor", agent.id);
    agent.refused("DELETE", &path, None, (403, "forbidden")).await;
    assert_eq!(admin.delete(&path).await.0, 204);
    agent.refused("GET", "/api/me", None, (401, "unauthorized")).await;
}

#[tokio::test]
async fn where_the_operator_asks_for_it_nothing_else_goes() {
    let server = Server::start(&[("FRONTDESK_SECOND_FACTOR", "supervisor")]).await;
    let mut admin = server.admin().await;
    assert_eq!(admin.get("/api/me").await.1["must"], "set_up_second_factor");
    for path in ["/api/conversations", "/api/agents", "/api/knowledge"] {
        admin.refused("GET", path, None, (403, "forbidden")).await;
    }
    let mut desk = Client::connect(&server.address, "/ws/agent").await;
    desk.send(json!({"type": "hello", "token": admin.token})).await;
    assert_eq!(desk.end().await, 4403);
    set_up(&mut admin, ADMIN.1).await;
    assert!(admin.get("/api/me").await.1["must"].is_null());
    assert_eq!(admin.get("/api/agents").await.0, 200);
    let account = json!({"email": "low@hotel.test", "name": "Low", "role": "agent", "password": PASSWORD});
    assert_eq!(admin.post("/api/agents", account).await.0, 201);
    let mut agent = server.caller();
    agent.login("low@hotel.test", PASSWORD).await;
    assert_eq!(agent.get("/api/conversations").await.0, 200, "asked of supervisors and above");
}

#[tokio::test]
async fn whoever_lost_everything_is_let_in_again_by_the_operator() {
    let mut server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    set_up(&mut admin, ADMIN.1).await;
    server.stop().await;
    let reset = |email: &str| program(&server.folder, &[]).args(["reset-login", email]).output().unwrap();
    assert_eq!(reset("nobody@hotel.test").status.code(), Some(1));
    let printed = String::from_utf8(reset(ADMIN.0).stdout).unwrap();
    let password = printed.split_whitespace().last().unwrap().to_owned();
    server.restart().await;
    let mut caller = server.caller();
    caller.login(ADMIN.0, &password).await;
    assert_eq!(caller.get("/api/me").await.1["must"], "change_password");
    let change = json!({"current": password, "new": "a password of my own"});
    assert_eq!(caller.post("/api/me/password", change).await.0, 204);
    assert!(caller.get("/api/me").await.1["must"].is_null());
}
