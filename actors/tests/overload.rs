//! More of guests' messages than the store takes: those beyond the bound are refused, everybody else is heard.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use frontdesk_actors::admission::UNDER_WAY_MAX;
use frontdesk_domain::people::Role;
use serde_json::json;
use support::{World, conversation};

const GUESTS: usize = 32;
const EACH: usize = UNDER_WAY_MAX / GUESTS;

#[tokio::test]
async fn guests_beyond_the_bound_are_refused_at_once_and_staff_are_not() {
    let world = World::start().await;
    let mut crowd = Vec::new();
    for n in 1..=GUESTS {
        crowd.push(world.connect(&world.guest(n as u128), None).await);
    }
    let mut late = world.connect(&world.guest(99), None).await;
    late.settle().await;
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    agent.send(json!({"type":"open","conversation":conversation(99)}));
    agent.expect("opened").await;

    // No commit is answered, so no place is free again.
    let held = world.log.held.write().await;
    for guest in &crowd {
        (0..EACH).for_each(|n| guest.say(&format!("m{n}"), "is anybody there?"));
    }
    assert_eq!(world.hub.guest_messages(), (UNDER_WAY_MAX, UNDER_WAY_MAX));
    late.say("late", "and me?");
    let refused = late.expect("error").await;
    assert_eq!((&refused["id"], &refused["code"]), (&json!("late"), &json!("overloaded")));
    assert!(refused["retry_ms"].is_u64(), "{refused}");
    agent.send(json!({"type":"send","id":"staff","conversation":conversation(99),"text":"One moment"}));
    for frame in agent.settle().await {
        assert_ne!(frame["type"], "error", "{frame}");
    }
    drop(held);

    assert_eq!(agent.expect("ack").await["id"], "staff");
    for guest in &mut crowd {
        for n in 0..EACH {
            assert_eq!(guest.expect("ack").await["id"], format!("m{n}"));
        }
    }
    let said = world.log.events_of(conversation(99));
    assert!(said.iter().all(|event| event.id.as_ref().is_none_or(|id| id.as_str() != "late")), "{said:?}");
    late.say("late", "and me?");
    assert_eq!(late.expect("ack").await["id"], "late");
    assert_eq!(world.hub.guest_messages(), (0, UNDER_WAY_MAX));
}
