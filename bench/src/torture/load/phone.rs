//! A guest on WhatsApp: its messages come as signed webhooks, each of them one to three times at once, again
//! until one is answered 200, and again long after that.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use super::stage::{Phase, Stage};
use crate::http::Http;
use crate::torture::history::{Answer, Line};
use crate::torture::text;
use crate::webhook::{self, Webhooks};

/// How many may be on their way.
const WINDOW: usize = 4;
/// How many that were taken may come again.
const KEPT: usize = 64;

/// What the server is told of the channel.
pub const SECRET: &str = "the app secret of a torture";
/// The hotel's number.
pub const NUMBER: &str = "106540352242922";
/// What the server may send with.
pub const TOKEN: &str = "the access token of a torture";

/// One guest's phone, and WhatsApp behind it.
pub struct Phone {
    stage: Arc<Stage>,
    webhooks: Webhooks,
    number: String,
    rng: fastrand::Rng,
    written: u64,
    /// Not taken yet, oldest first.
    pending: Vec<Message>,
    /// Taken lately.
    taken: VecDeque<Message>,
}

#[derive(Clone)]
struct Message {
    id: String,
    text: String,
}

impl Phone {
    /// The `nth` guest's, who has written nothing. The run waits until it has delivered all again at its end.
    pub fn new(stage: Arc<Stage>, nth: usize, rng: fastrand::Rng) -> Self {
        stage.unanswered.fetch_add(1, Ordering::Relaxed);
        let (webhooks, number) = (Webhooks::new(SECRET, NUMBER), (49_151_000_000_000 + nth).to_string());
        Self { stage, webhooks, number, rng, written: 0, pending: Vec::new(), taken: VecDeque::new() }
    }

    /// Writes its first message, and returns when it is taken.
    pub async fn begin(&mut self) {
        self.write();
        while !self.pending.is_empty() {
            self.deliver_all(1).await;
        }
    }

    /// Writes until the load ends, and delivers until all is taken; then, when no fault comes any more, what was
    /// taken once more.
    pub async fn run(mut self) {
        while self.stage.phase() == Phase::Load {
            sleep(Duration::from_millis(self.rng.u64(50..800))).await;
            if self.rng.u32(0..4) == 0 {
                self.again().await;
            } else if self.pending.len() < WINDOW {
                (0..=self.rng.u32(0..2)).for_each(|_| self.write());
            }
            let copies = self.rng.usize(1..=3);
            self.deliver_all(copies).await;
        }
        while !self.pending.is_empty() && self.stage.phase() != Phase::End {
            sleep(Duration::from_millis(50)).await;
            self.deliver_all(1).await;
        }
        for message in self.taken.clone() {
            self.deliver(&[message], 1).await;
        }
        self.stage.unanswered.fetch_sub(1, Ordering::Relaxed);
    }

    fn write(&mut self) {
        self.written += 1;
        let (run, number) = (&self.stage.run, &self.number);
        let n = format!("w{}", self.written);
        let text = text::write(run, number, number, &n, "may we have breakfast on the terrace?");
        self.pending.push(Message { id: format!("wamid.{run}.{number}.{n}"), text });
        self.stage.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// Delivers what is pending: all of it in one webhook, or each message in its own.
    async fn deliver_all(&mut self, copies: usize) {
        let parcels: Vec<Vec<Message>> = match self.rng.u32(0..3) {
            0 => vec![self.pending.clone()],
            _ => self.pending.iter().map(|message| vec![message.clone()]).collect(),
        };
        for parcel in parcels.iter().filter(|parcel| !parcel.is_empty()) {
            if self.deliver(parcel, copies).await {
                self.pending.retain(|message| parcel.iter().all(|taken| taken.id != message.id));
                self.taken.extend(parcel.iter().cloned());
                let old = self.taken.len().saturating_sub(KEPT);
                self.taken.drain(..old);
                self.stage.unanswered.fetch_sub(parcel.len(), Ordering::Relaxed);
            }
        }
    }

    /// Delivers something once more that was taken, perhaps in an earlier life of the server.
    async fn again(&mut self) {
        if let Some(message) = self.taken.get(self.rng.usize(0..self.taken.len().max(1))).cloned() {
            self.deliver(&[message], 1).await;
        }
    }

    /// Delivers a webhook so often at once; true if one of them was answered 200.
    async fn deliver(&self, parcel: &[Message], copies: usize) -> bool {
        let messages: Vec<_> =
            parcel.iter().map(|message| webhook::text(&self.number, &message.id, &message.text)).collect();
        let body = self.webhooks.body(&self.number, "A guest on WhatsApp", &messages);
        join_all((0..copies).map(|_| self.post(parcel, &body))).await.contains(&true)
    }

    async fn post(&self, parcel: &[Message], body: &str) -> bool {
        let recorder = &self.stage.recorder;
        let tried = parcel.iter().map(|message| {
            let (no, phone) = (recorder.number(), self.number.clone());
            recorder.note(Line::Post { no, phone, id: message.id.clone(), text: message.text.clone() });
            no
        });
        let tried: Vec<u64> = tried.collect();
        let Ok(status) = self.webhooks.post(&mut Http::new(self.stage.address), body).await else {
            return false;
        };
        for no in tried {
            let answer = if status == 200 { Answer::Taken } else { Answer::Refused(status.to_string()) };
            recorder.note(Line::Answer { no, answer });
        }
        status == 200
    }
}
