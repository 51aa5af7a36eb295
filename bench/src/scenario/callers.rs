//! Clients that ask over HTTP, each one thing after the other, and what their answers took.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::measure::{Meter, Window, float, histogram};
use crate::progress::bar;
use crate::report::{Better, Run};
use crate::target::Target;

/// How often to look at the clock.
const LOOK: Duration = Duration::from_millis(50);

/// What all of them share.
#[derive(Default)]
pub struct Tally {
    done: AtomicU64,
    is_counting: AtomicBool,
    is_over: AtomicBool,
    took: Mutex<BTreeMap<&'static str, Histogram<u64>>>,
}

impl Tally {
    /// True as long as the run lasts.
    pub fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// Something is answered that was asked at `since`.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn took(&self, what: &'static str, since: Instant) -> anyhow::Result<()> {
        self.done.fetch_add(1, Ordering::Relaxed);
        if !self.is_counting.load(Ordering::Relaxed) {
            return Ok(());
        }
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        let mut took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        if !took.contains_key(what) {
            took.insert(what, histogram()?);
        }
        if let Some(histogram) = took.get_mut(what) {
            histogram.saturating_record(micros);
        }
        Ok(())
    }

    /// Writes what each kind took into a run, and all of it together as its latency.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn report(&self, run: &mut Run) -> anyhow::Result<()> {
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = histogram()?;
        for (what, histogram) in took.iter() {
            for (name, percent) in [("p50", 50.0), ("p99", 99.0)] {
                let ms = float(histogram.value_at_percentile(percent)) / 1000.0;
                run.figure(&format!("{what} {name}"), ms, "ms", Better::Less);
            }
            all.add(histogram)?;
        }
        run.latency(&all, "answer");
        Ok(())
    }
}

/// Lets the callers go on for a while, and measures all but the beginning. The first that fails ends it.
pub async fn drive(
    tally: &Arc<Tally>,
    mut callers: JoinSet<anyhow::Result<()>>,
    target: &Target,
    warm: Duration,
    length: Duration,
) -> Window {
    let progress = bar(u64::try_from((warm + length).as_millis()).unwrap_or(u64::MAX), "running ");
    let started = Instant::now();
    let mut meter = Meter::begin(target, 0);
    let mut trouble = None;
    let mut clock = interval(LOOK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(ended) = callers.join_next() => {
                trouble = match ended {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => Some(format!("{error:#}")),
                    Err(error) => Some(error.to_string()),
                };
                break;
            }
            _ = clock.tick() => {
                let (now, done) = (Instant::now(), tally.done.load(Ordering::Relaxed));
                progress.set_position(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
                if started.elapsed() >= warm && !tally.is_counting.swap(true, Ordering::Relaxed) {
                    meter = Meter::begin(target, done);
                }
                meter.look(now, done);
                if started.elapsed() >= warm + length {
                    break;
                }
            }
        }
    }
    let window = {
        let trouble = match trouble {
            Some(_) if target.is_gone() => Some("the server ended in the run: see its log".to_owned()),
            other => other,
        };
        meter.end(tally.done.load(Ordering::Relaxed), trouble)
    };
    tally.is_over.store(true, Ordering::Relaxed);
    progress.finish_and_clear();
    // What is still being asked is given up.
    callers.shutdown().await;
    window
}
