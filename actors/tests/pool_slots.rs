//! Who gets the pool's slots, in virtual time: how many there are, and who is answered without one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use frontdesk_domain::conversation::TurnOutcome;
use support::conversation;
use support::pool::{SOON, outcome, question, slots, world};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_slot_is_answered_without_the_model_in_time() {
    let (world, mut asked) = world(slots(1)).await;
    let _first = question(&world, 1).await;
    let answer = asked.recv().await.unwrap();
    answer.say("A long story:").await;
    let mut guests = Vec::new();
    for n in 2..20 {
        guests.push(question(&world, n).await);
    }
    let began = Instant::now();
    for n in 2..20 {
        outcome(&world, n).await;
    }
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert!(matches!(asked.try_recv(), Err(TryRecvError::Empty)), "the model was at the first one");
    answer.end().await;
    outcome(&world, 1).await;
}

/// Many wait for slots, and get them when there is hardly time left for a first word. That they go without says that
/// there is much to do, and nothing of the model: the next guest is answered by it.
#[tokio::test(start_paused = true)]
async fn calls_that_began_too_late_do_not_open_the_breaker() {
    let (world, mut asked) = world(slots(8)).await;
    let mut guests = Vec::new();
    let mut answers = Vec::new();
    for n in 1..=8 {
        guests.push(question(&world, n).await);
        let answer = asked.recv().await.unwrap();
        answer.say("A long story:").await;
        answers.push(answer);
    }
    for n in 11..=18 {
        guests.push(question(&world, n).await);
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    for answer in answers {
        answer.end().await;
    }
    let mut late = Vec::new();
    for _ in 11..=18 {
        late.push(asked.recv().await.unwrap());
    }
    for n in 11..=18 {
        assert_eq!(outcome(&world, n).await.0, TurnOutcome::HandedOver, "the embedded answerer's");
    }
    for answer in late {
        answer.cancelled().await;
    }
    guests.push(question(&world, 20).await);
    tokio::time::timeout(SOON, asked.recv()).await.expect("the model is asked").unwrap().end().await;
}

/// More ask than there are slots. Who has waited so long that the model would not be heard in time is answered without
/// it at once, and the slot goes to one who has just asked: else soon every call would be one that is cut.
#[tokio::test(start_paused = true)]
async fn a_slot_goes_to_who_can_still_be_heard() {
    let (world, mut asked) = world(slots(2)).await;
    let mut guests = Vec::new();
    let mut answers = Vec::new();
    for n in 11..=18 {
        guests.push(question(&world, n).await);
        let answer = asked.recv().await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        answer.say("From seven.").await;
        answer.end().await;
        outcome(&world, n).await;
    }
    for n in [1, 2] {
        guests.push(question(&world, n).await);
        answers.push(asked.recv().await.unwrap());
    }
    for answer in &answers {
        answer.say("A long story:").await;
    }
    for n in [3, 4] {
        guests.push(question(&world, n).await);
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    guests.push(question(&world, 5).await);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for answer in answers {
        answer.end().await;
    }
    let answer = asked.recv().await.unwrap();
    assert_eq!(answer.prompt.conversation, conversation(5));
    for n in [3, 4] {
        let (outcome, after) = outcome(&world, n).await;
        assert_eq!(outcome, TurnOutcome::HandedOver, "the embedded answerer's");
        assert!(after < Duration::from_secs(1), "not at the end of their time: {after:?}");
    }
    answer.say("From seven.").await;
    answer.end().await;
    assert_eq!(outcome(&world, 5).await.0, TurnOutcome::Answered);
    assert!(matches!(asked.try_recv(), Err(TryRecvError::Empty)), "nobody else's call was made");
}

/// Answers go on for long. That first words come quickly makes room at once, not when the first of them ends.
#[tokio::test(start_paused = true)]
async fn a_quick_first_word_lets_others_in_while_it_is_still_answered() {
    let (world, mut asked) = world(slots(16)).await;
    let mut guests = Vec::new();
    for n in 1..=20 {
        guests.push(question(&world, n).await);
    }
    let mut answers = Vec::new();
    for expected in [4, 8, 16] {
        while let Ok(Some(answer)) = tokio::time::timeout(Duration::from_millis(500), asked.recv()).await {
            answers.push(answer);
        }
        assert_eq!(answers.len(), expected);
        for answer in &answers {
            answer.say("A long story:").await;
        }
    }
}
