//! An agent's logins: seen and ended by their owner or an admin; passwords; guesses.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::server::{ADMIN, PASSWORD};
use crate::support::{Server, Stored};

#[tokio::test]
async fn seen_and_ended_by_their_owner() {
    let server = Server::start(&[]).await;
    let mut here = server.admin().await;
    let mut there = server.admin().await;
    let mut desk = server.desk(&there).await;
    let (status, listed) = here.get("/api/me/sessions").await;
    assert_eq!(status, 200);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1);
    for item in items {
        assert_eq!(item["address"], "127.0.0.1");
        assert!(!listed.to_string().contains(&here.token) && item["id"].as_str().unwrap().len() == 32);
    }
    let other = items.iter().find(|item| item["current"] == false).unwrap()["id"].as_str().unwrap();
    let began = Instant::now();
    assert_eq!(here.delete(&format!("/api/me/sessions/{other}")).await.0, 204);
    assert_eq!(desk.end().await, 4401);
    assert!(began.elapsed() < Duration::from_secs(2));
    there.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    here.refused("DELETE", &format!("/api/me/sessions/{other}"), None, (404, "not_found")).await;
    let mut third = server.admin().await;
    assert_eq!(here.delete("/api/me/sessions").await.0, 204);
    third.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    assert_eq!(here.get("/api/me").await.0, 200, "but not this one");
}

#[tokio::test]
async fn seen_and_ended_by_an_admin_and_nobody_else() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let mut agent = server.agent("supervisor").await;
    let mut desk = server.desk(&agent).await;
    let path = format!("/api/agents/{}/sessions", agent.id);
    agent.refused("GET", &path, None, (403, "forbidden")).await;
    agent.refused("DELETE", &path, None, (403, "forbidden")).await;
    let own = admin.get("/api/me/sessions").await.1["items"][0]["id"].as_str().unwrap().to_owned();
    agent.refused("DELETE", &format!("/api/me/sessions/{own}"), None, (404, "not_found")).await;
    let mut elsewhere = server.caller();
    let email = agent.get("/api/me").await.1["email"].as_str().unwrap().to_owned();
    elsewhere.login(&email, PASSWORD).await;
    let listed = admin.get(&path).await.1;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let one = |id: &str| format!("{path}/{id}");
    // The newest first: that of elsewhere. One's own is not among another's.
    let newest = one(items[0]["id"].as_str().unwrap());
    agent.refused("DELETE", &newest, None, (403, "forbidden")).await;
    admin.refused("DELETE", &one(&own), None, (404, "not_found")).await;
    assert_eq!(admin.delete(&newest).await.0, 204);
    elsewhere.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    assert_eq!(agent.get("/api/me").await.0, 200, "the other one goes on");
    assert_eq!(admin.delete(&path).await.0, 204);
    assert_eq!(desk.end().await, 4401);
    agent.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    let nobody = format!("/api/agents/{}/sessions", uuid::Uuid::now_v7());
    admin.refused("GET", &nobody, None, (404, "not_found")).await;
}

#[tokio::test]
async fn ones_own_password() {
    let server = Server::start(&[]).await;
    let mut agent = server.agent("agent").await;
    let mut elsewhere = server.caller();
    let email = agent.get("/api/me").await.1["email"].as_str().unwrap().to_owned();
    elsewhere.login(&email, PASSWORD).await;
    let change = |current: &str, new: &str| Some(json!({"current": current, "new": new}));
    let path = "/api/me/password";
    agent.refused("POST", path, change("wrong", "a good new one"), (403, "forbidden")).await;
    for weak in ["short", "password123", "frontdesk1", &"x".repeat(129)] {
        agent.refused("POST", path, change(PASSWORD, weak), (400, "bad_text")).await;
    }
    assert_eq!(agent.post(path, change(PASSWORD, "a good new one").unwrap()).await.0, 204);
    assert_eq!(agent.get("/api/me").await.0, 200, "this login stays");
    elsewhere.refused("GET", "/api/me", None, (401, "unauthorized")).await;
    elsewhere.login(&email, "a good new one").await;
    let mut admin = server.admin().await;
    let weak = json!({"email": "a@hotel.test", "name": "A", "role": "agent", "password": "qwerty123"});
    admin.refused("POST", "/api/agents", Some(weak), (400, "bad_text")).await;
}

#[tokio::test]
async fn guesses_from_elsewhere_do_not_lock_the_owner_out() {
    let server = Server::start(&[("FRONTDESK_RATE_LIMITS", "on")]).await;
    let mut owner = server.caller();
    let good = json!({"email": ADMIN.0, "password": ADMIN.1});
    assert_eq!(owner.post("/api/login", good.clone()).await.0, 200);
    let cookies = owner.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let device =
        cookies.filter_map(|line| line.split(';').next()).find(|c| c.starts_with("frontdesk_device="));
    let device = device.expect("a cookie for this browser").to_owned();

    let mut guesser = server.caller();
    let guess = json!({"email": ADMIN.0, "password": "wrong"});
    let mut tried = 0;
    while guesser.post("/api/login", guess.clone()).await.0 == 401 {
        tried += 1;
        assert!(tried < 20, "never slowed down");
    }
    let mut stranger = server.caller();
    stranger.refused("POST", "/api/login", Some(good.clone()), (429, "rate_limited")).await;
    owner.cookie = device;
    assert_eq!(owner.post("/api/login", good).await.0, 200, "at a browser that is known");
}

#[tokio::test]
async fn an_older_hash_is_made_anew_at_the_login() {
    let mut server = Server::start(&[]).await;
    server.stop().await;
    // The admin's password, with 4 MiB and three passes.
    let old = argon2_of(ADMIN.1);
    Stored::of(&server).await.execute(&format!("UPDATE agents SET password_hash = '{old}'")).await;
    server.restart().await;
    server.admin().await;
    server.admin().await;
    server.stop().await;
    let new = Stored::of(&server).await.pairs("SELECT password_hash, created_at FROM agents").await;
    assert!(new[0].0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new:?}");
}

fn argon2_of(password: &str) -> String {
    use argon2::password_hash::PasswordHasher;
    let params = argon2::Params::new(4_096, 3, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(password.as_bytes()).unwrap().to_string()
}
