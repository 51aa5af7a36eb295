//! When the AI is asked, and what it is shown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use frontdesk_domain::people::{AuthorKind, Role};
use serde_json::json;
use support::{World, conversation};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn quick_messages_are_one_prompt_after_a_moment_of_quiet() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    let began = Instant::now();
    guest.say("g1", "Hello");
    let typing = guest.expect("typing").await;
    assert_eq!((&typing["by"]["kind"], &typing["on"]), (&json!("ai"), &json!(true)));
    assert!(began.elapsed() <= Duration::from_millis(500), "a sign at once");
    guest.say("g2", "we come by car");
    let answer = asked.recv().await.unwrap();
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(590) && waited < Duration::from_secs(4), "{waited:?}");
    let lines: Vec<_> = answer.prompt.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["Hello", "we come by car"]);
    answer.say("Welcome.").await;
    answer.end().await;
    guest.expect("draft_end").await;
    assert!(asked.try_recv().is_err(), "one turn");
    let ended = world.log.ended_of(conversation(7));
    assert_eq!(ended.iter().map(|row| (row.after, row.through)).collect::<Vec<_>>(), [(0, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_question_is_asked_at_once_and_a_newer_message_starts_it_anew() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let guest = world.connect(&world.guest(7), None).await;
    let began = Instant::now();
    guest.say("g1", "When is breakfast?");
    let first = asked.recv().await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    guest.say("g2", "On Sundays?");
    first.cancelled().await;
    let second = asked.recv().await.unwrap();
    assert_eq!(second.prompt.lines.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_correction_cuts_and_the_rest_waits_its_turn() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.say("g1", "Is there a pool?");
    let first = asked.recv().await.unwrap();
    first.say("The pool ").await;
    guest.expect("draft").await;
    guest.say("g2", "And parking?");
    guest.say("g3", "No, I meant the sauna");
    first.cancelled().await;
    let partial = loop {
        let message = guest.event("message").await;
        if message["by"]["kind"] == "ai" {
            break message;
        }
    };
    assert_eq!((&partial["text"], &partial["partial"]), (&json!("The pool "), &json!(true)));
    let second = asked.recv().await.unwrap();
    let last: Vec<_> = second.prompt.lines.iter().rev().take(2).map(|line| line.text.as_str()).collect();
    assert_eq!(last, ["No, I meant the sauna", "And parking?"], "both are open");
}

#[tokio::test(start_paused = true)]
async fn after_a_human_stretch_the_ai_is_told_of_it() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"send","id":"a1","conversation":conversation(7),"text":"Welcome!"}));
    guest.event("message").await;
    guest.say("g1", "Is there a gym?");
    guest.event("status").await;
    agent.send(json!({"type":"act","id":"a2","conversation":conversation(7),"action":"hand_back"}));
    agent.expect("ack").await;
    let answer = asked.recv().await.unwrap();
    let lines = &answer.prompt.lines;
    assert_eq!(lines.last().unwrap().text, "Is there a gym?");
    let account = &lines[lines.len() - 2];
    assert_eq!(account.by.kind, AuthorKind::System);
    assert!(account.text.contains("agent 1 wrote one message"), "{}", account.text);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_climbs_the_ladder_until_somebody_sees_to_it() {
    let (world, pages) = World::with_ladder(&[(6, "duty"), (15, "manager"), (40, "owner")]).await;
    let guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let began = Instant::now();
    guest.say("g1", "Help, there is a fire in the hall!");
    let rings = |frame: &serde_json::Value| frame["upserts"][0]["alarm"]["rung"].as_u64();
    while rings(&agent.expect("inbox").await).is_none() {}
    for (rung, to, seconds) in [(1, "duty", 6), (2, "manager", 15)] {
        while rings(&agent.expect("inbox").await) != Some(rung) {}
        assert_eq!(pages.lock().unwrap().last().unwrap().to, to);
        assert_eq!(began.elapsed().as_secs(), seconds, "{to}");
    }
    agent.send(json!({"type":"act","id":"a1","conversation":conversation(7),"action":"acknowledge"}));
    agent.expect("ack").await;
    tokio::time::advance(Duration::from_secs(1_000)).await;
    agent.settle().await;
    assert_eq!(pages.lock().unwrap().len(), 2, "somebody sees to it");
}
