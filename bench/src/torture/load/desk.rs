//! An agent's dashboard: many conversations over one socket; takes over at every moment, hands back, writes
//! notes, tags, closes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::hand::Hand;
use super::link::{Came, Link};
use super::reader::{self, Meaning};
use super::stage::{Agent, Phase, Stage, Told};
use crate::torture::history::{Audience, Body, Line};

/// One dashboard.
pub struct Desk {
    stage: Arc<Stage>,
    agent: Arc<Agent>,
    threads: BTreeMap<String, Thread>,
    rng: fastrand::Rng,
}

struct Thread {
    hand: Hand,
    held: Option<u64>,
    open: bool,
}

impl Desk {
    /// A dashboard with these conversations open.
    pub fn new(
        stage: Arc<Stage>,
        agent: Arc<Agent>,
        conversations: &[&str],
        device: &str,
        rng: fastrand::Rng,
    ) -> Self {
        let threads = conversations.iter().enumerate().map(|(nth, conversation)| {
            let device = format!("{device}c{nth}");
            let hand = Hand::new(Arc::clone(&stage), conversation, &agent.id, device, Arc::<Told>::default());
            ((*conversation).to_owned(), Thread { hand, held: None, open: false })
        });
        let threads = threads.collect();
        Self { stage, agent, threads, rng }
    }

    /// Comes and goes until the run ends.
    pub async fn run(mut self) {
        while self.stage.phase() != Phase::End {
            if let Some(link) = Link::connect(self.stage.address, "/ws/agent").await {
                let conn = self.stage.recorder.number();
                let code = self.visit(link, conn).await;
                for thread in self.threads.values_mut() {
                    thread.hand.cut();
                    thread.open = false;
                }
                self.stage.recorder.note(Line::Closed { conn, code });
            }
            sleep(Duration::from_millis(self.rng.u64(5..150))).await;
        }
    }

    async fn visit(&mut self, mut link: Link, conn: u64) -> u16 {
        link.send(&json!({"type":"hello","token":self.agent.token})).await;
        for frame in self.opens(conn) {
            link.send(&frame).await;
        }
        let mut phase = self.stage.phase.clone();
        let mut asked_level = false;
        let mut next = Instant::now() + Duration::from_millis(self.rng.u64(20..100));
        loop {
            tokio::select! {
                came = link.next() => match came {
                    Came::End(code) => return code,
                    Came::Text(raw) => match reader::take(&self.stage, conn, None, &raw) {
                        Meaning::Pong if asked_level => {
                            self.stage.recorder.note(Line::Level { conn });
                            self.stage.level.fetch_add(1, Ordering::Relaxed);
                        }
                        meaning => for frame in self.understand(conn, meaning) {
                            link.send(&frame).await;
                        },
                    },
                },
                () = sleep_until(next) => {
                    next = Instant::now() + Duration::from_millis(self.rng.u64(10..120));
                    if self.threads.values().any(|thread| thread.hand.is_stuck()) {
                        link.cut();
                        return 1006;
                    }
                    let open = self.threads.values_mut().filter(|thread| thread.open);
                    let due: Vec<Value> = open.flat_map(|thread| thread.hand.repeat(conn)).collect();
                    for frame in due {
                        link.send(&frame).await;
                    }
                    if *phase.borrow() == Phase::Load {
                        match self.act(link, conn).await {
                            Some(back) => link = back,
                            None => return 1006,
                        }
                    }
                }
                changed = phase.changed() => {
                    let now = *phase.borrow_and_update();
                    if changed.is_err() || now == Phase::End {
                        link.close().await;
                        return 1000;
                    }
                    if now == Phase::Level {
                        asked_level = true;
                        link.send(&json!({"type":"ping"})).await;
                    }
                }
            }
        }
    }

    fn opens(&mut self, conn: u64) -> Vec<Value> {
        let (recorder, rng) = (&self.stage.recorder, &mut self.rng);
        let opens = self.threads.iter().map(|(conversation, thread)| {
            let after = if rng.u32(0..10) == 0 { None } else { thread.held };
            let audience = Audience::Agents;
            recorder.note(Line::Open { conn, audience, conversation: conversation.clone(), after });
            let mut open = json!({"type":"open","conversation":conversation});
            if let Some(after) = after {
                open["after"] = json!(after);
            }
            open
        });
        opens.collect()
    }

    /// What a frame changes, and what is sent upon it.
    fn understand(&mut self, conn: u64, meaning: Meaning) -> Vec<Value> {
        match meaning {
            Meaning::Opened(conversation, last) => {
                let Some(thread) = self.threads.get_mut(&conversation) else { return Vec::new() };
                thread.held = last.max(thread.held);
                thread.open = true;
                thread.hand.repeat(conn)
            }
            Meaning::Event(conversation, seq) => {
                if let Some(thread) = self.threads.get_mut(&conversation) {
                    thread.held = Some(seq).max(thread.held);
                }
                Vec::new()
            }
            // In the middle of the AI's sentence.
            Meaning::Draft(conversation) => {
                let interrupts = self.stage.phase() == Phase::Load && self.rng.u32(0..1_000) < 7;
                let Some(thread) = self.threads.get_mut(&conversation).filter(|_| interrupts) else {
                    return Vec::new();
                };
                let body = match self.rng.u32(0..10) {
                    0..7 => Body::Act(json!({"action":"take_over"}).to_string()),
                    7..9 => thread.hand.words(false, &mut self.rng),
                    _ => Body::Act(json!({"action":"close"}).to_string()),
                };
                thread.hand.ask(conn, body).into_iter().collect()
            }
            Meaning::Answer(id, answer, retry_ms) => {
                for thread in self.threads.values_mut() {
                    if thread.hand.answered(&id, answer.clone(), retry_ms) {
                        break;
                    }
                }
                Vec::new()
            }
            Meaning::Pong | Meaning::Nothing => Vec::new(),
        }
    }

    async fn act(&mut self, mut link: Link, conn: u64) -> Option<Link> {
        let open: Vec<&String> = self
            .threads
            .iter()
            .filter(|(_, thread)| thread.open)
            .map(|(conversation, _)| conversation)
            .collect();
        if open.is_empty() {
            return Some(link);
        }
        let conversation = open[self.rng.usize(0..open.len())].clone();
        let rng = &mut self.rng;
        let Some(thread) = self.threads.get_mut(&conversation) else { return Some(link) };
        let hand = &mut thread.hand;
        let act = |action: Value| Body::Act(action.to_string());
        let body = match rng.u32(0..100) {
            0..12 => hand.words(false, rng),
            12..24 => hand.words(true, rng),
            24..34 => act(json!({"action":"take_over"})),
            34..72 => act(json!({"action":"hand_back"})),
            72..77 => act(
                json!({"action":"tag","add":[format!("t{}", rng.u32(0..20))],"remove":[format!("t{}", rng.u32(0..20))]}),
            ),
            77..80 => act(json!({"action":"profile","guest":{"name":hand.name()}})),
            80..82 => act(json!({"action":"close"})),
            82..84 => act(json!({"action":"reopen"})),
            84..86 => act(json!({"action":"assign","agent":null})),
            86..96 => {
                if let Some(frame) = hand.ask_again(conn, rng) {
                    link.send(&frame).await;
                }
                return Some(link);
            }
            96 => {
                link.cut();
                return None;
            }
            97 => {
                let body = hand.words(true, rng);
                if let Some(frame) = hand.ask(conn, body) {
                    link.cut_inside(&frame, rng).await;
                }
                return None;
            }
            98 => {
                link.neglect(Duration::from_secs(5));
                return None;
            }
            _ => {
                sleep(Duration::from_millis(rng.u64(200..1_500))).await;
                return Some(link);
            }
        };
        if let Some(frame) = hand.ask(conn, body) {
            link.send(&frame).await;
        }
        Some(link)
    }
}
