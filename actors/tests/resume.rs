//! Nothing is lost, doubled or reordered, whatever fails on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use frontdesk_actors::ai_pool::Limits;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::EventKind;
use frontdesk_domain::frame::Close;
use frontdesk_domain::people::Role;
use serde_json::json;
use support::{MemoryLog, World, conversation};

#[tokio::test]
async fn resume_in_the_middle_of_a_busy_conversation() {
    let world = World::start().await;
    let agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let guest = world.guest(7);
    // 700 messages, and readers who come in at every point with every `after`.
    let mut readers = Vec::new();
    for n in 0..700_u64 {
        let id = format!("m{n}");
        agent.send(
            json!({"type":"send","id":id,"conversation":conversation(7),"text":format!("message {n}")}),
        );
        if n % 50 == 0 {
            readers.push((n / 2, world.connect(&guest, Some(n / 2)).await));
        }
    }
    for (after, mut reader) in readers {
        let opened = reader.expect("opened").await;
        let mut seen: Vec<(u64, u64)> = Vec::new();
        let note = |event: &serde_json::Value, seen: &mut Vec<(u64, u64)>| {
            seen.push((event["seq"].as_u64().unwrap(), event["prev"].as_u64().unwrap()));
        };
        opened["events"].as_array().unwrap().iter().for_each(|event| note(event, &mut seen));
        assert!(seen.len() <= 200);
        while seen.last().is_none_or(|(seq, _)| *seq < 702) {
            note(&reader.expect("event").await, &mut seen);
        }
        let mut last = after;
        for (seq, prev) in seen {
            assert_eq!(prev, last, "no hole and no repeat after {after}");
            last = seq;
        }
    }
}

#[tokio::test]
async fn what_is_stored_and_not_yet_told_comes_live_only() {
    let world = World::start().await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let guest = world.guest(7);
    agent.send(json!({"type":"send","id":"m1","conversation":conversation(7),"text":"hello"}));
    agent.expect("ack").await;
    // Stored, and its conversation has not come to tell it: words of the AI from before may be on their way.
    let mut event = world.log.events_of(conversation(7)).pop().unwrap();
    let head = event.seq;
    (event.guest_prev, event.seq, event.id, event.fingerprint) = (head, head + 1, None, None);
    world.log.store_untold(event);
    for after in [None, Some(0)] {
        let mut reader = world.connect(&guest, after).await;
        let opened = reader.expect("opened").await;
        let last = opened["events"].as_array().unwrap().last().unwrap();
        assert_eq!(last["seq"], json!(head), "with {after:?}");
    }
}

#[tokio::test]
async fn without_after_the_newest_fifty() {
    let world = World::start().await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let guest = world.guest(7);
    for n in 0..120 {
        let id = format!("m{n}");
        agent.send(json!({"type":"send","id":id,"conversation":conversation(7),"text":"x"}));
    }
    for _ in 0..120 {
        agent.expect("ack").await;
    }
    let mut reader = world.connect(&guest, None).await;
    let opened = reader.expect("opened").await;
    assert_eq!(opened["events"].as_array().unwrap().len(), 50);
    assert_eq!((&opened["more"], &opened["events"][49]["seq"]), (&json!(true), &json!(122)));
    let mut level = world.connect(&guest, Some(122)).await;
    let opened = level.expect("opened").await;
    assert_eq!((&opened["events"], &opened["more"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn a_conflict_kills_the_actor_and_the_sender_repeats() {
    let world = World::start().await;
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.expect("opened").await;
    guest.say("g1", "first");
    guest.expect("ack").await;
    let loads = world.log.loads.load(Ordering::SeqCst);
    world.log.fail_next(StoreError::Conflict);
    guest.say("g2", "second");
    let refused = guest.expect("error").await;
    assert_eq!((&refused["id"], &refused["code"]), (&json!("g2"), &json!("unavailable")));
    // The socket opens it again from its last event, and says so.
    assert_eq!(guest.expect("opened").await["events"], json!([]));
    assert!(world.log.loads.load(Ordering::SeqCst) > loads, "reopened from the store");
    guest.say("g2", "second");
    assert_eq!(guest.expect("ack").await["seq"], 2);
    guest.say("g1", "first");
    assert_eq!(guest.expect("ack").await["seq"], 1, "the first ack, also after a reopening");
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_changes_nothing() {
    let world = World::start().await;
    let mut guest = world.connect(&world.guest(7), None).await;
    for (error, code) in
        [(StoreError::Overloaded, "overloaded"), (StoreError::Unavailable("disk".into()), "unavailable")]
    {
        world.log.fail_next(error);
        guest.say("g1", "hello");
        assert_eq!(guest.expect("error").await["code"], code);
    }
    guest.say("g1", "hello");
    assert_eq!(guest.expect("ack").await["seq"], 1);
}

#[tokio::test]
async fn a_turn_that_a_crash_left_open_is_answered_once() {
    let log = Arc::new(MemoryLog::default());
    let before = World::on(log.clone(), Limits::default(), false).await;
    let mut asked = before.model.asked();
    let mut guest = before.connect(&before.guest(7), None).await;
    guest.say("g1", "Hello?");
    guest.expect("ack").await;
    let lost = asked.recv().await.unwrap();
    lost.say("Good mor").await;
    guest.expect("draft").await;
    assert!(log.turn_of(conversation(7)).is_some());

    // The process is gone; another one starts on the same log, and nobody connects to it.
    let after = World::on(log.clone(), Limits::default(), false).await;
    let mut watcher = after.connect(&after.agent(1, Role::Agent), None).await;
    watcher.send(json!({"type":"open","conversation":conversation(7)}));
    watcher.expect("opened").await;
    // Its model says nothing that was asked before `asked`, so the deadline decides: people are asked.
    watcher.event("mode").await;
    let answers = log.events_of(conversation(7)).into_iter();
    let by_ai = answers.filter(|event| event.by.kind == frontdesk_domain::people::AuthorKind::Ai).count();
    assert_eq!(by_ai, 1, "one outcome");
    assert!(log.turn_of(conversation(7)).is_none());
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_comes_back_for_the_rest() {
    let world = World::start().await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let mut slow = world.connect(&world.guest(7), None).await;
    slow.expect("opened").await;
    let text = "x".repeat(4_000);
    for n in 0..400 {
        agent.send(json!({"type":"send","id":format!("m{n}"),"conversation":conversation(7),"text":text}));
        agent.expect("ack").await;
    }
    assert!(slow.rest().await.len() < 400);
    assert_eq!(slow.closed, Some(Close::TooSlow));
    let mut back = world.connect(&world.guest_again(7), Some(0)).await;
    let mut last = back.expect("opened").await["events"].as_array().unwrap().last().unwrap()["seq"].clone();
    while last != json!(402) {
        last = back.expect("event").await["seq"].clone();
    }
}

#[tokio::test]
async fn draining_stores_what_was_accepted_and_says_goodbye() {
    let world = World::start().await;
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.expect("opened").await;
    for n in 0..50 {
        guest.say(&format!("g{n}"), "hello");
    }
    let hub = world.hub.clone();
    let drained = tokio::spawn(async move { hub.drain(std::time::Duration::from_secs(4)).await });
    let acked = guest.rest().await.iter().filter(|frame| frame["type"] == "ack").count();
    assert_eq!(guest.closed, Some(Close::GoingAway));
    drained.await.unwrap();
    let stored = world.log.events_of(conversation(7));
    let messages = stored.iter().filter(|event| matches!(event.kind, EventKind::Message(_))).count();
    assert!(messages >= acked, "{messages} stored, {acked} acknowledged");
}

#[tokio::test]
async fn every_open_has_its_answer() {
    let world = World::start().await;
    world.guest(7);
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"send","id":"m","conversation":conversation(7),"text":"x"}));
    agent.expect("ack").await;
    for after in [0, 1, 2, 3] {
        agent.send(json!({"type":"open","conversation":conversation(7),"after":after}));
    }
    for expected in [3, 2, 1, 0] {
        let events = agent.expect("opened").await["events"].as_array().unwrap().len();
        assert_eq!(events, expected, "each with what it asked for");
    }
    for _ in 0..3 {
        agent.send(json!({"type":"open","conversation":conversation(99)}));
    }
    for _ in 0..3 {
        assert_eq!(agent.expect("error").await["code"], "not_found");
    }
}
