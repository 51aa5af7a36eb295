//! What operators see: health, numbers, the interface's own description, and the shape of every error.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Ai, Client, Server};

#[tokio::test]
async fn it_lives_and_is_ready() {
    let server = Server::start(&[]).await;
    let mut caller = server.caller();
    assert_eq!(caller.get("/healthz").await, (200, json!({"status": "ok"})));
    assert_eq!(caller.get("/readyz").await, (200, json!({"status": "ok"})));
    assert_eq!(caller.header("cache-control"), "no-store");
}

#[tokio::test]
async fn who_may_read_the_numbers() {
    for (settings, bearer, status) in [
        (vec![], None, 200),
        (vec![], Some("anything"), 200),
        (vec![("FRONTDESK_PUBLIC_URL", "https://chat.example")], None, 403),
        (vec![("FRONTDESK_TRUSTED_PROXIES", "10.0.0.1")], None, 403),
        (vec![("FRONTDESK_METRICS_TOKEN", "m-1")], None, 401),
        (vec![("FRONTDESK_METRICS_TOKEN", "m-1")], Some("m-2"), 401),
        (vec![("FRONTDESK_METRICS_TOKEN", "m-1")], Some("m-1"), 200),
        (
            vec![("FRONTDESK_METRICS_TOKEN", "m-1"), ("FRONTDESK_PUBLIC_URL", "https://chat.example")],
            Some("m-1"),
            200,
        ),
    ] {
        let server = Server::start(&settings).await;
        let mut caller = server.caller();
        caller.token = bearer.unwrap_or_default().to_owned();
        let code = match status {
            401 => "unauthorized",
            403 => "forbidden",
            _ => {
                let (_, _) = caller.get("/healthz").await;
                let request = caller.http.get(caller.url("/metrics")).bearer_auth(&caller.token);
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 200, "{settings:?} {bearer:?}");
                assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
                let text = answer.text().await.unwrap();
                assert!(text.contains("# TYPE frontdesk_http_requests_total counter"), "{text}");
                continue;
            }
        };
        caller.refused("GET", "/metrics", None, (status, code)).await;
    }
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let server = Server::start(&[]).await;
    let mut caller = server.caller();
    let (status, document) = caller.get("/api/openapi.json").await;
    assert_eq!((status, caller.header("content-type")), (200, "application/json"));
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for (path, methods) in [
        ("/healthz", &["get"][..]),
        ("/readyz", &["get"]),
        ("/metrics", &["get"]),
        ("/ws/guest", &["get"]),
        ("/ws/agent", &["get"]),
        ("/api/guest/session", &["post"]),
        ("/api/login", &["post"]),
        ("/api/logout", &["post"]),
        ("/api/me", &["get"]),
        ("/api/conversations", &["get"]),
        ("/api/conversations/{id}", &["get"]),
        ("/api/conversations/{id}/events", &["get"]),
        ("/api/conversations/{id}/messages", &["post"]),
        ("/api/conversations/{id}/actions", &["post"]),
        ("/api/agents", &["get", "post"]),
        ("/api/agents/{id}", &["patch", "delete"]),
        ("/api/knowledge", &["get", "post"]),
        ("/api/knowledge/{id}", &["get", "put", "delete"]),
        ("/api/knowledge/{id}/versions", &["get"]),
    ] {
        let described = document["paths"][path].as_object().unwrap_or_else(|| panic!("{path}"));
        for method in ["get", "post", "put", "patch", "delete"] {
            assert_eq!(described.contains_key(method), methods.contains(&method), "{method} {path}");
            // What is described is there, and what is not is not.
            let asked = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
            let (status, _) = server.caller().call(&method.to_uppercase(), &asked, None).await;
            assert_eq!(status == 405, !methods.contains(&method), "{method} {path}: {status}");
            assert_ne!(status, 404, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_error_has_one_shape() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    for (method, path) in [
        ("GET", "/nothing"),
        ("POST", "/nothing"),
        ("GET", "/api/nothing"),
        ("GET", "/api/attachment"),
        ("GET", "/assets/nothing.js"),
        ("GET", "/index.html.br"),
        ("GET", "/..%2f..%2fetc%2fpasswd"),
    ] {
        admin.refused(method, path, None, (404, "not_found")).await;
    }
    for (method, path, allowed) in [
        ("GET", "/api/login", "POST"),
        ("DELETE", "/api/me", "GET"),
        ("PUT", "/api/agents", "GET"),
        ("POST", "/", "GET"),
        ("POST", "/healthz", "GET"),
    ] {
        admin.refused(method, path, None, (405, "bad_frame")).await;
        assert!(admin.header("allow").contains(allowed), "{method} {path}: {}", admin.header("allow"));
    }
    let conversation = server.guest().await.conversation;
    for path in [
        "/api/login".to_owned(),
        "/api/guest/session".to_owned(),
        "/api/agents".to_owned(),
        "/api/knowledge".to_owned(),
        format!("/api/conversations/{conversation}/messages"),
        format!("/api/conversations/{conversation}/actions"),
    ] {
        for (media_type, body, status, code) in [
            ("text/plain", "{}".to_owned(), 415, "bad_frame"),
            ("application/x-www-form-urlencoded", "a=b".to_owned(), 415, "bad_frame"),
            ("application/json", "{".to_owned(), 400, "bad_frame"),
            ("application/json", String::new(), 400, "bad_frame"),
            ("application/json", "7".to_owned(), 400, "bad_frame"),
            ("application/json", "\u{0}".to_owned(), 400, "bad_frame"),
            ("application/json", format!("{{\"x\":\"{}\"}}", "x".repeat(300 * 1024)), 413, "too_large"),
        ] {
            let request = admin.http.post(admin.url(&path)).header("cookie", &admin.cookie);
            let answer = request.header("content-type", media_type).body(body).send().await.unwrap();
            assert_eq!(answer.status(), status, "{path} {media_type}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{path}");
            assert!(
                problem["type"].is_string() && problem["title"].is_string() && problem["detail"].is_string()
            );
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_safe() {
    let server = Server::start(&[]).await;
    let mut caller = server.caller();
    for path in ["/", "/dashboard", "/widget.js", "/healthz", "/api/me", "/api/openapi.json", "/nothing"] {
        caller.get(path).await;
        assert_eq!(caller.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(caller.header("referrer-policy"), "no-referrer", "{path}");
        let policy = caller.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(
            !policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe-inline'"),
            "{policy}"
        );
        assert!(caller.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(!caller.header("x-request-id").is_empty(), "{path}");
        assert_eq!(caller.header("strict-transport-security"), "", "only under https");
        if path.starts_with("/api/") {
            assert_eq!(caller.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn the_end_waits_for_nobody_too_long() {
    let mut ai = Ai::start("stall-at=3,text=sand sea wind sun", &[]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"When is breakfast?"})).await;
    page.expect("draft").await;
    // A socket that does not answer our farewell, one without hello, and a turn in the middle.
    let _silent = ai.server.guest_page().await;
    let mut early = Client::connect(&ai.server.address, "/ws/guest").await;
    for n in 0..20 {
        page.say(&format!("m{n}"), "one more").await;
    }
    page.find("the first of them", |frame| frame["type"] == "ack").await;
    let began = Instant::now();
    ai.server.signal(Signal::SIGTERM);
    let mut acked = 1;
    while let Some(frame) = page.next().await {
        acked += usize::from(frame["type"] == "ack");
    }
    assert_eq!(page.closed, Some(1001));
    assert!(matches!(early.end().await, 1001 | 1006));
    assert_eq!(ai.server.exit().await.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    ai.server.restart().await;
    let history = ai.server.admin().await.history(&guest.conversation).await;
    let written = history.iter().filter(|event| event["text"] == "one more").count();
    assert!(written >= acked, "{written} of {acked} that were acknowledged");
}
