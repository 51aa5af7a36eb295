//! A guest's page: writes, reads, leaves in every way there is, and comes back with what it holds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::hand::Hand;
use super::link::{Came, Link};
use super::reader::{self, Meaning};
use super::stage::{Guest, Phase, Stage};
use crate::torture::history::{Audience, Line};

/// One device of a guest.
pub struct Page {
    stage: Arc<Stage>,
    guest: Arc<Guest>,
    hand: Hand,
    rng: fastrand::Rng,
    held: Option<u64>,
}

impl Page {
    /// A page that has not been opened.
    pub fn new(stage: Arc<Stage>, guest: Arc<Guest>, device: &str, rng: fastrand::Rng) -> Self {
        let told = Arc::clone(&guest.told);
        let hand = Hand::new(Arc::clone(&stage), &guest.conversation, &guest.id, device.to_owned(), told);
        Self { stage, guest, hand, rng, held: None }
    }

    /// Comes and goes until the run ends.
    pub async fn run(mut self) {
        while self.stage.phase() != Phase::End {
            if let Some(link) = Link::connect(self.stage.address, "/ws/guest").await {
                let conn = self.stage.recorder.number();
                let code = self.visit(link, conn).await;
                self.hand.cut();
                self.stage.recorder.note(Line::Closed { conn, code });
            }
            // The contract says up to two seconds; here time is short.
            sleep(Duration::from_millis(self.rng.u64(5..150))).await;
        }
    }

    /// One connection; answers its close code.
    async fn visit(&mut self, mut link: Link, conn: u64) -> u16 {
        let after = match self.rng.u32(0..10) {
            // Some have lost a part of what they held, some all of it.
            0 => None,
            1 => self.held.map(|held| self.rng.u64(0..=held)),
            _ => self.held,
        };
        let (conversation, audience) = (self.guest.conversation.clone(), Audience::Guest);
        self.stage.recorder.note(Line::Open { conn, audience, conversation, after });
        let mut hello = json!({"type":"hello","token":self.guest.token});
        if let Some(after) = after {
            hello["after"] = json!(after);
        }
        link.send(&hello).await;
        let mut phase = self.stage.phase.clone();
        let (mut open, mut asked_level) = (false, false);
        let mut next = Instant::now() + Duration::from_millis(self.rng.u64(20..200));
        loop {
            tokio::select! {
                came = link.next() => match came {
                    Came::End(code) => return code,
                    Came::Text(raw) => match reader::take(&self.stage, conn, Some(&self.guest.conversation), &raw) {
                        Meaning::Opened(_, last) => {
                            self.held = last.max(self.held);
                            open = true;
                            for frame in self.hand.repeat(conn) {
                                link.send(&frame).await;
                            }
                        }
                        Meaning::Event(_, seq) => self.held = Some(seq).max(self.held),
                        Meaning::Answer(id, answer, retry_ms) => {
                            self.hand.answered(&id, answer, retry_ms);
                        }
                        Meaning::Pong if asked_level => {
                            self.stage.recorder.note(Line::Level { conn });
                            self.stage.level.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => {}
                    },
                },
                () = sleep_until(next) => {
                    next = Instant::now() + Duration::from_millis(self.rng.u64(60..500));
                    if self.hand.is_stuck() {
                        link.cut();
                        return 1006;
                    }
                    if open {
                        for frame in self.hand.repeat(conn) {
                            link.send(&frame).await;
                        }
                    }
                    if open && *phase.borrow() == Phase::Load {
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

    /// Does something; `None` if the connection is gone after it.
    async fn act(&mut self, mut link: Link, conn: u64) -> Option<Link> {
        let frame = match self.rng.u32(0..100) {
            0..60 => {
                let body = self.hand.words(false, &mut self.rng);
                self.hand.ask(conn, body)
            }
            60..75 => self.hand.ask_again(conn, &mut self.rng),
            75..80 => Some(json!({"type":"typing","on":true})),
            80..85 => self.held.map(|seq| json!({"type":"read","seq":seq})),
            85..88 => {
                link.close().await;
                return None;
            }
            88..91 => {
                link.cut();
                return None;
            }
            91..94 => {
                let body = self.hand.words(false, &mut self.rng);
                if let Some(frame) = self.hand.ask(conn, body) {
                    link.cut_inside(&frame, &mut self.rng).await;
                }
                return None;
            }
            94..96 => {
                link.neglect(Duration::from_secs(5));
                return None;
            }
            96..98 => {
                // Reads nothing for a while: what piles up meanwhile is read later.
                sleep(Duration::from_millis(self.rng.u64(200..2_000))).await;
                None
            }
            _ => None,
        };
        if let Some(frame) = frame {
            link.send(&frame).await;
        }
        Some(link)
    }
}
