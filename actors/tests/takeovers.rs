//! Take-overs at random moments of turns that speak, many of them: the human wins.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use frontdesk_domain::event::{EventKind, Mode};
use frontdesk_domain::people::{AuthorKind, Role};
use serde_json::{Value, json};
use support::{World, conversation};

/// What the guest saw.
#[derive(Default)]
struct Screen {
    draft: String,
    human: bool,
}

impl Screen {
    fn show(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "draft" => {
                assert!(!self.human, "a word after the take-over: {frame}");
                self.draft.push_str(frame["text"].as_str().unwrap());
            }
            "event" => {
                let by_ai = frame["by"]["kind"] == "ai";
                assert!(!(self.human && by_ai), "an event of the AI after the take-over: {frame}");
                self.human |= frame["kind"] == "mode" && frame["mode"] == "human";
            }
            _ => {}
        }
    }
}

async fn take_over_at_random(rounds: u64) {
    let world = World::start().await;
    let mut asked = world.model.asked();
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = move |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    let mut partials = 0;
    for round in 0..rounds {
        let number = u128::from(round) + 1_000;
        let mut guest = world.connect(&world.guest(number), None).await;
        let mut agent = world.connect(&world.agent(1, Role::Agent), None).await;
        guest.say("q", "When is breakfast?");
        let answer = asked.recv().await.unwrap();
        let before = roll(12);
        for word in 0..before {
            answer.say(&format!("word{word} ")).await;
        }
        // Some words are seen before the take-over is sent, some are under way.
        let mut screen = Screen::default();
        for _ in 0..roll(before + 1) {
            loop {
                let frame = guest.next().await.unwrap();
                screen.show(&frame);
                if frame["type"] == "draft" {
                    break;
                }
            }
        }
        let c = conversation(number);
        let frame = match roll(3) {
            0 => json!({"type":"send","id":"a","conversation":c,"text":"I am here."}),
            1 => json!({"type":"act","id":"a","conversation":c,"action":"take_over"}),
            _ => json!({"type":"act","id":"a","conversation":c,"action":"close"}),
        };
        let closes = frame["action"] == "close";
        agent.send(frame);
        for word in 0..roll(5) {
            answer.say(&format!("late{word} ")).await;
        }
        answer.cancelled().await;
        drop(answer);
        agent.expect("ack").await;
        for frame in guest.settle().await {
            screen.show(&frame);
        }
        let events = world.log.events_of(c);
        let by_ai: Vec<_> = events.iter().filter(|event| event.by.kind == AuthorKind::Ai).collect();
        if screen.draft.trim().is_empty() {
            assert!(by_ai.is_empty(), "{events:?}");
        } else {
            partials += 1;
            let [event] = by_ai[..] else { panic!("{events:?}") };
            let EventKind::Message(message) = &event.kind else { panic!("{event:?}") };
            assert_eq!((message.text.as_str(), message.partial), (screen.draft.as_str(), true));
        }
        let human =
            events.iter().any(|event| matches!(event.kind, EventKind::Mode { mode: Mode::Human, .. }));
        assert_eq!(human, !closes);
        assert_eq!(world.log.ended_of(c).len(), 1, "one outcome");
    }
    assert!(partials * 2 > rounds, "most were cut in mid-sentence: {partials}");
}

#[tokio::test(start_paused = true)]
async fn the_human_wins_at_any_moment() {
    take_over_at_random(300).await;
}

/// `make takeovers`; the three hundred above are of every run.
#[tokio::test(start_paused = true)]
#[ignore = "takes a minute"]
async fn the_human_wins_ten_thousand_times() {
    take_over_at_random(10_000).await;
}
