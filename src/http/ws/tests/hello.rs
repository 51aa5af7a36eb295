//! Who comes in, and what is said until then.

use super::*;

#[tokio::test]
async fn frames_reach_the_actor_once_hello_was_said() {
    let (mut client, outbox) = Client::greeted().await;
    client.text(r#"{"type":"send","id":"a","text":"hi"}"#).await;
    client.text(r#"{"type":"dance","id":"b"}"#).await;
    client.text(r#"{"type":"hello","token":"good"}"#).await;
    let Heard::Frame(ClientFrame::Send { text, .. }, permit) = client.message().await else {
        panic!("not the frame")
    };
    assert!(text == "hi" && permit.is_some());
    assert!(matches!(client.message().await, Heard::Bad(Some(id)) if id.as_str() == "b"));
    assert!(matches!(client.message().await, Heard::Bad(None)), "a second hello");
    outbox.push(b"one");
    outbox.push(b"two");
    assert_eq!(client.frame().await, Some((TEXT, b"one".to_vec())));
    assert_eq!(client.frame().await, Some((TEXT, b"two".to_vec())));
}

#[tokio::test]
async fn before_hello_nothing_is_taken() {
    let mut client = Client::connect().await;
    client.text(r#"{"type":"ping"}"#).await;
    assert_eq!(client.json().await["type"], "pong");
    client.text(r#"{"type":"send","id":"a","text":"hi"}"#).await;
    let refused = client.json().await;
    assert_eq!((&refused["code"], &refused["id"]), (&"unauthorized".into(), &"a".into()));
    client.text("no JSON").await;
    assert_eq!(client.json().await["code"], "bad_frame");
    client.text(r#"{"type":"hello","token":"good"}"#).await;
    assert!(client.outboxes.recv().await.is_some(), "and still one may come in");
}

#[tokio::test]
async fn a_bad_token_ends_it() {
    let mut client = Client::connect().await;
    client.text(r#"{"type":"hello","token":"bad"}"#).await;
    assert_eq!(client.closed().await, 4401);
    client.close(4401).await;
    client.ended().await;
}

#[tokio::test]
async fn too_many_bad_frames_end_it() {
    let mut client = Client::connect().await;
    for _ in 0..21 {
        client.text("{}").await;
    }
    assert_eq!(client.closed().await, 4400);
}

#[tokio::test(start_paused = true)]
async fn hello_comes_in_time_or_never() {
    let mut client = Client::connect().await;
    assert_eq!(client.closed().await, 4408);
    client.text(r#"{"type":"hello","token":"good"}"#).await;
    client.close(4408).await;
    assert!(client.outboxes.recv().await.is_none(), "too late");
    client.ended().await;
}

#[tokio::test]
async fn one_who_is_turned_away_is_told_so() {
    let mut client = Client::turned_away(Some(Close::TooMany)).await;
    client.text(r#"{"type":"hello","token":"good"}"#).await;
    assert_eq!(client.closed().await, 4429);
    client.close(4429).await;
    assert!(client.outboxes.recv().await.is_none());
    client.ended().await;
}
