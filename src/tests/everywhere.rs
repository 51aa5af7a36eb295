//! What holds for every path of the OpenAPI document.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Caller, Client, Server, Stored};

const PUBLIC: &str = "https://desk.hotel.example";

/// Every operation: its method, and its path with ids of what is there, or of nothing.
async fn operations(server: &Server, conversation: &str) -> Vec<(Method, String, Value)> {
    let (_, document) = server.caller().get("/api/openapi.json").await;
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = if path.starts_with("/api/conversations/") {
                conversation
            } else {
                "018f0000-0000-7000-8000-000000000000"
            };
            let at = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
            let at = at.collect::<Vec<_>>().join("/");
            all.push((method.to_uppercase().parse().unwrap(), at, operation.clone()));
        }
    }
    assert!(all.len() >= 60, "{}", all.len());
    all
}

/// How many rows each table has.
pub async fn rows(server: &Server) -> BTreeMap<String, i64> {
    let mut database = Stored::of(server).await;
    let mut counts = BTreeMap::new();
    for name in database.tables().await {
        let count = database.number(&format!("SELECT count(*) FROM \"{name}\"")).await;
        counts.insert(name, count);
    }
    counts
}

async fn send(
    who: &Caller,
    method: &Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> reqwest::Response {
    let mut request = who.http.request(method.clone(), who.url(path)).header("cookie", &who.cookie);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_owned()).send().await.unwrap()
}

/// A whole house, and its admin under https, in whose browser a guest has been as well.
async fn house() -> (Server, Caller, String) {
    let server = Server::start(&[("FRONTDESK_PUBLIC_URL", PUBLIC), ("FRONTDESK_METRICS_TOKEN", "m")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"hello"})).await;
    let mut admin = server.admin().await;
    admin.cookie = format!("{}; __Host-frontdesk_guest={}", admin.cookie, guest.token);
    // The answer to the greeting is to be over.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    (server, admin, guest.conversation)
}

#[tokio::test]
async fn no_other_site_changes_anything_and_no_get_does() {
    let (server, admin, conversation) = house().await;
    let operations = operations(&server, &conversation).await;
    let before = rows(&server).await;
    let (mut refused, mut read) = (0, 0);
    for (method, path, operation) in &operations {
        if *method == Method::GET {
            // A check is made for whoever reads it; everything else is only read. What is private is asked for by its owner.
            let status = send(&admin, method, path, &[], "").await.status().as_u16();
            assert!(status < 500, "GET {path}: {status}");
            read += 1;
            continue;
        }
        // Other systems come without a browser and sign what they send.
        if operation["x-access"]["handler"] == true && path.starts_with("/webhooks/") {
            continue;
        }
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "https://desk.hotel.example.evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        ] {
            for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
                let headers = [headers, &[("content-type", kind)]].concat();
                let status = send(&admin, method, path, &headers, "{}").await.status();
                assert_eq!(status, 403, "{method} {path} {headers:?}");
                refused += 1;
            }
        }
        if operation["requestBody"]["content"]["application/json"].is_object() {
            for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
            {
                let headers = [("origin", PUBLIC), ("content-type", kind)];
                let status = send(&admin, method, path, &headers, "{}").await.status();
                assert!(matches!(status.as_u16(), 415 | 404), "{method} {path} {kind}: {status}");
            }
        }
        let as_get = send(&admin, &Method::GET, path, &[], "").await.status().as_u16();
        assert!(
            as_get == 405 || operations.iter().any(|(m, p, _)| m == Method::GET && p == path),
            "GET {path}: {as_get}"
        );
    }
    assert!(refused > 500 && read > 20, "{refused} {read}");
    assert_eq!(rows(&server).await, before);
}

#[tokio::test]
async fn every_answer_has_every_header() {
    let (server, admin, conversation) = house().await;
    let nobody = server.caller();
    let mut paths: Vec<(Method, String)> = operations(&server, &conversation)
        .await
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    for path in ["/", "/dashboard", "/widget.js", "/nothing", "/api/nothing", "/assets/nothing.js"] {
        paths.push((Method::GET, path.to_owned()));
    }
    // That ends the login that asks.
    paths.retain(|(_, path)| path != "/api/logout");
    let mut seen = 0;
    for (method, path) in &paths {
        for who in [&nobody, &admin] {
            let headers = [("origin", PUBLIC), ("content-type", "application/json")];
            let answer =
                send(who, method, path, &headers, if *method == Method::GET { "" } else { "[" }).await;
            let header = |name: &str| {
                answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
            };
            let what = format!("{method} {path}: {}", answer.status());
            assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
            let shared = path == "/widget.js";
            let corp = if shared { "cross-origin" } else { "same-origin" };
            assert_eq!(header("cross-origin-resource-policy"), corp, "{what}");
            assert!(header("permissions-policy").contains("camera=()"), "{what}");
            let policy = header("content-security-policy");
            assert!(policy.contains("default-src 'none'") && policy.contains("base-uri 'none'"), "{what}");
            assert!(policy.contains("frame-ancestors 'none'"), "{what}");
            assert!(header("strict-transport-security").starts_with("max-age=31536000"), "{what}");
            if path.starts_with("/api/") || path == "/metrics" {
                assert_eq!(header("cache-control"), "no-store", "{what}");
            }
            assert!(header("server").is_empty() && header("x-powered-by").is_empty(), "{what}");
            seen += 1;
        }
    }
    assert!(seen > 120, "{seen}");
}

#[tokio::test]
async fn twenty_origins_are_not_ours() {
    let server = Server::start(&[
        ("FRONTDESK_PUBLIC_URL", PUBLIC),
        ("FRONTDESK_ALLOWED_ORIGINS", "https://hotel.example"),
    ])
    .await;
    let admin = server.admin().await;
    let host = server.address.clone();
    let local = [format!("http://{host}.evil.example"), format!("http://evil@{host}")];
    let mut all = vec![
        "https://evil.example",
        "null",
        "",
        "https://desk.hotel.example.evil.example",
        "https://evil-desk.hotel.example",
        "https://evil.desk.hotel.example",
        "https://www.hotel.example",
        "https://hotel.example.",
        "https://hotel.example:8443",
        "https://hotel.example:443x",
        "http://hotel.example",
        "http://desk.hotel.example",
        "https://hotel.example/path",
        "https://hotel.example@evil.example",
        "https://evil.example#https://hotel.example",
        "https://hotel.example https://evil.example",
        "https://hotel.example,https://evil.example",
        "https://hotelXexample",
        "https://h\u{f6}tel.example",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "javascript:alert(1)",
    ];
    all.extend(local.iter().map(String::as_str));
    for origin in &all {
        for (path, cookie) in [("/ws/agent", admin.cookie.as_str()), ("/ws/guest", "a=b")] {
            let headers = [("origin", *origin), ("cookie", cookie)];
            let refused = Client::connect_with(&server.address, path, &headers).await.err();
            assert_eq!(refused, Some(403), "{path} {origin:?}");
        }
    }
    assert!(all.len() >= 20);
    for origin in [PUBLIC, "https://hotel.example"] {
        let headers = [("origin", origin), ("cookie", admin.cookie.as_str())];
        assert!(Client::connect_with(&server.address, "/ws/agent", &headers).await.is_ok(), "{origin}");
    }
}
