//! What a decision of the pool costs: `cargo run --release -p frontdesk-actors --example pool_decision`.
#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::time::Instant;

use frontdesk_actors::ai_pool::Gate;
use frontdesk_domain::ids::TurnId;
use frontdesk_domain::pool::{Budget, Class, FairQueue, Item, Ledger, Price, Spent, Tokens};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

const QUEUED: u128 = 10_000;
const ROUNDS: u128 = 50_000;

fn main() {
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
    for n in 0..ROUNDS {
        let began = Instant::now();
        let now = u64::try_from(n).unwrap_or(0);
        if let Some(next) = queue.peek()
            && gate.admit(next.id, estimate, now, Timestamp(0)).is_ok()
        {
            queue.take(next);
            // What follows some time later, counted as well: the slot, the books, the next turn.
            gate.release();
            gate.settle(next.id, estimate, now, Timestamp(0));
            queue.done(next.flow);
            queue.push(item(QUEUED + n), false);
        }
        took.push(began.elapsed());
    }
    took.sort();
    let at = |part: usize| took[took.len() * part / 1_000].as_secs_f64() * 1e6;
    println!(
        "{} waiting: median {:.1} µs, 99 % {:.1} µs, 99.9 % {:.1} µs",
        queue.len(),
        at(500),
        at(990),
        at(999)
    );
}
