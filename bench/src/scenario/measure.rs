//! The clock of a measurement: what both sides used between its begin and its end, and how it went.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::load::{Game, Hall, Protocol};
use crate::process::{self, Usage};
use crate::progress::bar;
use crate::report::{Better, Run, Tick};
use crate::target::Target;

/// How often usage is read.
const TICK: Duration = Duration::from_millis(250);
/// How long to wait for something to happen before looking at the clock again.
const TURN: Duration = Duration::from_millis(20);
/// From this share of a core on a side is said to be at its limit.
const SATURATED: f64 = 0.95;
/// How long nothing may arrive under load before a run is given up.
const STALLED: Duration = Duration::from_secs(15);

/// For times in microseconds, up to an hour.
///
/// # Errors
/// There is no memory for it.
pub fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 3_600_000_000, 3)?)
}

/// What a game counts.
#[derive(Clone)]
pub struct Score {
    /// The operations whose cost and rate are of interest.
    pub done: u64,
    /// How long they took, in microseconds.
    pub latency: Histogram<u64>,
}

impl Score {
    /// Nothing yet.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { done: 0, latency: histogram()? })
    }

    /// Something took from `since` until `now`.
    pub fn took(&mut self, since: Instant, now: Instant) {
        let micros = now.saturating_duration_since(since).as_micros();
        self.latency.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX).max(1));
    }
}

/// A game that counts.
pub trait Counts {
    /// Its score.
    fn score(&mut self) -> &mut Score;
}

/// Reads what both sides use, now and then.
pub struct Meter<'a> {
    target: &'a Target,
    began: Instant,
    first: (Usage, Usage),
    last: (Instant, Usage, Usage, u64),
    start: u64,
    largest_kib: u64,
    /// How it went.
    pub ticks: Vec<Tick>,
}

/// What a measurement took.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// How long it was.
    pub seconds: f64,
    /// Operations done.
    pub done: u64,
    /// The server's CPU time, if its process is known.
    pub server_cpu: Option<Duration>,
    /// The generator's.
    pub own_cpu: Duration,
    /// The server's largest resident memory.
    pub largest_kib: u64,
    /// How it went.
    pub ticks: Vec<Tick>,
    /// Why it ended before its time.
    pub broke_off: Option<String>,
}

impl<'a> Meter<'a> {
    /// Begins.
    pub fn begin(target: &'a Target, done: u64) -> Self {
        let (server, own, now) = (target.usage().unwrap_or_default(), process::own(), Instant::now());
        Self {
            target,
            began: now,
            first: (server, own),
            last: (now, server, own, done),
            start: done,
            largest_kib: server.resident_kib,
            ticks: Vec::new(),
        }
    }

    /// Looks, if it is time to.
    pub fn look(&mut self, now: Instant, done: u64) {
        let (then, server_then, own_then, done_then) = self.last;
        let passed = now.saturating_duration_since(then);
        if passed < TICK {
            return;
        }
        let (server, own) = (self.target.usage().unwrap_or(server_then), process::own());
        let seconds = passed.as_secs_f64();
        self.ticks.push(Tick {
            at: now.saturating_duration_since(self.began).as_secs_f64(),
            rate: float(done.saturating_sub(done_then)) / seconds,
            server_mib: float(server.resident_kib) / 1024.0,
            server_cores: server.cpu.saturating_sub(server_then.cpu).as_secs_f64() / seconds,
            own_cores: own.cpu.saturating_sub(own_then.cpu).as_secs_f64() / seconds,
        });
        self.largest_kib = self.largest_kib.max(server.resident_kib);
        self.last = (now, server, own, done);
    }

    /// Ends.
    pub fn end(mut self, done: u64, broke_off: Option<String>) -> Window {
        let now = Instant::now();
        self.look(now, done);
        // A server that is gone says no more: what it had used until the last look counts.
        let server = self.target.usage().unwrap_or(self.last.1);
        Window {
            seconds: now.saturating_duration_since(self.began).as_secs_f64(),
            done: done.saturating_sub(self.start),
            server_cpu: self.target.pid.map(|_| server.cpu.saturating_sub(self.first.0.cpu)),
            own_cpu: process::own().cpu.saturating_sub(self.first.1.cpu),
            largest_kib: self.largest_kib.max(server.resident_kib),
            ticks: self.ticks,
            broke_off,
        }
    }
}

impl Window {
    /// Operations a second.
    pub fn rate(&self) -> f64 {
        float(self.done) / self.seconds.max(f64::EPSILON)
    }

    /// Writes what was used into a run: server CPU time per operation first, as it is the main figure.
    pub fn report(&self, run: &mut Run, operation: &str) {
        let share = |cpu: Duration| cpu.as_secs_f64() / self.seconds.max(f64::EPSILON);
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / float(self.done.max(1));
        if let Some(cpu) = self.server_cpu.filter(|_| self.done > 0) {
            run.figure(&format!("server CPU per {operation}"), each(cpu), "µs", Better::Less);
        }
        run.figure(&format!("{operation} rate"), self.rate(), "/s", Better::More);
        if let Some(cpu) = self.server_cpu {
            run.figure("server", share(cpu), "cores", Better::Neither);
            run.figure("server memory", float(self.largest_kib) / 1024.0, "MiB", Better::Less);
        }
        run.figure("generator", share(self.own_cpu), "cores", Better::Neither);
        if self.done > 0 {
            run.figure(&format!("generator CPU per {operation}"), each(self.own_cpu), "µs", Better::Neither);
        }
        run.ticks.clone_from(&self.ticks);
        run.broke_off.clone_from(&self.broke_off);
        run.remarks.extend(self.judge(share(self.own_cpu)));
    }

    /// Whether the generator was what was measured.
    fn judge(&self, own: f64) -> Option<String> {
        let server = self.server_cpu.map(|cpu| cpu.as_secs_f64() / self.seconds.max(f64::EPSILON));
        if own < SATURATED {
            return None;
        }
        Some(match server {
            Some(server) if server >= SATURATED => "both sides used a whole core: the rate is that of the \
                pair, the server's CPU time stands"
                .to_owned(),
            Some(_) => "the generator was the bottleneck: the rate is not the server's limit, its CPU time \
                stands"
                .to_owned(),
            None => "the generator was the bottleneck: the rate is not the server's limit".to_owned(),
        })
    }
}

/// Plays for a while, and measures all but the beginning.
pub fn play<P: Protocol, G: Game<P> + Counts>(
    hall: &mut Hall<P>,
    game: &mut G,
    target: &Target,
    warm: Duration,
    length: Duration,
) -> Window {
    let progress = bar(u64::try_from((warm + length).as_millis()).unwrap_or(u64::MAX), "running ");
    let started = Instant::now();
    let mut trouble = run(hall, game, warm, |now, _| {
        progress.set_position(millis(now.saturating_duration_since(started)));
    });
    let warm_latency = game.score().latency.len();
    game.score().latency.reset();
    let mut meter = Meter::begin(target, game.score().done);
    if trouble.is_none() {
        trouble = run(hall, game, length, |now, done| {
            meter.look(now, done);
            progress.set_position(millis(now.saturating_duration_since(started)));
        });
    }
    progress.finish_and_clear();
    let trouble = match trouble {
        Some(_) if target.is_gone() => Some("the server ended in the run: see its log".to_owned()),
        other => other,
    };
    let nothing = game.score().latency.is_empty() && warm_latency == 0 && game.score().done == 0;
    let trouble = trouble.or_else(|| nothing.then(|| "nothing arrived".to_owned()));
    meter.end(game.score().done, trouble)
}

fn run<P: Protocol, G: Game<P> + Counts>(
    hall: &mut Hall<P>,
    game: &mut G,
    length: Duration,
    mut look: impl FnMut(Instant, u64),
) -> Option<String> {
    let started = Instant::now();
    let mut moved = (started, game.score().done);
    loop {
        let now = Instant::now();
        if now.saturating_duration_since(started) >= length {
            return None;
        }
        let done = game.score().done;
        look(now, done);
        if done != moved.1 {
            moved = (now, done);
        } else if now.saturating_duration_since(moved.0) > STALLED {
            return Some(format!("nothing arrived for {} s: see the server's log", STALLED.as_secs()));
        }
        let wait = game.clock(now, &mut hall.desk()).min(TURN);
        if let Err(error) = hall.turn(wait, game) {
            return Some(format!("{error:#}"));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts of a run fit")]
pub fn float(count: u64) -> f64 {
    count as f64
}
