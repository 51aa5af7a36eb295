//! Who may open a socket, and how it begins.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn turned_away(server: &Server, path: &str, token: Value) -> u16 {
    let mut client = Client::connect(&server.address, path).await;
    client.send(json!({"type": "hello", "token": token})).await;
    client.end().await
}

#[tokio::test]
async fn nothing_is_taken_before_hello() {
    let server = Server::start(&[]).await;
    let guest = server.guest().await;
    let mut page = Client::connect(&server.address, "/ws/guest").await;
    let early = page.ask(json!({"type": "send", "id": "early", "text": "hi"})).await;
    assert_eq!((&early["type"], &early["id"]), (&json!("error"), &json!("early")), "{early}");
    assert_eq!(early["code"], "unauthorized");
    assert_eq!(page.refused(json!({"type": "read", "seq": 1})).await, "unauthorized");
    assert_eq!(page.refused(json!({"type": "dance"})).await, "bad_frame");
    page.send(json!({"type": "hello", "token": guest.token, "after": 0})).await;
    page.expect("welcome").await;
    assert_eq!(page.expect("opened").await["events"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn who_says_nothing_is_closed_after_ten_seconds() {
    let server = Server::start(&[]).await;
    let began = Instant::now();
    let mut silent = Client::connect(&server.address, "/ws/guest").await;
    let mut chatty = Client::connect(&server.address, "/ws/agent").await;
    chatty.send(json!({"type": "ping"})).await;
    assert_eq!(silent.end().await, 4408);
    assert_eq!(chatty.end().await, 4408, "a ping is no hello");
    let time = began.elapsed();
    assert!(time > Duration::from_millis(9_500) && time < Duration::from_secs(14), "{time:?}");
}

#[tokio::test]
async fn the_wrong_token_or_the_wrong_door() {
    let server = Server::start(&[]).await;
    let (guest, admin) = (server.guest().await, server.admin().await);
    for path in ["/ws/guest", "/ws/agent"] {
        for token in [json!("nonsense"), json!(""), json!("../../etc"), json!("x".repeat(5_000)), Value::Null]
        {
            assert_eq!(turned_away(&server, path, token.clone()).await, 4401, "{path} {token}");
        }
    }
    assert_eq!(turned_away(&server, "/ws/agent", json!(guest.token)).await, 4403);
    assert_eq!(turned_away(&server, "/ws/guest", json!(admin.token)).await, 4403);
    // A token never stands in a URL.
    let mut client = Client::connect(&server.address, &format!("/ws/guest?token={}", guest.token)).await;
    client.send(json!({"type": "hello"})).await;
    assert_eq!(client.end().await, 4401);
}

#[tokio::test]
async fn welcome_says_who_where_and_when() {
    let mut server = Server::start(&[]).await;
    let guest = server.guest().await;
    let (page, opened) = server.page(&guest, None).await;
    let welcome = &page.welcome;
    assert_eq!(
        (&welcome["self"]["kind"], &welcome["conversation"]),
        (&json!("guest"), &json!(guest.conversation))
    );
    assert!(welcome["self"]["id"].is_string());
    assert_eq!(welcome["limits"], json!({"text": 4096}));
    let time = welcome["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
    assert!(welcome["node"].as_str().is_some_and(|node| !node.is_empty()));
    assert_eq!((&opened["events"], &opened["more"]), (&json!([]), &json!(false)));
    let summary = &opened["conversation"];
    assert_eq!((&summary["id"], &summary["mode"]), (&json!(guest.conversation), &json!("ai")));
    assert_eq!((&summary["status"], &summary["channel"]), (&json!("open"), &json!("web")));
    let (admin, desk) = server.dashboard().await;
    let me = &desk.welcome["self"];
    assert_eq!((&me["kind"], &me["id"], &me["role"]), (&json!("agent"), &json!(admin.id), &json!("admin")));
    assert!(me["name"].is_string() && desk.welcome.get("conversation").is_none());
    assert_eq!(desk.welcome["epoch"], welcome["epoch"]);
    let epoch = welcome["epoch"].clone();
    server.crash().await;
    let (_, desk) = server.dashboard().await;
    assert_eq!(desk.welcome["epoch"], epoch, "the log is the same, whatever process serves it");
}

#[tokio::test]
async fn a_cookie_will_do() {
    let server = Server::start(&[]).await;
    let (guest, admin) = (server.guest().await, server.admin().await);
    for (path, cookie) in
        [("/ws/guest", format!("a=b; frontdesk_guest={}", guest.token)), ("/ws/agent", admin.cookie.clone())]
    {
        let mut client = Client::connect_with(&server.address, path, &[("cookie", &cookie)]).await.unwrap();
        client.send(json!({"type": "hello"})).await;
        client.expect("welcome").await;
    }
}

#[tokio::test]
async fn hello_is_said_once() {
    let server = Server::start(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    assert_eq!(page.refused(json!({"type": "hello", "token": guest.token})).await, "bad_frame");
    assert_eq!(page.refused(json!({"type": "hello"})).await, "bad_frame");
    page.done(json!({"type": "send", "id": "g1", "text": "still here"})).await;
}

#[tokio::test]
async fn the_subprotocol_is_taken_if_offered() {
    let server = Server::start(&[]).await;
    for (offer, taken) in [
        (Some("frontdesk.v1"), Some("frontdesk.v1")),
        (Some("chat, frontdesk.v1"), Some("frontdesk.v1")),
        (None, None),
    ] {
        let headers: Vec<_> = offer.map(|offer| ("sec-websocket-protocol", offer)).into_iter().collect();
        let client = Client::connect_with(&server.address, "/ws/guest", &headers).await.unwrap();
        assert_eq!(client.protocol.as_deref(), taken, "{offer:?}");
    }
}

#[tokio::test]
async fn what_another_site_sends_is_refused() {
    let server = Server::start(&[("FRONTDESK_ALLOWED_ORIGINS", "https://hotel.example")]).await;
    let own = format!("http://{}", server.address);
    let table = [
        (vec![("origin", "https://evil.example")], false),
        (vec![("origin", "null")], false),
        (vec![("sec-fetch-site", "cross-site")], false),
        (vec![("sec-fetch-site", "same-site")], false),
        (vec![("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
        (vec![("origin", own.as_str())], true),
        (vec![("sec-fetch-site", "same-origin")], true),
        (vec![("origin", "https://hotel.example"), ("sec-fetch-site", "cross-site")], true),
    ];
    let admin = server.admin().await;
    let page = format!("/api/conversations/{}/messages", server.guest().await.conversation);
    for (headers, allowed) in table {
        for path in ["/ws/guest", "/ws/agent"] {
            let refused = Client::connect_with(&server.address, path, &headers).await.err();
            assert_eq!(refused, (!allowed).then_some(403), "{path} {headers:?}");
        }
        for (method, path) in [
            ("POST", "/api/guest/session"),
            ("POST", "/api/login"),
            ("POST", page.as_str()),
            ("DELETE", "/api/knowledge/x"),
            ("GET", "/api/me"),
        ] {
            let mut request = admin.http.request(method.parse().unwrap(), admin.url(path));
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let answer = request.header("cookie", &admin.cookie).send().await.unwrap();
            let refused = answer.status() == 403;
            assert_eq!(refused, !allowed && method != "GET", "{method} {path} {headers:?}");
            if refused {
                assert_eq!(answer.json::<Value>().await.unwrap()["code"], "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn a_plain_request_is_told_to_upgrade() {
    let server = Server::start(&[]).await;
    for path in ["/ws/guest", "/ws/agent"] {
        server.caller().refused("GET", path, None, (426, "bad_frame")).await;
    }
}

#[tokio::test]
async fn hello_with_after_brings_what_was_missed() {
    let server = Server::start(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    desk.act(&guest.conversation, "t", "take_over").await;
    for n in 0..5 {
        page.done(json!({"type": "send", "id": format!("g{n}"), "text": format!("{n}")})).await;
    }
    let (_, whole) = server.page(&guest, Some(0)).await;
    let seqs = |opened: &Value| -> Vec<u64> {
        opened["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    let all = seqs(&whole);
    assert!(all.len() >= 6, "{all:?}");
    for after in 0..=all.last().unwrap() + 2 {
        let (_, opened) = server.page(&guest, Some(after)).await;
        let missed: Vec<u64> = all.iter().copied().filter(|seq| *seq > after).collect();
        assert_eq!((seqs(&opened), &opened["more"]), (missed, &json!(false)), "after {after}");
    }
}
