//! The writing half of a client: what it has asked for and not been answered, repeated until it is.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stage::{Stage, Told};
use crate::torture::history::{Answer, Body, Clerk};
use crate::torture::text;

/// How many may wait for their answer on one connection.
const WINDOW: usize = 3;
/// A connection that has not answered for so long is left.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One author's device in one conversation.
pub struct Hand {
    stage: Arc<Stage>,
    clerk: Clerk,
    told: Arc<Told>,
    /// Begins every id of this device.
    device: String,
    written: u64,
    /// In the order in which they were first asked for.
    pending: Vec<Pending>,
    /// Under way on this connection: the attempt's number, and what it asks for.
    flight: HashMap<String, (u64, Body, Instant)>,
}

struct Pending {
    id: String,
    body: Body,
    not_before: Instant,
}

/// What is written about; nothing that anybody must be called for.
const WORDS: [&str; 12] = [
    "breakfast",
    "towel",
    "pillow",
    "terrace",
    "garden",
    "café",
    "piscine",
    "prêt",
    "朝食",
    "حديقة",
    "🏨",
    "window",
];

impl Hand {
    /// A hand that has written nothing.
    pub fn new(stage: Arc<Stage>, conversation: &str, author: &str, device: String, told: Arc<Told>) -> Self {
        let recorder = Arc::clone(&stage.recorder);
        let clerk = Clerk { recorder, conversation: conversation.to_owned(), author: author.to_owned() };
        Self { stage, clerk, told, device, written: 0, pending: Vec::new(), flight: HashMap::new() }
    }

    /// A new message or note.
    pub fn words(&mut self, note: bool, rng: &mut fastrand::Rng) -> Body {
        self.written += 1;
        let n = format!("{}{}-{}", if note { "note" } else { "m" }, self.device, self.written);
        // Few are long: half of what a message may hold.
        let many = if rng.u32(0..40) == 0 { 250 } else { rng.usize(0..8) };
        let words: Vec<&str> = (0..many).map(|_| WORDS[rng.usize(0..WORDS.len())]).collect();
        let (run, conversation, author) = (&self.stage.run, &self.clerk.conversation, &self.clerk.author);
        let text = text::write(run, conversation, author, &n, &words.join(" "));
        if note { Body::Note(text) } else { Body::Message(text) }
    }

    /// A name for the guest that says where it belongs.
    pub fn name(&mut self) -> String {
        self.written += 1;
        let n = format!("name{}", self.written);
        text::write(&self.stage.run, &self.clerk.conversation, &self.clerk.author, &n, "")
    }

    /// Wants something; answers the frame, or nothing if too much is under way.
    pub fn ask(&mut self, conn: u64, body: Body) -> Option<Value> {
        if self.pending.len() >= WINDOW {
            return None;
        }
        self.written += 1;
        let id = format!("{}-{}", self.device, self.written);
        self.told.push(&id, &body);
        self.stage.unanswered.fetch_add(1, Ordering::Relaxed);
        self.pending.push(Pending { id: id.clone(), body: body.clone(), not_before: Instant::now() });
        self.tries(conn, id, body)
    }

    /// Asks once more for something, or for something else under its id. It is let go with its connection.
    pub fn ask_again(&mut self, conn: u64, rng: &mut fastrand::Rng) -> Option<Value> {
        let (id, mut body) = self.told.any(rng)?;
        if rng.u32(0..4) == 0 {
            body = match body {
                Body::Act(act) if act.contains("take_over") => {
                    Body::Act(json!({"action":"hand_back"}).to_string())
                }
                Body::Act(_) => Body::Act(json!({"action":"take_over"}).to_string()),
                Body::Message(_) => self.words(false, rng),
                Body::Note(_) => self.words(true, rng),
            };
        }
        self.tries(conn, id, body)
    }

    /// Frames for all that has no answer and is not under way.
    pub fn repeat(&mut self, conn: u64) -> Vec<Value> {
        let now = Instant::now();
        let due =
            self.pending.iter().filter(|one| one.not_before <= now && !self.flight.contains_key(&one.id));
        let due: Vec<_> = due.map(|one| (one.id.clone(), one.body.clone())).collect();
        due.into_iter().filter_map(|(id, body)| self.tries(conn, id, body)).collect()
    }

    /// One attempt. Two of one id are never under way on one connection: their answers could not be told
    /// apart.
    fn tries(&mut self, conn: u64, id: String, body: Body) -> Option<Value> {
        if self.flight.contains_key(&id) {
            return None;
        }
        let no = self.clerk.tried(conn, &id, &body);
        let conversation = &self.clerk.conversation;
        let frame = match &body {
            Body::Message(text) => json!({"type":"send","id":id,"conversation":conversation,"text":text}),
            Body::Note(text) => {
                json!({"type":"send","id":id,"conversation":conversation,"text":text,"note":true})
            }
            Body::Act(act) => {
                let mut frame = serde_json::from_str(act).unwrap_or_else(|_| json!({}));
                frame["type"] = json!("act");
                frame["id"] = json!(id);
                frame["conversation"] = json!(conversation);
                frame
            }
        };
        self.flight.insert(id, (no, body, Instant::now()));
        Some(frame)
    }

    /// An answer came; false if this hand had not asked.
    pub fn answered(&mut self, id: &str, answer: Answer, retry_ms: Option<u64>) -> bool {
        let Some((no, body, _)) = self.flight.remove(id) else { return false };
        let again = matches!(&answer, Answer::Refused(code)
            if matches!(code.as_str(), "unavailable" | "overloaded" | "rate_limited" | "internal"));
        self.clerk.answered(no, answer);
        let Some(at) = self.pending.iter().position(|one| one.id == id && one.body == body) else {
            return true;
        };
        if again {
            let wait = Duration::from_millis(retry_ms.unwrap_or(100).min(1_000));
            if let Some(pending) = self.pending.get_mut(at) {
                pending.not_before = Instant::now() + wait;
            }
        } else {
            self.pending.remove(at);
            self.stage.unanswered.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }

    /// The connection is gone, and with it what was under way.
    pub fn cut(&mut self) {
        self.flight.clear();
    }

    /// True if an answer is overdue.
    pub fn is_stuck(&self) -> bool {
        self.flight.values().any(|(_, _, since)| since.elapsed() > PATIENCE)
    }
}
