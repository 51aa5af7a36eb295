//! Who is too fast is told so, with nothing stored, and nobody else pays for it.

use serde_json::{Value, json};

use crate::support::{Caller, Client, Server};

async fn limited(more: &[(&str, &str)]) -> Server {
    let mut settings = vec![("FRONTDESK_RATE_LIMITS", "on"), ("FRONTDESK_DEMO", "off")];
    settings.extend_from_slice(more);
    Server::start(&settings).await
}

/// The first status that is not `good`, after at most so many.
async fn until_refused(
    caller: &mut Caller,
    method: &str,
    path: &str,
    body: Option<Value>,
    most: usize,
) -> u16 {
    for _ in 0..most {
        let (status, problem) = caller.call(method, path, body.as_ref()).await;
        if status == 429 {
            assert_eq!(problem["code"], "rate_limited");
            assert!(caller.header("retry-after").parse::<u64>().unwrap() >= 1);
            return status;
        }
    }
    200
}

#[tokio::test]
async fn a_guest_who_writes_too_fast_is_told_and_loses_nothing_else() {
    let server = limited(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    let (other, mut calm) = server.guest_page().await;
    for n in 0..40 {
        page.say(&format!("m{n}"), &format!("number {n}")).await;
    }
    let (mut stored, mut refused) = (Vec::new(), Vec::new());
    while stored.len() + refused.len() < 40 {
        let frame = page.find("an answer", |frame| frame["type"] == "ack" || frame["type"] == "error").await;
        if frame["type"] == "ack" {
            stored.push(frame["id"].clone());
        } else {
            assert_eq!(frame["code"], "rate_limited");
            assert!(frame["retry_ms"].as_u64().is_some_and(|wait| wait > 0), "{frame}");
            refused.push(frame["id"].clone());
        }
    }
    assert!(stored.len() >= 20 && refused.len() >= 10, "{} {}", stored.len(), refused.len());
    let history = server.admin().await.history(&guest.conversation).await;
    let written: Vec<Value> = history
        .iter()
        .filter(|event| event["by"]["kind"] == "guest")
        .map(|event| event["id"].clone())
        .collect();
    assert_eq!(written, stored, "and nothing of the others");
    calm.done(json!({"type":"send","id":"c1","text":"hello"})).await;
    // Over HTTP it is the same budget.
    let mut guest = guest;
    let path = format!("/api/conversations/{}/messages", guest.conversation);
    let body = json!({"id":"h1","text":"hello"});
    assert_eq!(until_refused(&mut guest, "POST", &path, Some(body), 5).await, 429);
    assert_ne!(other.conversation, guest.conversation);
}

#[tokio::test]
async fn a_socket_that_floods_is_told_and_then_closed() {
    let server = limited(&[]).await;
    let (_, mut page) = server.guest_page().await;
    let (_, mut calm) = server.guest_page().await;
    for _ in 0..3_000 {
        page.send(json!({"type":"typing","on":true})).await;
    }
    let mut told = 0;
    while let Some(frame) = page.next().await {
        told += usize::from(frame["type"] == "error" && frame["code"] == "rate_limited");
    }
    assert_eq!(page.closed, Some(4429), "{}", page.reason);
    assert!((400..=700).contains(&told), "{told}");
    calm.done(json!({"type":"send","id":"c1","text":"hello"})).await;
}

#[tokio::test]
async fn new_sessions_and_requests_from_one_address() {
    let server = limited(&[]).await;
    let mut caller = server.caller();
    let body = Some(json!({}));
    assert_eq!(until_refused(&mut caller, "POST", "/api/guest/session", body, 200).await, 429);
    assert_eq!(server.caller().get("/healthz").await.0, 200, "what is not counted goes on");
    assert_eq!(server.caller().get("/").await.0, 200);
    let mut admin = server.admin().await;
    assert_eq!(until_refused(&mut admin, "GET", "/api/me", None, 3_000).await, 429);
}

#[tokio::test]
async fn only_a_trusted_proxy_says_who_is_asking() {
    for (trusted, believed) in [("127.0.0.1", true), ("10.0.0.0/8", false)] {
        let server = limited(&[("FRONTDESK_TRUSTED_PROXIES", trusted)]).await;
        let http = server.caller().http;
        let ask = |from: String| {
            let request = http.post(server.caller().url("/api/guest/session"));
            async move { request.header("x-forwarded-for", from).send().await.unwrap().status().as_u16() }
        };
        let mut refused = 0;
        for n in 0..90 {
            refused += usize::from(ask(format!("203.0.113.{n}")).await == 429);
        }
        assert_eq!(refused > 0, !believed, "{trusted}: {refused}");
        let mut refused = 0;
        for n in 0..90 {
            // The left end is what a client wrote itself.
            refused += usize::from(ask(format!("198.51.100.{n}, 203.0.113.200")).await == 429);
        }
        assert!(refused > 0, "{trusted}");
    }
}

#[tokio::test]
async fn too_many_connections_are_closed_with_4429() {
    let server = limited(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    let mut turned_away = None;
    let mut open = Vec::new();
    for _ in 0..600 {
        let mut client = Client::connect(&server.address, "/ws/guest").await;
        client.send(json!({"type":"hello","token":guest.token})).await;
        match client.next().await {
            Some(_) => open.push(client),
            None => {
                turned_away = Some(client);
                break;
            }
        }
    }
    let client = turned_away.expect("never turned away");
    assert_eq!(client.closed, Some(4429));
    assert!(client.reason.starts_with("retry_ms="), "{}", client.reason);
    page.settle().await;
}
