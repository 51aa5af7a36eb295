//! The pool in virtual time, and guests who ask it.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::ai_pool::Limits;
use frontdesk_domain::conversation::TurnOutcome;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

use super::model::Answer;
use super::{Client, World, conversation};

pub const SOON: Duration = Duration::from_secs(5);

pub async fn world(limits: Limits) -> (World, Receiver<Answer>) {
    let world = World::on(Arc::default(), limits, false).await;
    let asked = world.model.asked();
    (world, asked)
}

pub fn slots(concurrency: usize) -> Limits {
    Limits { concurrency, ..Limits::default() }
}

/// A new guest's question.
pub async fn question(world: &World, n: u128) -> Client {
    let guest = world.connect(&world.guest(n), None).await;
    guest.say("q", "When is breakfast?");
    guest
}

/// Waits until the guest has an outcome; how long that took.
pub async fn outcome(world: &World, n: u128) -> (TurnOutcome, Duration) {
    let began = Instant::now();
    loop {
        if let Some(ended) = world.log.ended_of(conversation(n)).first() {
            return (ended.outcome, began.elapsed());
        }
        assert!(began.elapsed() < Duration::from_secs(120), "no outcome");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
