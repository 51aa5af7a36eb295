#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

async fn start(settings: Settings) -> FakeGraph {
    FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings).await.unwrap()
}

/// Sends a message; status and body of the answer, or nothing if the connection was cut.
async fn send(graph: &FakeGraph, token: &str, body: Value) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(graph.address).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST /v26.0/100000000000001/messages HTTP/1.1\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}

fn text(to: &str, text: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text},
        "biz_opaque_callback_data": "t1"})
}

#[tokio::test]
async fn it_refuses_as_meta_does() {
    let graph = start(Settings::default()).await;
    let (status, answer) = send(&graph, "fake-token", text("+4915100", "hello")).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    assert!(answer["messages"][0]["id"].as_str().unwrap().starts_with("wamid."));
    let buttons = |titles: &[&str]| {
        let buttons: Vec<Value> = titles
            .iter()
            .map(|title| json!({"type": "reply", "reply": {"id": "x", "title": title}}))
            .collect();
        json!({"messaging_product": "whatsapp", "to": "+4915100", "type": "interactive",
            "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}}})
    };
    for (token, body, code) in [
        ("other", text("+4915100", "x"), 190),
        ("fake-token", text("+4915100", &"x".repeat(4097)), 100),
        ("fake-token", text("", "x"), 131_009),
        ("fake-token", buttons(&["same", "same"]), 131_009),
        ("fake-token", buttons(&["a title of more than twenty"]), 131_009),
        (
            "fake-token",
            json!({"messaging_product": "whatsapp", "to": "+4915100", "type": "dance", "dance": {}}),
            131_051,
        ),
    ] {
        let (status, answer) = send(&graph, token, body).await.unwrap();
        assert!(status >= 400);
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    assert_eq!(graph.totals().accepted, 1);
}

#[tokio::test]
async fn what_it_takes_and_cuts_is_in_the_journal() {
    let graph = start(Settings::default()).await;
    graph.script([Fault::CutBefore, Fault::CutAfter, Fault::Gateway, Fault::Refuse(131_047)]);
    assert_eq!(send(&graph, "fake-token", text("+4915100", "one")).await, None);
    assert_eq!(send(&graph, "fake-token", text("+4915100", "two")).await, None);
    assert_eq!(send(&graph, "fake-token", text("+4915100", "three")).await.unwrap().0, 502);
    assert_eq!(
        send(&graph, "fake-token", text("+4915100", "four")).await.unwrap().1["error"]["code"],
        131_047
    );
    let taken: Vec<String> = graph.accepted().into_iter().map(|each| each.text).collect();
    assert_eq!(taken, ["two"]);
}

#[tokio::test]
async fn statuses_come_as_signed_webhooks() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/webhooks/whatsapp", listener.local_addr().unwrap());
    let settings = Settings { webhook: Some(url), statuses: vec!["sent".to_owned()], ..Settings::default() };
    let graph = start(settings).await;
    send(&graph, "fake-token", text("+4915100", "hello")).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut rest = Vec::new();
    let request = http::read(&mut stream, &mut rest).await.unwrap().unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let status = &body["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!((&status["status"], &status["biz_opaque_callback_data"]), (&json!("sent"), &json!("t1")));
    assert_eq!(webhook::signature("key", b"body").len(), "sha256=".len() + 64);
}
