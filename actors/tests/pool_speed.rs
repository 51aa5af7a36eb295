//! What the pool costs while nothing else goes on: real time, so that the figures are a machine's. The bounds are
//! for medians, which a busy machine moves little.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "what was measured is said")]

mod support;

use std::time::{Duration, Instant};

use frontdesk_domain::people::Role;
use serde_json::json;
use support::{World, conversation};

const ROUNDS: u128 = 200;

/// The middle one, and the one that 99 in a hundred stay below.
fn spread(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

/// From the guest's question to the model: rules, commit (to memory), pool.
#[tokio::test]
async fn an_idle_pool_asks_the_model_at_once() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut took = Vec::new();
    for n in 1..=ROUNDS {
        let guest = world.connect(&world.guest(n), None).await;
        let began = Instant::now();
        guest.say("q", "When is breakfast?");
        let answer = asked.recv().await.unwrap();
        took.push(began.elapsed());
        answer.say("From seven.").await;
        answer.end().await;
    }
    let (median, late) = spread(took);
    println!("from the question to the model: median {median:?}, 99 % {late:?}");
    assert!(median <= Duration::from_millis(2), "{median:?}");
}

/// From the take-over to the end of the model's stream.
#[tokio::test]
async fn a_take_over_ends_the_models_stream_at_once() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let mut took = Vec::new();
    for n in 1..=ROUNDS {
        let guest = world.connect(&world.guest(n), None).await;
        guest.say("q", "When is breakfast?");
        let answer = asked.recv().await.unwrap();
        answer.say("From ").await;
        let began = Instant::now();
        agent.send(json!({"type":"act","id":"a","conversation":conversation(n),"action":"take_over"}));
        answer.cancelled().await;
        took.push(began.elapsed());
        agent.expect("ack").await;
    }
    let (median, late) = spread(took);
    println!("from the take-over to the end of the stream: median {median:?}, 99 % {late:?}");
    assert!(late <= Duration::from_millis(250), "{late:?}");
}
