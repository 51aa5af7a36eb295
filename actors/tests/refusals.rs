//! Every refusal that a socket gives, and that it lives on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use frontdesk_actors::ai_pool::Limits;
use frontdesk_domain::frame::Close;
use frontdesk_domain::people::{Principal, Role};
use serde_json::json;
use support::{MemoryLog, World, conversation};

#[tokio::test]
async fn a_guest_has_one_conversation_and_few_rights() {
    let world = World::start().await;
    world.guest(8);
    let mut guest = world.connect(&world.guest(7), None).await;
    guest.expect("opened").await;
    for (frame, code) in [
        (json!({"type":"open","conversation":conversation(8)}), "forbidden"),
        (json!({"type":"leave","conversation":conversation(7)}), "forbidden"),
        (json!({"type":"send","id":"a","conversation":conversation(8),"text":"hi"}), "not_found"),
        (json!({"type":"send","id":"a","text":"hi","note":true}), "forbidden"),
        (json!({"type":"act","id":"a","action":"take_over"}), "forbidden"),
        (json!({"type":"hello"}), "bad_frame"),
        (json!({"type":"dance"}), "bad_frame"),
        (json!({"type":"send","id":"a","text":" "}), "bad_text"),
        (json!({"type":"read","conversation":conversation(8),"seq":1}), "not_found"),
        (json!({"type":"typing","conversation":conversation(8),"on":true}), "not_found"),
    ] {
        guest.send(frame.clone());
        let refused = guest.expect("error").await;
        assert_eq!(refused["code"], code, "{frame}");
        assert_eq!(refused.get("id"), frame.get("id"), "{frame}");
    }
    guest.say("g1", "still here");
    guest.expect("ack").await;
}

#[tokio::test]
async fn foreign_and_missing_look_alike() {
    let world = World::start().await;
    world.guest(7);
    let Principal::Agent { agent, role, .. } = world.agent(1, Role::Admin) else { panic!() };
    let elsewhere = frontdesk_domain::ids::PropertyId(uuid::Uuid::from_u128(99));
    let stranger = Principal::Agent { property: elsewhere, agent, role };
    let mut stranger = world.connect(&stranger, None).await;
    let mut answers = Vec::new();
    for target in [conversation(7), conversation(12_345)] {
        stranger.send(json!({"type":"open","conversation":target}));
        let mut open = stranger.expect("error").await;
        open.as_object_mut().unwrap().remove("conversation");
        stranger.send(json!({"type":"send","id":"x","conversation":target,"text":"hi"}));
        let send = stranger.expect("error").await;
        stranger.send(json!({"type":"act","id":"y","conversation":target,"action":"take_over"}));
        answers.push((open, send, stranger.expect("error").await));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0["code"], "not_found");
    assert!(world.log.events_of(conversation(7)).is_empty());
}

#[tokio::test]
async fn viewers_only_look() {
    let world = World::start().await;
    world.guest(7);
    let mut viewer = world.connect(&world.agent(1, Role::Viewer), None).await;
    viewer.send(json!({"type":"open","conversation":conversation(7)}));
    viewer.expect("opened").await;
    for frame in [
        json!({"type":"send","id":"a","conversation":conversation(7),"text":"hi"}),
        json!({"type":"act","id":"a","conversation":conversation(7),"action":"close"}),
        json!({"type":"typing","conversation":conversation(7),"on":true}),
    ] {
        viewer.send(frame);
        assert_eq!(viewer.expect("error").await["code"], "forbidden");
    }
}

#[tokio::test]
async fn too_many_bad_frames_close_with_4400() {
    let world = World::on(Arc::new(MemoryLog::default()), Limits::default(), true).await;
    let mut guest = world.connect(&world.guest(7), None).await;
    for _ in 0..21 {
        guest.send(json!({"type":"dance"}));
    }
    guest.rest().await;
    assert_eq!(guest.closed, Some(Close::NotOurProtocol));
}

#[tokio::test]
async fn too_many_messages_are_refused_with_a_time() {
    let world = World::on(Arc::new(MemoryLog::default()), Limits::default(), true).await;
    let mut guest = world.connect(&world.guest(7), None).await;
    for n in 0..40 {
        guest.say(&format!("g{n}"), "hello");
    }
    let refused = guest.expect("error").await;
    assert_eq!(refused["code"], "rate_limited");
    assert!(refused["retry_ms"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn an_ended_session_is_closed_with_4401() {
    let world = World::start().await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    world.hub.end_session(frontdesk_actors::messages::SessionKey([0; 32]));
    agent.rest().await;
    assert_eq!(agent.closed, Some(Close::NotLoggedIn));
}
