//! The others: guests who write now and then, each in a conversation of its own, and what they feel.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use super::super::load::link::{Came, Link};
use super::super::load::stage::{Guest, Stage};
use super::house::hello;
use super::ms;

/// Guests at their pages.
pub(super) struct Crowd {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    times: Mutex<Histogram<u64>>,
    cut: AtomicU64,
    refused: AtomicU64,
    ended: AtomicBool,
}

/// What was felt in a while.
pub(super) struct Felt {
    times: Histogram<u64>,
    /// Connections that ended.
    pub(super) cut: u64,
    /// Messages that were refused.
    pub(super) refused: u64,
}

impl Felt {
    /// The time from a message to its ack that so many in a hundred kept.
    pub(super) fn quantile(&self, hundred: f64) -> Duration {
        Duration::from_micros(self.times.value_at_quantile(hundred / 100.0))
    }

    /// For people.
    pub(super) fn say(&self) -> String {
        let [half, most] = [50.0, 99.0].map(|hundred| ms(self.quantile(hundred)));
        format!("p50 {half:.1} ms, p99 {most:.1} ms of {}", self.times.len())
    }

    /// Whether nobody was cut or refused, and the 99th in a hundred waited no more than a fifth longer than before,
    /// or than so much longer as a machine that does other things too makes of nothing.
    pub(super) fn is_unhurt(&self, before: &Self) -> bool {
        let (now, then) = (self.quantile(99.0), before.quantile(99.0));
        self.cut == 0 && self.refused == 0 && now <= (then * 6 / 5).max(then + NOISE)
    }
}

/// What was felt in quiet whiles and in whiles beside something, one after the other: whatever else the machine
/// does, it does in both.
#[derive(Default)]
pub(super) struct Turns {
    quiet: Vec<Felt>,
    beside: Vec<Felt>,
}

impl Turns {
    /// A while, and the one beside something that came after it.
    pub(super) fn add(&mut self, quiet: Felt, beside: Felt) {
        self.quiet.push(quiet);
        self.beside.push(beside);
    }

    /// For people: the medians of all whiles.
    pub(super) fn say(&self) -> String {
        let say = |felt: &[Felt]| {
            let [half, most] = [50.0, 99.0].map(|hundred| ms(median(felt, hundred)));
            format!("p50 {half:.1} ms, p99 {most:.1} ms")
        };
        let [cut, refused] = [|felt: &Felt| felt.cut, |felt: &Felt| felt.refused]
            .map(|count| self.beside.iter().map(count).sum::<u64>());
        format!(
            "{} in quiet whiles, {} beside it (medians of {}; {cut} cut, {refused} refused)",
            say(&self.quiet),
            say(&self.beside),
            self.quiet.len()
        )
    }

    /// As for [`Felt`], by the medians.
    pub(super) fn is_unhurt(&self) -> bool {
        let (then, now) = (median(&self.quiet, 99.0), median(&self.beside, 99.0));
        self.beside.iter().all(|felt| felt.cut == 0 && felt.refused == 0)
            && now <= (then * 6 / 5).max(then + NOISE)
    }
}

/// The middle one of what so many in a hundred kept in each while.
fn median(felt: &[Felt], hundred: f64) -> Duration {
    let mut all: Vec<_> = felt.iter().map(|felt| felt.quantile(hundred)).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// What two runs without any difference differ by on two cores that others use as well.
pub(super) const NOISE: Duration = Duration::from_millis(10);

impl Crowd {
    /// Opens a page for each guest, who then writes every so often.
    pub(super) async fn open(
        stage: &Arc<Stage>,
        guests: &[Arc<Guest>],
        every: Duration,
    ) -> anyhow::Result<Self> {
        let times = Mutex::new(Histogram::new_with_max(120_000_000, 3)?);
        let (cut, refused, ended) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { times, cut, refused, ended });
        let mut tasks = JoinSet::new();
        for (nth, guest) in guests.iter().enumerate() {
            let mut link = enter(stage).await;
            hello(&mut link, &guest.token, None).await?;
            let offset = every * u32::try_from(nth)? / u32::try_from(guests.len())?;
            let page = Page {
                stage: Arc::clone(stage),
                guest: Arc::clone(guest),
                shared: Arc::clone(&shared),
                every,
                written: 0,
            };
            tasks.spawn(page.run(link, offset));
        }
        let crowd = Self { shared, _tasks: tasks };
        // The first message of a guest asks people to take over; that is no part of anything.
        crowd.feels(every * 3).await;
        Ok(crowd)
    }

    /// What they feel for a while.
    pub(super) async fn feels(&self, time: Duration) -> Felt {
        self.begin();
        sleep(time).await;
        self.end()
    }

    /// Begins a while.
    pub(super) fn begin(&self) {
        self.times().reset();
        self.shared.cut.store(0, Ordering::Relaxed);
        self.shared.refused.store(0, Ordering::Relaxed);
    }

    /// What they felt since it began.
    pub(super) fn end(&self) -> Felt {
        let times = self.times().clone();
        let [cut, refused] = [&self.shared.cut, &self.shared.refused].map(|n| n.load(Ordering::Relaxed));
        Felt { times, cut, refused }
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.shared.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
    }
}

async fn enter(stage: &Stage) -> Link {
    loop {
        if let Some(link) = Link::connect(stage.address, "/ws/guest").await {
            return link;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

struct Page {
    stage: Arc<Stage>,
    guest: Arc<Guest>,
    shared: Arc<Shared>,
    every: Duration,
    written: u64,
}

impl Page {
    async fn run(mut self, mut link: Link, offset: Duration) {
        let mut next = tokio::time::Instant::now() + offset;
        while !self.shared.ended.load(Ordering::Relaxed) {
            sleep_until(next).await;
            next += self.every;
            if !self.write(&mut link).await {
                self.shared.cut.fetch_add(1, Ordering::Relaxed);
                link = enter(&self.stage).await;
                let _ = hello(&mut link, &self.guest.token, None).await;
            }
        }
    }

    /// One message, until it is answered; false if the connection ended.
    async fn write(&mut self, link: &mut Link) -> bool {
        self.written += 1;
        let id = format!("o{}", self.written);
        let sent = Instant::now();
        link.send(&json!({"type": "send", "id": id, "text": "we are well, thank you"})).await;
        loop {
            let Came::Text(raw) = link.next().await else { return false };
            let frame: Value = serde_json::from_str(&raw).unwrap_or_default();
            if frame["id"] != id.as_str() {
                continue;
            }
            match frame["type"].as_str() {
                Some("ack") => {
                    let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
                    let mut times = self.shared.times.lock().unwrap_or_else(PoisonError::into_inner);
                    times.saturating_record(micros);
                    return true;
                }
                Some("error") => {
                    self.shared.refused.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn felt(millis: u64) -> Felt {
        let mut times = Histogram::new_with_max(120_000_000, 3).unwrap();
        times.record_n(millis * 1_000, 10).unwrap();
        Felt { times, cut: 0, refused: 0 }
    }

    #[test]
    fn one_bad_while_decides_nothing_and_most_of_them_do() {
        let mut turns = Turns::default();
        for (quiet, beside) in [(50, 52), (50, 900), (900, 55)] {
            turns.add(felt(quiet), felt(beside));
        }
        assert!(turns.is_unhurt(), "{}", turns.say());
        turns.add(felt(50), felt(70));
        turns.add(felt(50), felt(70));
        assert!(!turns.is_unhurt(), "{}", turns.say());
        let mut turns = Turns::default();
        turns.add(felt(5), Felt { cut: 1, ..felt(5) });
        assert!(!turns.is_unhurt(), "one was cut");
    }
}
