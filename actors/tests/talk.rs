//! Guests, agents and the AI in one conversation, over the actors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use frontdesk_actors::ports::ModelError;
use frontdesk_domain::people::Role;
use serde_json::json;
use support::{World, conversation};

#[tokio::test]
async fn a_guest_asks_and_the_ai_answers() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    assert_eq!(guest.expect("opened").await["events"], json!([]));
    guest.say("g1", "When is breakfast?");
    let event = guest.event("message").await;
    assert_eq!((event["seq"].as_u64(), event["prev"].as_u64()), (Some(1), Some(0)));
    assert_eq!(guest.expect("ack").await["seq"], 1);
    let answer = asked.recv().await.unwrap();
    assert_eq!(answer.prompt.lines.last().unwrap().text, "When is breakfast?");
    answer.say("From ").await;
    answer.say("seven.").await;
    let first = guest.expect("draft").await;
    let second = guest.expect("draft").await;
    assert_eq!((&first["text"], &second["text"]), (&json!("From "), &json!("seven.")));
    answer.end().await;
    let said = guest.event("message").await;
    assert_eq!((&said["text"], &said["by"]["kind"]), (&json!("From seven."), &json!("ai")));
    let end = guest.expect("draft_end").await;
    assert_eq!((&end["outcome"], &end["seq"]), (&json!("sent"), &json!(2)));
}

#[tokio::test]
async fn the_human_wins_in_mid_sentence() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"open","conversation":conversation(7)}));
    agent.expect("opened").await;
    guest.say("g1", "Hello?");
    let answer = asked.recv().await.unwrap();
    answer.say("Good mor").await;
    agent.expect("draft").await;
    agent.send(json!({"type":"act","id":"a1","conversation":conversation(7),"action":"take_over"}));
    answer.say("ning!").await;
    answer.cancelled().await;
    let partial = guest.event("message").await;
    let partial = if partial["by"]["kind"] == "ai" { partial } else { guest.event("message").await };
    assert_eq!((&partial["partial"], partial["text"].as_str()), (&json!(true), Some("Good mor")));
    assert_eq!(guest.event("mode").await["mode"], "human");
    agent.expect("ack").await;
    agent.send(json!({"type":"send","id":"a2","conversation":conversation(7),"text":"Here I am."}));
    let said = guest.event("message").await;
    assert_eq!(said["by"]["name"], "agent 1");
    for frame in guest.settle().await {
        assert_ne!(frame["type"], "draft", "not one AI word after a take-over");
    }
}

#[tokio::test]
async fn notes_never_reach_a_guest() {
    let world = World::start().await;
    let mut guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"open","conversation":conversation(7)}));
    agent.expect("opened").await;
    agent.send(json!({"type":"send","id":"n","conversation":conversation(7),"text":"difficult","note":true}));
    agent.send(json!({"type":"act","id":"t","conversation":conversation(7),"action":"tag","add":["vip"]}));
    agent.send(json!({"type":"send","id":"m","conversation":conversation(7),"text":"Welcome!"}));
    agent.event("note").await;
    let mode = guest.event("mode").await;
    assert_eq!((mode["seq"].as_u64(), mode["prev"].as_u64()), (Some(3), Some(0)));
    guest.event("message").await;
    assert!(guest.settle().await.iter().all(|frame| frame["kind"] != "note" && frame["kind"] != "tags"));
    let mut again = world.connect(&world.guest_again(7), None).await;
    let kinds: Vec<_> = again.expect("opened").await["events"].as_array().unwrap().clone();
    assert!(kinds.iter().all(|event| event["kind"] != "note" && event["kind"] != "tags"), "{kinds:?}");
}

#[tokio::test]
async fn a_model_that_fails_before_a_word_is_replaced() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.say("g1", "Hello?");
    asked.recv().await.unwrap().fail(ModelError::Server).await;
    assert_eq!(guest.expect("draft").await["text"], "A colleague will answer.");
    assert_eq!(guest.event("mode").await["mode"], "human");
    assert_eq!(guest.event("status").await["status"], "waiting");
}

#[tokio::test]
async fn a_half_stream_is_cut_and_people_are_asked() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.say("g1", "Hello?");
    let answer = asked.recv().await.unwrap();
    answer.say("The pool is op").await;
    answer.fail(ModelError::Interrupted).await;
    guest.event("message").await;
    let partial = guest.event("message").await;
    assert_eq!((&partial["text"], &partial["partial"]), (&json!("The pool is op"), &json!(true)));
    assert_eq!(guest.event("mode").await["mode"], "human");
    assert_eq!(guest.expect("draft_end").await["outcome"], "cut");
}

#[tokio::test]
async fn agents_see_the_inbox_and_each_other() {
    let world = World::start().await;
    let _silent = world.model.asked();
    let mut mia = world.connect(&world.agent(1, Role::Agent), None).await;
    assert_eq!(mia.expect("presence").await["agents"][0]["online"], true);
    let mut jon = world.connect(&world.agent(2, Role::Agent), None).await;
    assert_eq!(mia.expect("presence").await["agents"].as_array().unwrap().len(), 2);
    let guest = world.connect(&world.guest(7), None).await;
    guest.say("g1", "Hello?");
    let inbox = mia.expect("inbox").await;
    assert_eq!(inbox["upserts"][0]["last_message"]["text"], "Hello?");
    jon.voice = None;
    let left = mia.expect("presence").await;
    assert!(
        left["agents"].as_array().unwrap().iter().any(|a| a["name"] == "agent 2" && a["online"] == false)
    );
}

#[tokio::test]
async fn typing_and_reading_reach_the_others_only() {
    let world = World::start().await;
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.expect("opened").await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"open","conversation":conversation(7)}));
    agent.expect("opened").await;
    guest.send(json!({"type":"typing","on":true}));
    assert_eq!(agent.expect("typing").await["by"]["kind"], "guest");
    guest.say("g1", "Hello?");
    agent.event("message").await;
    agent.send(json!({"type":"read","conversation":conversation(7),"seq":1}));
    assert_eq!(guest.expect("read").await["seq"], 1);
    let typing = |frame: &serde_json::Value| frame["type"] == "typing" && frame["by"]["kind"] == "guest";
    assert!(!guest.settle().await.iter().any(typing));
}

#[tokio::test]
async fn reading_needs_no_opening_but_the_right() {
    let world = World::start().await;
    let _silent = world.model.asked();
    let mut guest = world.connect(&world.guest(7), None).await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    guest.say("g1", "Hello?");
    guest.expect("ack").await;
    agent.send(json!({"type":"read","conversation":conversation(7),"seq":1}));
    assert_eq!(guest.expect("read").await["by"]["kind"], "agent");
    agent.send(json!({"type":"read","conversation":conversation(99),"seq":1}));
    assert_eq!(agent.expect("error").await["code"], "not_found");
}

#[tokio::test]
async fn nothing_overtakes_what_its_sender_said_before() {
    let world = World::start().await;
    world.guest(7);
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    for n in 0..50 {
        // The first waits for the store to know the colleague; the second needs nothing of the kind.
        let colleague = frontdesk_domain::ids::AgentId(uuid::Uuid::from_u128(1));
        agent.send(json!({"type":"act","id":format!("a{n}"),"conversation":conversation(7),
            "action":"assign","agent":colleague}));
        agent.send(json!({"type":"send","id":format!("m{n}"),"conversation":conversation(7),"text":"x"}));
        for id in [format!("a{n}"), format!("m{n}")] {
            assert_eq!(agent.expect("ack").await["id"], json!(id));
        }
        agent.send(json!({"type":"act","id":format!("u{n}"),"conversation":conversation(7),
            "action":"assign","agent":null}));
        assert_eq!(agent.expect("ack").await["id"], json!(format!("u{n}")));
    }
}
