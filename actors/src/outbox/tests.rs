//! Bounds, order, and what is held back while a socket reads the store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use uuid::Uuid;

use super::*;
use crate::subscription::{Place, Subscription};

fn lines(bytes: &mut Vec<u8>, frame: &[u8]) {
    bytes.extend_from_slice(frame);
    bytes.push(b'\n');
}

fn text(frame: &'static str) -> Bytes {
    Bytes::from_static(frame.as_bytes())
}

fn said(reader: &OutboxReader) -> String {
    String::from_utf8(reader.take_now(Waker::noop().clone()).bytes).expect("text")
}

/// An outbox that reads one conversation from `place` on.
fn reading(place: Place) -> (Outbox, OutboxReader, ConversationId) {
    let (outbox, reader) = outbox(lines);
    let conversation = ConversationId(Uuid::from_u128(7));
    let mut read = Subscription::joining(None);
    read.place = place;
    outbox.at(|desk| desk.begin(conversation, read));
    (outbox, reader, conversation)
}

#[tokio::test]
async fn frames_come_in_order_and_together() {
    let (outbox, reader) = outbox(lines);
    for frame in ["a", "b", "c"] {
        outbox.push(frame.as_bytes());
    }
    assert_eq!(reader.take().await, Due { bytes: b"a\nb\nc\n".to_vec(), close: None });
}

#[tokio::test]
async fn several_are_as_one_after_the_other() {
    let (outbox, reader) = outbox(lines);
    outbox.push_all(&[b"a".to_vec(), b"b".to_vec()]);
    outbox.push_all(&[]);
    outbox.push(b"c");
    assert_eq!(reader.take_now(Waker::noop().clone()), Due { bytes: b"a\nb\nc\n".to_vec(), close: None });
    let big = vec![b'x'; OUTBOX_MAX_BYTES / 2 - 10];
    outbox.push_all(&[big.clone(), big, b"one too many for it".to_vec()]);
    assert_eq!(reader.take().await, Due { bytes: Vec::new(), close: Some(Close::TooSlow) });
    outbox.push_all(&[b"late".to_vec()]);
    assert!(reader.take_now(Waker::noop().clone()).bytes.is_empty(), "closed");
}

#[tokio::test]
async fn a_full_outbox_closes_itself() {
    let (outbox, reader) = outbox(lines);
    let big = vec![b'x'; OUTBOX_MAX_BYTES / 2 - 10];
    outbox.push(&big);
    outbox.push(&big);
    assert!(!outbox.is_closed());
    outbox.push(b"one too many for it");
    assert_eq!(reader.take().await, Due { bytes: Vec::new(), close: Some(Close::TooSlow) });
}

#[test]
fn what_has_not_left_yet_counts() {
    let (outbox, reader) = outbox(lines);
    outbox.push(&vec![b'x'; OUTBOX_MAX_BYTES - 100]);
    let due = reader.take_now(Waker::noop().clone());
    reader.is_leaving(due.bytes.len());
    assert!(!outbox.has_room());
    outbox.push(&[b'x'; 200]);
    assert!(outbox.is_closed());
}

#[tokio::test]
async fn what_was_due_goes_before_the_close() {
    let (outbox, reader) = outbox(lines);
    outbox.push(b"last words");
    outbox.close(Close::GoingAway);
    outbox.push(b"too late");
    let due = reader.take().await;
    assert_eq!(due, Due { bytes: b"last words\n".to_vec(), close: Some(Close::GoingAway) });
}

struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_batch_wakes_once() {
    let (outbox, reader) = outbox(lines);
    let counter = Arc::new(Counter(AtomicUsize::new(0)));
    assert!(reader.take_now(Waker::from(Arc::clone(&counter))).is_empty());
    for _ in 0..100 {
        outbox.push(b"x");
    }
    assert_eq!(counter.0.load(Ordering::SeqCst), 1);
    assert_eq!(reader.take_now(Waker::from(Arc::clone(&counter))).bytes.len(), 200);
    assert_eq!(counter.0.load(Ordering::SeqCst), 1, "nothing is due");
    outbox.push(b"x");
    assert_eq!(counter.0.load(Ordering::SeqCst), 2);
}

#[test]
fn only_the_next_event_is_told() {
    let (outbox, reader, conversation) = reading(Place::Live { last: 7 });
    assert_eq!(outbox.event(conversation, 7, 6, &text("7")), Told::Done);
    assert_eq!(outbox.event(conversation, 8, 7, &text("8")), Told::Done);
    assert_eq!(outbox.notice(conversation, 7, &text("old")), Told::Done);
    assert_eq!(outbox.notice(conversation, 8, &text("typing")), Told::Done);
    assert_eq!(outbox.event(conversation, 10, 9, &text("10")), Told::Hole);
    assert_eq!(outbox.event(conversation, 11, 10, &text("11")), Told::Done, "is in the store");
    assert_eq!(outbox.event(ConversationId(Uuid::nil()), 1, 0, &text("not read")), Told::Done);
    assert_eq!(said(&reader), "8\ntyping\n");
}

#[test]
fn what_comes_while_the_store_is_read_is_told_after_it() {
    let (outbox, reader, conversation) = reading(Place::Joining { after: Some(3) });
    for (seq, frame) in [(4, "4"), (5, "5"), (6, "6"), (7, "7")] {
        assert_eq!(outbox.event(conversation, seq, seq - 1, &text(frame)), Told::Done);
    }
    outbox.notice(conversation, 5, &text("of 5"));
    outbox.notice(conversation, 7, &text("of 7"));
    assert_eq!(said(&reader), "");
    let hole = outbox.at(|desk| {
        desk.push(b"opened up to 5");
        desk.settle(conversation, Place::Live { last: 5 })
    });
    assert!(!hole);
    assert_eq!(said(&reader), "opened up to 5\n6\n7\nof 7\n");
    outbox.event(conversation, 8, 7, &text("8"));
    assert_eq!(said(&reader), "8\n");
}

#[test]
fn a_hole_among_what_was_held_sends_it_to_the_store_again() {
    let (outbox, reader, conversation) = reading(Place::Behind { last: 3 });
    outbox.event(conversation, 4, 3, &text("before the read began"));
    outbox.at(|desk| desk.read(conversation).expect("read").reading = true);
    outbox.event(conversation, 9, 8, &text("9"));
    assert!(outbox.at(|desk| desk.settle(conversation, Place::Live { last: 5 })));
    let place = outbox.at(|desk| desk.read(conversation).expect("read").place);
    assert_eq!(place, Place::Behind { last: 5 });
    assert_eq!(said(&reader), "");
}

#[test]
fn what_was_told_before_a_new_join_is_forgotten() {
    let (outbox, reader, conversation) = reading(Place::Joining { after: Some(3) });
    outbox.notice(conversation, 9, &text("words of a draft"));
    outbox.join(conversation);
    outbox.notice(conversation, 9, &text("more words"));
    assert!(!outbox.at(|desk| desk.settle(conversation, Place::Live { last: 9 })));
    assert_eq!(said(&reader), "more words\n");
    assert_eq!(outbox.at(|desk| desk.held_bytes), 0);
}

#[test]
fn what_is_held_back_is_bounded_too() {
    let (outbox, _reader, conversation) = reading(Place::Joining { after: None });
    let big = Bytes::from(vec![b'x'; OUTBOX_MAX_BYTES / 4]);
    for seq in 1..=4 {
        outbox.event(conversation, seq, seq - 1, &big);
    }
    assert!(outbox.is_closed());
    assert_eq!(outbox.event(conversation, 5, 4, &big), Told::Gone);
}

#[test]
fn nothing_is_kept_for_a_connection_that_is_gone() {
    let (outbox, reader) = outbox(lines);
    drop(reader);
    outbox.push(b"x");
    assert!(outbox.is_closed() && outbox.at(|desk| desk.bytes.is_empty()));
}
