//! The pool's actor in virtual time: deadlines, breaker, budget, and that help never holds up a guest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use frontdesk_actors::ai_pool::Limits;
use frontdesk_actors::messages::{Attempt, Busy, Lease};
use frontdesk_actors::ports::ModelError;
use frontdesk_domain::conversation::TurnOutcome;
use frontdesk_domain::pool::{Budget, Class};
use support::model::Answer;
use support::pool::{SOON, outcome, question, slots, world};
use support::{World, conversation};
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

async fn lease(world: &World, n: u128, within: Duration) -> Result<Lease, Busy> {
    world.hub.lease(world.property, conversation(n), Class::Help, 500, within).await
}

#[tokio::test(start_paused = true)]
async fn help_waits_behind_the_guests() {
    let (world, mut asked) = world(slots(1)).await;
    let (_first, answer) = (question(&world, 1).await, asked.recv().await.unwrap());
    let hub = world.hub.clone();
    let property = world.property;
    let help = tokio::spawn(async move {
        hub.lease(property, conversation(9), Class::Help, 500, Duration::from_secs(60)).await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let _second = question(&world, 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    answer.say("From seven.").await;
    answer.end().await;
    let answer = asked.recv().await.unwrap();
    assert_eq!(answer.prompt.conversation, conversation(2), "the guest, who came later than the agent");
    assert!(!help.is_finished());
    answer.say("From seven.").await;
    answer.end().await;
    assert!(help.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_finds_no_slot_gets_the_one_of_help() {
    let (world, mut asked) = world(slots(1)).await;
    let held = lease(&world, 9, SOON).await.unwrap();
    let _guest = question(&world, 1).await;
    let answer = tokio::time::timeout(SOON, asked.recv()).await.expect("asked though the slot was taken");
    tokio::time::timeout(SOON, held.revoked()).await.expect("taken back");
    drop(held);
    answer.unwrap().end().await;
}

/// The queue owes help a turn, help holds the only slot, and a guest comes: the guest is not behind the help.
#[tokio::test(start_paused = true)]
async fn help_that_is_next_does_not_stand_in_the_way() {
    let (world, mut asked) = world(slots(1)).await;
    for n in 1..=6 {
        let _guest = question(&world, n).await;
        let answer = asked.recv().await.unwrap();
        answer.say("Yes.").await;
        answer.end().await;
        outcome(&world, n).await;
    }
    let held = lease(&world, 9, SOON).await.unwrap();
    let hub = world.hub.clone();
    let property = world.property;
    let next = tokio::spawn(async move {
        hub.lease(property, conversation(8), Class::Help, 500, Duration::from_secs(60)).await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let _guest = question(&world, 7).await;
    tokio::time::timeout(SOON, asked.recv()).await.expect("asked at once").unwrap().end().await;
    tokio::time::timeout(SOON, held.revoked()).await.expect("taken back");
    drop(held);
    drop(next.await);
}

#[tokio::test(start_paused = true)]
async fn help_in_a_conversation_does_not_hold_up_its_guest() {
    let (world, mut asked) = world(slots(4)).await;
    let held = lease(&world, 1, SOON).await.unwrap();
    let _guest = question(&world, 1).await;
    let answer = tokio::time::timeout(SOON, asked.recv()).await.expect("asked beside the help").unwrap();
    assert!(tokio::time::timeout(SOON, held.revoked()).await.is_err(), "there is room for both");
    answer.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_finds_no_place_in_time_is_refused() {
    let (world, mut asked) = world(slots(1)).await;
    let _guest = question(&world, 1).await;
    let _open = asked.recv().await.unwrap();
    let began = Instant::now();
    assert!(matches!(lease(&world, 9, Duration::from_secs(2)).await, Err(Busy)));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_model_that_says_nothing_is_waited_for_until_the_deadline() {
    let (world, mut asked) = world(slots(4)).await;
    let _guest = question(&world, 1).await;
    let answer = asked.recv().await.unwrap();
    let began = Instant::now();
    let (how, _) = outcome(&world, 1).await;
    let took = began.elapsed();
    assert_eq!(how, TurnOutcome::HandedOver, "the embedded answerer's");
    assert!(took > Duration::from_secs(6) && took < Duration::from_secs(9), "{took:?}");
    answer.cancelled().await;
}

/// Fails whatever is asked, until the breaker opens.
async fn sicken(world: &World, asked: &mut Receiver<Answer>, first: u128) -> u128 {
    for n in first.. {
        assert!(n < first + 20, "it never opens");
        let guest = question(world, n).await;
        let mut calls = 0;
        loop {
            tokio::select! {
                answer = asked.recv() => { calls += 1; answer.unwrap().fail(ModelError::Server).await; }
                _ = outcome(world, n) => break,
            }
        }
        drop(guest);
        if calls == 0 {
            return n;
        }
    }
    unreachable!("an endless range")
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_makes_nobody_wait_and_one_trial_closes_it() {
    let (world, mut asked) = world(slots(4)).await;
    let next = sicken(&world, &mut asked, 1).await + 1;
    for n in next..next + 10 {
        let _guest = question(&world, n).await;
        let (_, took) = outcome(&world, n).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    assert!(asked.try_recv().is_err(), "nobody was asked");
    tokio::time::sleep(Duration::from_secs(61)).await;
    // Two come at once: one of them is the trial, the other does not wait for it.
    let _both = (question(&world, 101).await, question(&world, 102).await);
    let trial = asked.recv().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(asked.try_recv().is_err(), "one trial");
    trial.say("Yes.").await;
    trial.end().await;
    outcome(&world, 101).await;
    outcome(&world, 102).await;
    let _guest = question(&world, 103).await;
    asked.recv().await.unwrap().end().await;
}

/// A call for an agent is as good a trial as a guest's, and counts as a failure like one.
#[tokio::test(start_paused = true)]
async fn leases_tell_the_breaker() {
    let (world, mut asked) = world(slots(4)).await;
    for n in 0..5 {
        let lease = lease(&world, n, SOON).await.unwrap();
        lease.ended(Attempt::Untouched(ModelError::Server));
    }
    let _guest = question(&world, 50).await;
    outcome(&world, 50).await;
    assert!(asked.try_recv().is_err(), "five failures of help opened it");
    assert!(matches!(lease(&world, 9, SOON).await, Err(Busy)), "and help is refused too");
    tokio::time::sleep(Duration::from_secs(61)).await;
    let trial = lease(&world, 9, SOON).await.unwrap();
    trial.first_word();
    trial.ended(Attempt::Done { chars: 20 });
    let _guest = question(&world, 51).await;
    asked.recv().await.unwrap().end().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_let_go_leaves_the_trial_to_the_next() {
    let (world, mut asked) = world(slots(4)).await;
    for n in 0..5 {
        lease(&world, n, SOON).await.unwrap().ended(Attempt::Untouched(ModelError::Server));
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    drop(lease(&world, 9, SOON).await.unwrap());
    let _guest = question(&world, 50).await;
    tokio::time::timeout(SOON, asked.recv()).await.expect("the trial").unwrap().end().await;
}

#[tokio::test(start_paused = true)]
async fn beyond_the_budget_the_model_is_not_asked() {
    let budget = Budget { day_tokens: Some(3_000), ..Budget::default() };
    let (world, mut asked) = world(Limits { budget, ..slots(4) }).await;
    let mut by_model = 0;
    for n in 1..=10 {
        let _guest = question(&world, n).await;
        tokio::select! {
            answer = asked.recv() => {
                by_model += 1;
                let answer = answer.unwrap();
                answer.say(&"word ".repeat(400)).await;
                answer.end().await;
                outcome(&world, n).await;
            }
            (_, took) = outcome(&world, n) => assert!(took < Duration::from_secs(3), "{took:?}"),
        }
    }
    assert!((1..10).contains(&by_model), "{by_model}");
    assert!(matches!(lease(&world, 99, SOON).await, Err(Busy)), "nor for help");
}

/// A limit of ten a minute lets one go each six seconds: the second request of a call waits for its turn, and is
/// counted, so that the next guest waits after it.
#[tokio::test(start_paused = true)]
async fn a_second_request_is_let_go_like_the_first() {
    let (world, mut asked) = world(Limits { requests_a_minute: 10, ..slots(1) }).await;
    let _guest = question(&world, 1).await;
    let answer = asked.recv().await.unwrap();
    let (turn, began) = (answer.prompt.turn, Instant::now());
    assert!(!world.books.again(turn, 500, began + Duration::from_secs(3)).await, "not before six seconds");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(world.books.again(turn, 500, began + Duration::from_secs(30)).await);
    let first = began.elapsed();
    assert!(first > Duration::from_secs(5) && first < Duration::from_secs(7), "{first:?}");
    answer.say("Yes.").await;
    answer.end().await;
    outcome(&world, 1).await;
    let _next = question(&world, 2).await;
    let answer = tokio::time::timeout(SOON * 2, asked.recv()).await.expect("asked").unwrap();
    let second = began.elapsed();
    assert!(second > Duration::from_secs(11) && second < Duration::from_secs(14), "{second:?}");
    answer.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_request_keeps_to_tokens_budget_and_breaker() {
    let by = || Instant::now() + Duration::from_secs(1);
    let (world, mut asked) = world(Limits { tokens_a_minute: 4_000, ..slots(4) }).await;
    let _guest = question(&world, 1).await;
    let answer = asked.recv().await.unwrap();
    assert!(!world.books.again(answer.prompt.turn, 3_000, by()).await, "more tokens than a minute has");
    answer.end().await;
    let budget = Budget { day_tokens: Some(50_000), ..Budget::default() };
    let (world, mut asked) = self::world(Limits { budget, ..slots(4) }).await;
    let _guest = question(&world, 1).await;
    let answer = asked.recv().await.unwrap();
    let turn = answer.prompt.turn;
    assert!(!world.books.again(turn, 60_000, by()).await, "beyond the budget");
    assert!(world.books.again(turn, 1_000, by()).await, "within it");
    answer.say("Yes.").await;
    for n in 0..5 {
        lease(&world, 50 + n, SOON).await.unwrap().ended(Attempt::Untouched(ModelError::Unreachable));
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(!world.books.again(turn, 10, by()).await, "the breaker is open");
    answer.end().await;
    outcome(&world, 1).await;
    assert!(!world.books.again(turn, 10, by()).await, "the call is over");
}

/// A thousand questions of one guest, as fast as they are answered, while others ask now and then: the model is asked
/// as often as one guest may in five minutes and in a day, and what the others get does not change.
#[tokio::test(start_paused = true)]
async fn a_guest_who_asks_a_thousand_times_does_not_spend_what_is_everybodys() {
    let limits = Limits { requests_a_minute: 100_000, tokens_a_minute: 100_000_000, ..slots(4) };
    let (few, a_day) = (limits.few_turns, limits.turns_a_day);
    let world = World::with_knowledge(limits).await;
    let mut asked = world.model.asked();
    let greedy = world.connect(&world.guest(1), None).await;
    let began = Instant::now();
    let (mut of_greedy, mut of_others) = (0, 0);
    for n in 0..1_000 {
        greedy.say(&format!("q{n}"), "When is breakfast?");
        let mut others = None;
        if n % 50 == 0 {
            others = Some(question(&world, 1_000 + n).await);
        }
        let due = n as usize + 1;
        while world.log.ended_of(conversation(1)).len() < due
            || others.is_some() && world.log.ended_of(conversation(1_000 + n)).is_empty()
        {
            let next = tokio::time::timeout(Duration::from_millis(20), asked.recv()).await;
            let Ok(Some(answer)) = next else { continue };
            if answer.prompt.conversation == conversation(1) {
                of_greedy += 1
            } else {
                of_others += 1
            }
            answer.say("From seven.").await;
            answer.end().await;
        }
    }
    let windows = usize::try_from(began.elapsed().as_secs() / 300).unwrap() + 1;
    assert!(of_greedy >= few && of_greedy <= (few * windows).min(a_day), "{of_greedy} in {windows} windows");
    assert_eq!(of_others, 20, "everybody else was answered by the model");
}
