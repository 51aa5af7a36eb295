//! R5: restarts under load, as a deploy does them.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::super::load::http::As;
use super::super::load::link::{Came, Link};
use super::super::load::stage::{Guest, Phase, Stage};
use super::super::people;
use super::house::{House, hello};
use super::ms;

const GUESTS: usize = 400;
const EVERY: Duration = Duration::from_secs(2);
/// By when everybody is to be back.
const BACK: Duration = Duration::from_secs(15);
/// The longest that a page waits before it tries again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// No more than a tenth of the returns in any of these.
const WINDOW: Duration = Duration::from_millis(250);

/// What all pages tell.
#[derive(Default)]
struct Told {
    open: AtomicU64,
    back: Mutex<Vec<Instant>>,
    acked: Mutex<HashMap<(usize, String), u64>>,
    /// Closed otherwise than with 1001: how often with each code.
    odd: Mutex<BTreeMap<u16, u64>>,
}

/// Runs it.
pub(super) async fn run(server: &Path, restarts: u32, to: &mut impl Write) -> anyhow::Result<bool> {
    let mut house = House::open(server, Vec::new(), String::new(), "").await?;
    let guests = house.guests(GUESTS).await?;
    let told = Arc::new(Told::default());
    let mut pages = JoinSet::new();
    for (nth, guest) in guests.iter().enumerate() {
        let (stage, guest, told) = (Arc::clone(&house.stage), Arc::clone(guest), Arc::clone(&told));
        pages.spawn(Page { stage, guest, told, nth, written: 0 }.run());
    }
    until_all(&told, Duration::from_secs(30)).await?;
    sleep(EVERY * 2).await;
    let (mut slowest, mut latest, mut densest, mut codes) = (Duration::ZERO, Duration::ZERO, 0, Vec::new());
    for _ in 0..restarts {
        told.back.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let began = Instant::now();
        let (took, code) = house.stop().await?;
        slowest = slowest.max(took);
        codes.push(code);
        house.start().await?;
        latest = latest.max(until_all(&told, BACK * 2).await?.duration_since(began));
        let back = told.back.lock().unwrap_or_else(PoisonError::into_inner).clone();
        densest = densest.max(dense(&back));
        sleep(EVERY).await;
    }
    house.end()?;
    let lost = lost(&house, &guests, &told).await?;
    let acked = told.acked.lock().unwrap_or_else(PoisonError::into_inner).len();
    while let Some(page) = pages.join_next().await {
        page?;
    }
    let odd = told.odd.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let clean = codes.iter().filter(|code| **code == Some(0)).count();
    let share = densest * 100 / GUESTS;
    writeln!(
        to,
        "R5   {restarts} restarts with {GUESTS} guests at their pages: {clean} ended with 0, the slowest in {:.0} ms; \
        {} connections closed with something else than 1001 {odd:?}",
        ms(slowest),
        odd.values().sum::<u64>()
    )?;
    writeln!(
        to,
        "     all were back {:.1} s after the SIGTERM at the latest, {share} % of them in the densest 250 ms; \
        {acked} messages acknowledged, {lost} lost",
        latest.as_secs_f64()
    )?;
    house.stop().await?;
    Ok(clean == codes.len()
        && slowest <= Duration::from_secs(10)
        && odd.is_empty()
        && latest <= BACK
        && share <= 10
        && lost == 0)
}

/// Waits until all pages are open; answers when the last one was.
async fn until_all(told: &Told, within: Duration) -> anyhow::Result<Instant> {
    let began = Instant::now();
    while told.open.load(Ordering::Relaxed) < GUESTS as u64 {
        ensure!(began.elapsed() < within, "{} of {GUESTS} are back", told.open.load(Ordering::Relaxed));
        sleep(Duration::from_millis(10)).await;
    }
    Ok(told.back.lock().unwrap_or_else(PoisonError::into_inner).iter().max().copied().unwrap_or(began))
}

/// The most that came back within one window.
fn dense(back: &[Instant]) -> usize {
    let mut sorted = back.to_vec();
    sorted.sort_unstable();
    let within =
        |from: &Instant| sorted.iter().filter(|at| *at >= from && at.duration_since(*from) < WINDOW).count();
    sorted.iter().map(within).max().unwrap_or(0)
}

/// Acknowledged messages that are not where they were said to be.
async fn lost(house: &House, guests: &[Arc<Guest>], told: &Told) -> anyhow::Result<usize> {
    let acked = told.acked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut found = 0;
    for (nth, guest) in guests.iter().enumerate() {
        let events =
            people::history(house.stage.address, As::Agent(&house.admin.token), &guest.conversation).await?;
        let kept = events.iter().filter(|event| {
            let id = event.id.clone().unwrap_or_default();
            acked.get(&(nth, id)) == Some(&event.seq)
        });
        found += kept.count();
    }
    Ok(acked.len() - found)
}

struct Page {
    stage: Arc<Stage>,
    guest: Arc<Guest>,
    told: Arc<Told>,
    nth: usize,
    written: u64,
}

impl Page {
    /// Is open and writes; comes back as our page does (web/src/lib/link.ts): after up to two seconds, doubled with each
    /// try that fails, and after up to ten where the server said that it goes away.
    async fn run(mut self) {
        let (mut within, mut tries, mut held) = (Duration::from_millis(500), 0, 0);
        while self.stage.phase() != Phase::End {
            sleep(within.mul_f64(fastrand::f64())).await;
            let opened = match Link::connect(self.stage.address, "/ws/guest").await {
                Some(mut link) => {
                    hello(&mut link, &self.guest.token, Some(held)).await.ok().map(|opened| (link, opened))
                }
                None => None,
            };
            let Some((mut link, opened)) = opened else {
                tries += 1;
                within = Duration::from_secs(2 << tries.min(4)).min(LONGEST_WAIT);
                continue;
            };
            tries = 0;
            let events = opened["events"].as_array().into_iter().flatten();
            held = events.filter_map(|event| event["seq"].as_u64()).max().unwrap_or(held);
            self.told.back.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            self.told.open.fetch_add(1, Ordering::Relaxed);
            let code = self.stay(&mut link, &mut held).await;
            self.told.open.fetch_sub(1, Ordering::Relaxed);
            if code != 1001 && code != 1000 {
                *self.told.odd.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
            }
            within = Duration::from_secs(if code == 1001 { 10 } else { 2 });
        }
    }

    async fn stay(&mut self, link: &mut Link, held: &mut u64) -> u16 {
        loop {
            self.written += 1;
            let id = format!("d{}", self.written);
            link.send(&json!({"type": "send", "id": id, "text": "we are on our way"})).await;
            let pause = EVERY.mul_f64(0.5 + fastrand::f64());
            let read = async {
                loop {
                    match link.next().await {
                        Came::End(code) => return code,
                        Came::Text(raw) => {
                            let frame: Value = serde_json::from_str(&raw).unwrap_or_default();
                            let seq = frame["seq"].as_u64();
                            if frame["type"] == "event" {
                                *held = seq.unwrap_or(*held);
                            } else if let (Some("ack"), Some(seq)) = (frame["type"].as_str(), seq) {
                                let id = frame["id"].as_str().unwrap_or_default().to_owned();
                                let mut acked =
                                    self.told.acked.lock().unwrap_or_else(PoisonError::into_inner);
                                acked.insert((self.nth, id), seq);
                            }
                        }
                    }
                }
            };
            if let Ok(code) = timeout(pause, read).await {
                return code;
            }
            if self.stage.phase() == Phase::End {
                return 1000;
            }
        }
    }
}
