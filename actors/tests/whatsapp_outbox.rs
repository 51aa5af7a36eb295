//! The outbox over a table in memory and an API that does as it is told, with limits in milliseconds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk_actors::messages::{DeliveryReport, WhatsAppOutboxMsg};
use frontdesk_actors::ports::whatsapp::{Outcome, SendFault};
use frontdesk_actors::whatsapp_outbox::Limits;
use frontdesk_domain::outgoing::DeliveryKey;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

#[path = "support/outbox.rs"]
mod world;

use world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_order_and_each_once_whatever_is_refused_on_the_way() {
    let world = World::fresh().await;
    let later = [SendFault::Unreachable, SendFault::Refused(131_000), SendFault::Refused(130_429)];
    world.api.fail("1/2", later);
    world.api.fail("1/3", [SendFault::Refused(131_047)]);
    for seq in 1..=5 {
        world.send(1, seq);
    }
    world.until_done().await;
    assert_eq!(world.api.sent(), ["1/1", "1/2", "1/2", "1/2", "1/2", "1/3", "1/4", "1/5"]);
    assert!(matches!(world.table.outcome(1, 3), Some(Outcome::Never(why)) if why.contains("24 hours")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_without_an_answer_is_repeated_only_after_a_status_was_waited_for() {
    let world = World::fresh().await;
    world.api.fail("1/1", [SendFault::Unclear]);
    world.send(1, 1);
    world.send(1, 2);
    world.until_done().await;
    let first = world.api.times("1/1");
    assert_eq!(first.len(), 2);
    assert!(first[1] - first[0] >= Duration::from_millis(95), "{:?}", first[1] - first[0]);
    assert_eq!(world.api.sent(), ["1/1", "1/1", "1/2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_settles_it_and_it_is_not_repeated() {
    let patient = Limits { unclear_for: Duration::from_secs(600), ..limits() };
    let world = World::start(Arc::new(Table::default()), patient).await;
    world.api.fail("1/1", [SendFault::Unclear]);
    world.send(1, 1);
    world.send(1, 2);
    world.until("the first try", |world| world.api.sent().len() == 1).await;
    let report = DeliveryReport {
        property: frontdesk_domain::ids::PropertyId(Uuid::nil()),
        wamid: "wamid.real".into(),
        state: frontdesk_domain::event::DeliveryState::Sent,
        at: Timestamp(0),
        error: None,
        tracker: Some(DeliveryKey { conversation: conversation(1), seq: 1, part: 0 }.tracker()),
        recipient: None,
        recipient_user_id: None,
    };
    let answer = world
        .outbox
        .call(|reply| WhatsAppOutboxMsg::Status { report: Box::new(report), reply }, None)
        .await
        .unwrap();
    assert!(matches!(answer, ractor::rpc::CallResult::Success(Ok(()))));
    world.until_done().await;
    assert_eq!(world.api.sent(), ["1/1", "1/2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_to_one_guest_keep_its_limit_and_hold_nobody_else_up() {
    let world = World::fresh().await;
    for seq in 1..=200 {
        world.send(1, seq);
    }
    let mut waits = Vec::new();
    for seq in 1..=40 {
        let asked = Instant::now();
        world.send(2, seq);
        world.until("the other guest's", |world| world.table.outcome(2, seq).is_some()).await;
        waits.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    waits.sort_unstable();
    assert!(waits[20] < Duration::from_millis(60), "not held up by a limit: {waits:?}");
    world.until_done().await;
    let times = world.api.times("1/");
    assert_eq!(times.len(), 200, "each once");
    for first in 0..times.len() {
        for last in first + 44..times.len() {
            let more = u32::try_from(last - first - 43).unwrap();
            let least = Duration::from_millis(60) * more;
            // What the clock of a busy machine makes of it: one period of grace.
            assert!(times[last] - times[first] + Duration::from_millis(60) >= least, "{first}..{last}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_is_one_alarm_and_all_goes_once_it_works_again() {
    let world = World::fresh().await;
    *world.api.always.lock().unwrap() = Some(SendFault::Refused(190));
    for n in 1..=20 {
        world.send(n, 1);
    }
    world.until("a few probes", |world| world.api.sent().len() >= 3).await;
    let sent = world.api.sent().len();
    assert!(sent <= 20 + 5, "no hammering: {sent}");
    assert_eq!(world.alarms.lock().unwrap().iter().filter(|alarm| alarm.is_some()).count(), 1);
    *world.api.always.lock().unwrap() = None;
    world.until_done().await;
    world.until("the alarm is over", |world| world.alarms.lock().unwrap().last() == Some(&None)).await;
    assert_eq!(world.alarms.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_is_taken_up_and_what_was_unclear_waits_first() {
    let table = Arc::new(Table::default());
    table.add(1, 1);
    table.add(2, 1);
    table.with(DeliveryKey { conversation: conversation(2), seq: 1, part: 0 }, |row| {
        row.delivery.unclear_since = Some(Timestamp(0));
    });
    let started = Instant::now();
    let world = World::start(table, limits()).await;
    world.until_done().await;
    assert_eq!(world.api.sent(), ["1/1", "2/1"]);
    assert!(world.api.times("2/1")[0] - started >= Duration::from_millis(95));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_conversations_than_fit_in_memory_are_all_served() {
    let few = Limits { lines: 8, ..limits() };
    let world = World::start(Arc::new(Table::default()), few).await;
    for n in 1..=100 {
        world.send(n, 1);
        world.send(n, 2);
    }
    world.until_done().await;
    assert_eq!(world.api.sent().len(), 200);
}
