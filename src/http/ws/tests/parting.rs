//! How connections end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use frontdesk_actors::outbox::outbox;
use tokio::io::AsyncWrite;

use super::super::encode;
use super::super::line::{Line, Stage};
use super::*;

#[tokio::test]
async fn the_clients_farewell_is_answered_with_its_code() {
    for (payload, code) in [(&1000_u16.to_be_bytes()[..], 1000), (&4321_u16.to_be_bytes(), 4321), (b"", 0)] {
        let (mut client, _outbox) = Client::greeted().await;
        client.raw(FINAL | 8, payload).await;
        assert_eq!(client.closed().await, code);
        assert!(matches!(client.message().await, Heard::Ended));
        client.ended().await;
    }
}

#[tokio::test]
async fn what_was_due_comes_before_our_farewell() {
    let (mut client, outbox) = Client::greeted().await;
    outbox.push(b"last words");
    outbox.close(Close::GoingAway);
    assert_eq!(client.frame().await, Some((TEXT, b"last words".to_vec())));
    assert_eq!(client.closed().await, 1001);
    client.text(r#"{"type":"ping"}"#).await;
    client.close(1001).await;
    assert!(matches!(client.message().await, Heard::Frame(..) | Heard::Ended));
    client.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_our_farewell_is_left() {
    let (mut client, outbox) = Client::greeted().await;
    outbox.close(Close::Done);
    assert_eq!(client.closed().await, 1000);
    client.ended().await;
}

#[tokio::test(start_paused = true)]
async fn who_breaks_the_rules_is_not_waited_for() {
    let (mut client, _outbox) = Client::greeted().await;
    let began = tokio::time::Instant::now();
    client.raw(FINAL | 0x40 | TEXT, b"x").await;
    assert_eq!(client.closed().await, 1002);
    assert_eq!(client.frame().await, None);
    assert_eq!(began.elapsed().as_millis(), 0, "the end comes with the farewell");
}

#[tokio::test]
async fn an_actor_that_dies_is_a_fault_of_ours() {
    let (mut client, outbox) = Client::greeted().await;
    drop(outbox);
    assert_eq!(client.closed().await, 1011);
}

#[tokio::test]
async fn a_client_that_vanishes_is_noticed() {
    let (client, _outbox) = Client::greeted().await;
    let Client { io, mut messages, server, .. } = client;
    drop(io);
    assert!(matches!(messages.recv().await, Some(Heard::Ended)));
    server.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn the_silent_are_pinged_and_then_left() {
    let began = tokio::time::Instant::now();
    let (mut client, _outbox) = Client::greeted().await;
    assert_eq!(client.frame().await, Some((9, vec![])));
    assert_eq!(began.elapsed().as_secs(), 25);
    client.raw(FINAL | 10, b"").await;
    assert_eq!(client.closed().await, 4503);
    assert_eq!(began.elapsed().as_secs(), 85, "60 s after the last word");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_left() {
    let (client, outbox) = Client::greeted().await;
    for _ in 0..8 {
        outbox.push(&[b'x'; 100_000]);
    }
    let Client { io: _not_read, mut messages, server, .. } = client;
    server.await.expect("no panic");
    assert!(matches!(messages.recv().await, Some(Heard::Ended)));
    assert!(outbox.is_closed());
}

/// Counts writes.
struct Counter(Arc<AtomicUsize>);

impl AsyncWrite for Counter {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn all_that_is_due_is_one_write() {
    let writes = Arc::new(AtomicUsize::new(0));
    let (outbox, due) = outbox(encode::text);
    let line = Line::open(Counter(Arc::clone(&writes)), due, &Post::default());
    for _ in 0..100 {
        outbox.push(b"frame");
    }
    outbox.close(Close::Done);
    line.changed().await;
    assert_eq!(writes.load(Ordering::Relaxed), 1, "the frames with the farewell");
    assert_eq!(line.stage(), Stage::Parted);
}
