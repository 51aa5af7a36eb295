//! What the pool costs while nothing else goes on: real time, so that the figures are a machine's. `make pool-speed`
//! asserts them for a release build; without optimisation the bounds are wide. All are of medians, which a busy machine
//! moves little.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "what was measured is said")]

mod support;

use std::time::{Duration, Instant};

use frontdesk_actors::ai_pool::{Gate, Limits};
use frontdesk_domain::ids::TurnId;
use frontdesk_domain::people::Role;
use frontdesk_domain::pool::{Budget, Class, FairQueue, Item, Ledger, Price, Spent, Tokens};
use frontdesk_domain::timestamp::Timestamp;
use serde_json::json;
use support::{World, conversation};
use uuid::Uuid;

const ROUNDS: u128 = 200;
const QUEUED: u128 = 10_000;
const DECISIONS: u128 = 20_000;

/// The bound of a release build; ten times that without optimisation.
fn bound(release: Duration) -> Duration {
    if cfg!(debug_assertions) { release * 10 } else { release }
}

/// The middle one, and the one that 99 in a hundred stay below.
fn spread(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

/// Everything between a guest and the model, both ways, but for disk and network: rules, commit, pool, worker.
#[tokio::test]
async fn an_idle_pool_adds_next_to_nothing_to_the_first_word() {
    let limits = Limits { requests_a_minute: 1_000_000, tokens_a_minute: 1_000_000_000, ..Limits::default() };
    let world = World::on(std::sync::Arc::default(), limits, false).await;
    let mut asked = world.model.asked();
    let (mut there, mut whole) = (Vec::new(), Vec::new());
    for n in 1..=ROUNDS {
        let mut guest = world.connect(&world.guest(n), None).await;
        let began = Instant::now();
        guest.say("q", "When is breakfast?");
        let answer = asked.recv().await.unwrap();
        there.push(began.elapsed());
        answer.say("From seven.").await;
        guest.expect("draft").await;
        whole.push(began.elapsed());
        answer.end().await;
        guest.expect("draft_end").await;
    }
    let ((median, late), (both, both_late)) = (spread(there), spread(whole));
    println!(
        "from the question to the model: median {median:?}, 99 % {late:?}; and with the first word's way back: median \
         {both:?}, 99 % {both_late:?}"
    );
    assert!(both <= bound(Duration::from_millis(2)), "{both:?}");
}

/// From the take-over to the end of the model's stream.
#[tokio::test]
async fn a_take_over_ends_the_models_stream_at_once() {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
    let mut took = Vec::new();
    // As many as the default limits let go at once.
    for n in 1..=40 {
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

/// Who is next, and may it go: with what follows some time later counted in, the slot, the books, the next turn.
#[test]
fn a_decision_with_ten_thousand_waiting() {
    let none = Spent::default();
    let books = Ledger::new(Budget::default(), Price::default(), Timestamp(0), none, none);
    let mut gate = Gate::new(u32::MAX, u32::MAX, 1_000_000, books);
    let mut queue: FairQueue<TurnId, Uuid> = FairQueue::default();
    let item = |n: u128| Item {
        id: TurnId(Uuid::from_u128(n)),
        flow: Uuid::from_u128(n % QUEUED),
        class: Class::Guest,
        cost: 1_500,
    };
    for n in 0..QUEUED {
        queue.push(item(n), false);
    }
    let estimate = Tokens { prompt: 1_200, completion: 300 };
    let mut took = Vec::new();
    for n in 0..DECISIONS {
        let began = Instant::now();
        // So slowly that governor never says no.
        let now = u64::try_from(n).unwrap();
        let next = queue.peek().unwrap();
        gate.admit(next.id, estimate, now, Timestamp(0)).unwrap();
        queue.take(next);
        gate.release();
        gate.settle(next.id, estimate, now, Timestamp(0));
        queue.done(next.flow);
        queue.push(item(QUEUED + n), false);
        took.push(began.elapsed());
    }
    assert_eq!(queue.len() as u128, QUEUED);
    let (median, late) = spread(took);
    println!("a decision with {QUEUED} waiting: median {median:?}, 99 % {late:?}");
    assert!(median <= bound(Duration::from_micros(50)), "{median:?}");
}
