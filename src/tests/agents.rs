//! Agent accounts, which admins manage.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Server;
use crate::support::server::PASSWORD;

fn account(email: &str, role: &str) -> Value {
    json!({"email": email, "name": "Mia", "role": role, "password": PASSWORD})
}

#[tokio::test]
async fn made_changed_and_removed() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    for role in ["admin", "supervisor", "agent", "viewer"] {
        let (status, made) = admin.post("/api/agents", account(&format!(" {role}@X.Test "), role)).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!((&made["email"], &made["role"]), (&json!(format!("{role}@x.test")), &json!(role)));
        let fields: BTreeSet<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
        let known = ["id", "email", "name", "role", "disabled", "created_at", "updated_at"];
        assert_eq!(fields, BTreeSet::from(known), "a password is only ever written");
        let mut caller = server.caller();
        caller.login(&format!("{role}@x.test"), PASSWORD).await;
        assert_eq!(caller.get("/api/me").await.1["role"], role);
        let path = format!("/api/agents/{}", caller.id);
        let change = json!({"name": "Noa", "email": format!("{role}@y.test")});
        let (status, changed) = admin.patch(&path, change).await;
        assert_eq!((status, &changed["name"], &changed["role"]), (200, &json!("Noa"), &json!(role)));
        assert_eq!(caller.get("/api/me").await.1["email"], json!(format!("{role}@y.test")));
        assert_eq!(admin.delete(&path).await, (204, Value::Null));
        for method in ["PATCH", "DELETE"] {
            admin.refused(method, &path, Some(json!({})), (404, "not_found")).await;
        }
    }
    let (_, list) = admin.get("/api/agents").await;
    assert_eq!((list["items"].as_array().unwrap().len(), &list["next"]), (1, &Value::Null));
    assert!(!list.to_string().contains("argon2"), "{list}");
    admin.refused("PATCH", "/api/agents/not-an-id", Some(json!({})), (404, "not_found")).await;
}

#[tokio::test]
async fn what_an_account_must_be() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let with = |field: &str, value: Value| {
        let mut all = account("mia@x.test", "agent");
        all[field] = value;
        all
    };
    for (body, code) in [
        (with("email", json!("mia")), "bad_text"),
        (with("email", json!("a b@c")), "bad_text"),
        (with("email", json!("")), "bad_text"),
        (with("name", json!("  ")), "bad_text"),
        (with("name", json!("x".repeat(101))), "bad_text"),
        (with("name", json!("a\u{0}")), "bad_text"),
        (with("password", json!("1234567")), "bad_text"),
        (with("password", json!("x".repeat(129))), "bad_text"),
        (with("role", json!("owner")), "bad_frame"),
        (with("role", json!(7)), "bad_frame"),
        (with("password", Value::Null), "bad_frame"),
        (json!({"email": "mia@x.test"}), "bad_frame"),
        (json!([]), "bad_frame"),
    ] {
        let problem = admin.refused("POST", "/api/agents", Some(body.clone()), (400, code)).await;
        assert!(!problem.to_string().contains("1234567"), "nothing of it is repeated: {problem}");
    }
    let (status, made) = admin.post("/api/agents", account("mia@x.test", "agent")).await;
    assert_eq!(status, 201);
    for taken in ["mia@x.test", "MIA@x.test", crate::support::server::ADMIN.0] {
        let taken = Some(account(taken, "agent"));
        admin.refused("POST", "/api/agents", taken, (409, "conflict")).await;
    }
    let path = format!("/api/agents/{}", made["id"].as_str().unwrap());
    let taken = Some(json!({"email": crate::support::server::ADMIN.0}));
    admin.refused("PATCH", &path, taken, (409, "conflict")).await;
    for bad in [json!({"password": "short"}), json!({"name": ""}), json!({"email": "x"})] {
        admin.refused("PATCH", &path, Some(bad), (400, "bad_text")).await;
    }
    for good in [json!({"password": "x7#Qm2!v"}), json!({"password": "ü".repeat(128)}), json!({})] {
        assert_eq!(admin.patch(&path, good).await.0, 200);
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let path = format!("/api/agents/{}", admin.id);
    let mut other = server.agent("admin").await;
    assert_eq!(admin.patch(&format!("/api/agents/{}", other.id), json!({"disabled": true})).await.0, 200);
    admin.refused("DELETE", &path, None, (409, "conflict")).await;
    for change in [json!({"role": "supervisor"}), json!({"disabled": true})] {
        admin.refused("PATCH", &path, Some(change), (409, "conflict")).await;
    }
    assert_eq!(admin.get("/api/me").await.1["role"], "admin");
    other.refused("GET", "/api/me", None, (401, "unauthorized")).await;
}

#[tokio::test]
async fn for_admins_alone() {
    let server = Server::start(&[]).await;
    let id = server.admin().await.id;
    let mut others = vec![server.guest().await];
    for role in ["supervisor", "agent", "viewer"] {
        others.push(server.agent(role).await);
    }
    for caller in &mut others {
        let path = format!("/api/agents/{id}");
        for (method, path, body) in [
            ("GET", "/api/agents", None),
            ("POST", "/api/agents", Some(account("x@x.test", "admin"))),
            ("PATCH", path.as_str(), Some(json!({"password": "taken over"}))),
            ("DELETE", path.as_str(), None),
        ] {
            caller.refused(method, path, body, (403, "forbidden")).await;
        }
    }
    server.caller().refused("GET", "/api/agents", None, (401, "unauthorized")).await;
}

#[tokio::test]
async fn the_list_comes_in_pages_by_name() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    for n in 0..6 {
        let mut new = account(&format!("a{n}@x.test"), "viewer");
        // Two of each name: a page may end between them.
        new["name"] = json!(format!("Name {}", n / 2));
        assert_eq!(admin.post("/api/agents", new).await.0, 201);
    }
    let (_, all) = admin.get("/api/agents?limit=200").await;
    let names: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Admin", "Name 0", "Name 0", "Name 1", "Name 1", "Name 2", "Name 2"]);
    let (mut found, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let (_, page) = admin.get(&format!("/api/agents{query}")).await;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(json!(found), all["items"]);
    for bad in ["?limit=0", "?limit=201", "?limit=x", "?cursor=nonsense"] {
        admin.refused("GET", &format!("/api/agents{bad}"), None, (400, "bad_frame")).await;
    }
}
