//! Somebody who writes over HTTP: one at a time, repeated until there is an answer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::hand::Hand;
use super::http::{self, As};
use super::stage::{Guest, Phase, Stage};
use crate::torture::history::Answer;

/// A guest who writes over HTTP beside its pages.
pub struct Post {
    stage: Arc<Stage>,
    guest: Arc<Guest>,
    hand: Hand,
    rng: fastrand::Rng,
}

impl Post {
    /// One that has written nothing.
    pub fn new(stage: Arc<Stage>, guest: Arc<Guest>, device: &str, rng: fastrand::Rng) -> Self {
        let told = Arc::clone(&guest.told);
        let hand = Hand::new(Arc::clone(&stage), &guest.conversation, &guest.id, device.to_owned(), told);
        Self { stage, guest, hand, rng }
    }

    /// Writes until the run ends.
    pub async fn run(mut self) {
        while self.stage.phase() != Phase::End {
            sleep(Duration::from_millis(self.rng.u64(100..1_000))).await;
            let mut frames = self.hand.repeat(0);
            if self.stage.phase() == Phase::Load && frames.is_empty() {
                frames.extend(if self.rng.u32(0..4) == 0 {
                    self.hand.ask_again(0, &mut self.rng)
                } else {
                    let body = self.hand.words(false, &mut self.rng);
                    self.hand.ask(0, body)
                });
            }
            for frame in frames {
                self.send(&frame).await;
            }
        }
    }

    async fn send(&mut self, frame: &Value) {
        let id = frame.get("id").and_then(Value::as_str).unwrap_or_default();
        let path = format!("/api/conversations/{}/messages", self.guest.conversation);
        let body = json!({"id": id, "text": frame.get("text")});
        let reply =
            http::call(self.stage.address, As::Guest(&self.guest.token), "POST", &path, Some(&body)).await;
        let answer = reply.ok().and_then(|reply| match reply.status {
            201 => reply.body.get("seq").and_then(Value::as_u64).map(Answer::Ack),
            _ => reply.body.get("code").and_then(Value::as_str).map(|code| Answer::Refused(code.to_owned())),
        });
        match answer {
            Some(answer) => {
                self.hand.answered(id, answer, None);
            }
            None => self.hand.cut(),
        }
    }
}
