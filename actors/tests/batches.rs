//! What comes in while a commit is synced shares the next one: told once it is stored, and if it is not stored,
//! as if it had never been.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::atomic::Ordering;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::TurnOutcome;
use frontdesk_domain::event::EventKind;
use frontdesk_domain::people::{AuthorKind, Role};
use serde_json::{Value, json};
use support::{Client, World, conversation};

/// A guest whom people answer, so that every message is a commit and nothing else.
async fn scene(world: &World) -> (Client, Client) {
    let guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"open","conversation":conversation(7)}));
    agent.expect("opened").await;
    agent.send(json!({"type":"act","id":"t","conversation":conversation(7),"action":"take_over"}));
    agent.expect("ack").await;
    (guest, agent)
}

/// Sends a message whose commit is held, and `frames` behind it, and lets all of it reach the conversation.
async fn crowd(
    world: &World,
    client: &mut Client,
    first: &str,
    frames: impl IntoIterator<Item = Value>,
) -> usize {
    let before = world.log.appends.load(Ordering::SeqCst);
    client.say(first, "I am first");
    while world.log.appends.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
    frames.into_iter().for_each(|frame| client.send(frame));
    client.settle().await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    before + 1
}

fn messages(range: std::ops::Range<usize>) -> impl Iterator<Item = Value> {
    range.map(|n| json!({"type":"send","id":format!("m{n}"),"text":format!("message {n}")}))
}

fn said(world: &World) -> Vec<String> {
    let events = world.log.events_of(conversation(7)).into_iter();
    let ids = events.filter(|event| event.by.kind == AuthorKind::Guest).filter_map(|event| event.id);
    ids.map(String::from).collect()
}

#[tokio::test]
async fn what_comes_during_a_sync_shares_the_next_commit() {
    let world = World::start().await;
    let (mut guest, mut agent) = scene(&world).await;
    let held = world.log.held.write().await;
    let before = crowd(&world, &mut guest, "first", messages(0..30)).await;
    drop(held);
    for n in 0..31 {
        let event = agent.event("message").await;
        let expected = if n == 0 { "I am first".to_owned() } else { format!("message {}", n - 1) };
        assert_eq!(event["text"], expected, "told in order");
    }
    for n in 0..30 {
        let ack = loop {
            let ack = guest.expect("ack").await;
            if ack["id"] != "first" {
                break ack;
            }
        };
        assert_eq!(ack["id"], format!("m{n}"), "answered in order");
    }
    assert_eq!(world.log.appends.load(Ordering::SeqCst), before + 1, "thirty in one commit");
    assert_eq!(said(&world).len(), 31);
}

#[tokio::test]
async fn a_batch_that_is_not_stored_never_was() {
    let world = World::start().await;
    let (mut guest, mut agent) = scene(&world).await;
    for (fault, code) in
        [(StoreError::Unavailable("disk".to_owned()), "unavailable"), (StoreError::Overloaded, "overloaded")]
    {
        let held = world.log.held.write().await;
        let frames = messages(0..5).chain([json!({"type":"send","id":"m0","text":"another body"})]);
        crowd(&world, &mut guest, code, frames).await;
        let stored = world.log.events_of(conversation(7)).len();
        // Faults are taken from the end: the held commit is let through, the batch behind it fails.
        world.log.fail_after_next(fault);
        drop(held);
        for _ in 0..6 {
            assert_eq!(guest.expect("error").await["code"], code);
        }
        let now = world.log.events_of(conversation(7));
        assert!(now.len() <= stored + 2, "only the first, and once: {}", now.len());
    }
    // What the readers were told is what is stored; and a repeat is a first time.
    for frame in agent.settle().await {
        assert!(!frame["text"].as_str().is_some_and(|text| text.starts_with("message")), "{frame}");
    }
    messages(0..5).for_each(|frame| guest.send(frame));
    for n in 0..5 {
        assert_eq!(guest.expect("ack").await["id"], format!("m{n}"));
    }
    assert_eq!(said(&world), ["unavailable", "overloaded", "m0", "m1", "m2", "m3", "m4"]);
}

#[tokio::test]
async fn a_batch_that_conflicts_ends_the_actor_and_its_repeats_are_stored_once() {
    let world = World::start().await;
    let (mut guest, _agent) = scene(&world).await;
    let held = world.log.held.write().await;
    crowd(&world, &mut guest, "first", messages(0..5)).await;
    world.log.fail_after_next(StoreError::Conflict);
    drop(held);
    for _ in 0..5 {
        assert_eq!(guest.expect("error").await["code"], "unavailable");
    }
    for _ in 0..2 {
        messages(0..5).for_each(|frame| guest.send(frame));
    }
    let mut acked = std::collections::HashSet::new();
    while acked.len() < 5 {
        let frame = guest.next().await.expect("open");
        let Some(id) = frame["id"].as_str().filter(|id| *id != "first") else { continue };
        match frame["type"].as_str() {
            Some("ack") => drop(acked.insert(id.to_owned())),
            // Until it is open again.
            Some("error") => guest.say(id, &format!("message {}", &id[1..])),
            _ => {}
        }
    }
    guest.settle().await;
    let mut once = said(&world);
    once.sort_unstable();
    assert_eq!(once, ["first", "m0", "m1", "m2", "m3", "m4"]);
}

/// Sends a note whose commit is held, and lets it reach the store.
async fn hold_with_note(world: &World, agent: &Client) {
    let before = world.log.appends.load(Ordering::SeqCst);
    agent.send(note("n1"));
    while world.log.appends.load(Ordering::SeqCst) == before {
        tokio::task::yield_now().await;
    }
}

fn note(id: &str) -> Value {
    json!({"type":"send","id":id,"conversation":conversation(7),"text":"I am here","note":true})
}

fn act(id: &str, action: &str) -> Value {
    json!({"type":"act","id":id,"conversation":conversation(7),"action":action})
}

#[tokio::test]
async fn in_a_batch_too_the_human_wins() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"open","conversation":conversation(7)}));
    agent.expect("opened").await;
    guest.say("g1", "When is breakfast?");
    let answer = asked.recv().await.unwrap();
    answer.say("Good mor").await;
    agent.expect("draft").await;
    guest.expect("draft").await;
    let held = world.log.held.write().await;
    hold_with_note(&world, &agent).await;
    let batch =
        [note("n2"), act("a1", "take_over"), note("n3"), act("a2", "hand_back"), act("a3", "take_over")];
    batch.into_iter().for_each(|frame| agent.send(frame));
    agent.settle().await;
    // Said while the take-over waits for the disk: it comes too late.
    answer.say("ning!").await;
    drop(held);
    while agent.expect("ack").await["id"] != "a3" {}
    answer.cancelled().await;
    for frame in guest.settle().await {
        assert_ne!(frame["type"], "draft", "no word after the take-over");
    }
    let events = world.log.events_of(conversation(7));
    let words: Vec<_> = events.iter().filter(|event| event.by.kind == AuthorKind::Ai).collect();
    let [partial] = words[..] else { panic!("{words:?}") };
    assert!(
        matches!(&partial.kind, EventKind::Message(message) if message.partial && message.text == "Good mor")
    );
    let next = &events[usize::try_from(partial.seq).unwrap()];
    assert!(matches!(next.kind, EventKind::Mode { .. }), "kept just before the mode: {next:?}");
    assert!(world.log.turn_of(conversation(7)).is_none());
    // That of the question that was cut off, and that of the hand-back, which nobody was asked for any more.
    let ended = world.log.ended_of(conversation(7));
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended.iter().all(|turn| turn.outcome == TurnOutcome::Superseded && !turn.carried));
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn a_batch_that_hands_back_and_is_asked_opens_one_turn() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let (mut guest, mut agent) = scene(&world).await;
    let held = world.log.held.write().await;
    hold_with_note(&world, &agent).await;
    agent.send(act("a1", "hand_back"));
    agent.settle().await;
    guest.say("q1", "When is breakfast?");
    guest.say("q2", "And where is it?");
    guest.settle().await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let before = world.log.appends.load(Ordering::SeqCst);
    drop(held);
    let answer = asked.recv().await.unwrap();
    assert_eq!(world.log.appends.load(Ordering::SeqCst), before + 1, "one commit");
    let open = world.log.turn_of(conversation(7)).unwrap();
    assert_eq!(open.through, world.log.events_of(conversation(7)).last().unwrap().seq, "it answers both");
    answer.say("At seven, downstairs.").await;
    answer.end().await;
    while guest.event("message").await["by"]["kind"] != "ai" {}
    assert!(asked.try_recv().is_err(), "the first was not asked as well");
    assert!(world.log.turn_of(conversation(7)).is_none());
    assert_eq!(world.log.ended_of(conversation(7)).iter().filter(|ended| !ended.carried).count(), 1);
}

#[tokio::test]
async fn a_refusal_in_a_batch_is_its_own() {
    let world = World::start().await;
    let (mut guest, _agent) = scene(&world).await;
    let held = world.log.held.write().await;
    let bad = json!({"type":"send","id":"bad","text":"to nothing","reply_to":999});
    let frames = messages(0..2).chain([bad]).chain(messages(2..4));
    crowd(&world, &mut guest, "first", frames).await;
    drop(held);
    let mut answers = Vec::new();
    while answers.len() < 6 {
        let frame = guest.next().await.unwrap();
        if matches!(frame["type"].as_str(), Some("ack" | "error")) {
            answers.push((frame["id"].as_str().unwrap().to_owned(), frame["type"] == "ack"));
        }
    }
    let expected = [("first", true), ("m0", true), ("m1", true), ("bad", false), ("m2", true), ("m3", true)];
    assert_eq!(answers, expected.map(|(id, good)| (id.to_owned(), good)));
    assert_eq!(said(&world), ["first", "m0", "m1", "m2", "m3"]);
}

#[tokio::test]
async fn an_old_repeat_is_found_though_its_id_is_not_kept() {
    let world = World::start().await;
    let (mut guest, _agent) = scene(&world).await;
    let mut first = Value::Null;
    for n in 0..40 {
        guest.say(&format!("m{n}"), "hello");
        let ack = guest.expect("ack").await;
        first = if n == 0 { ack } else { first };
    }
    assert_eq!(world.log.asked.load(Ordering::SeqCst), 0, "a new id asks nobody");
    guest.say("m0", "hello");
    assert_eq!(guest.expect("ack").await, first);
    guest.say("m0", "something else");
    assert_eq!(guest.expect("error").await["code"], "conflict");
    assert_eq!(said(&world).len(), 40);
    assert_eq!(world.log.asked.load(Ordering::SeqCst), 1, "and the answer is kept for the next");
}
