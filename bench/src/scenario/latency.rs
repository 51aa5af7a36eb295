//! How long a message takes at a fixed rate.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use clap::Args;
use hdrhistogram::Histogram;

use super::measure::{Counts, Score, Window, float, histogram, play};
use super::seating::{Seating, house};
use super::{Common, bare, blank, fill};
use crate::load::hall::Desk;
use crate::load::protocol::At;
use crate::load::{Game, Hall, Protocol, RoomId, What};
use crate::report::{Better, Run};
use crate::target::Target;

/// From here on the next message is waited for awake.
const NEAR: Duration = Duration::from_millis(1);

/// Messages at a fixed rate, from their sender to their last reader.
///
/// The rate does not wait for the server: each message has its time, and is measured from then, whatever
/// held it up (so there is no coordinated omission).
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench latency --spawn --rate 500 --seconds 20")]
pub struct Latency {
    /// Messages a second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,
    /// Conversations.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub conversations: u32,
    /// Readers of each: its guest, and agents who have taken it over.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=21))]
    pub readers: u32,
    /// Conversations that an agent holds.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub held: u32,
    /// Length of a message's text.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub text: u32,
    #[command(flatten)]
    /// What every scenario takes.
    pub common: Common,
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Latency, target: &Target) -> anyhow::Result<Run> {
    let rooms = args.conversations as usize;
    let Seating { seats, .. } = house(rooms, args.readers as usize - 1, args.held as usize);
    let mut run = blank("latency", "", target);
    let parameters = [
        ("messages a second", args.rate.to_string()),
        ("conversations", args.conversations.to_string()),
        ("readers each", args.readers.to_string()),
    ];
    run.parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
    let sync = tokio::task::block_in_place(|| bare::sync(target.folder()))?;
    let mut hall = fill(target, rooms, seats, args.text as usize).await?;
    tokio::task::block_in_place(|| {
        let mut game = Paced::new(args)?;
        let window = play_paced(&mut hall, &mut game, target, args);
        run.latency(&game.score.latency, "last reader");
        for (name, percent) in [("sync p50", 50.0), ("sync p99", 99.0)] {
            let micros = sync.value_at_percentile(percent);
            run.figure(name, float(micros) / 1000.0, "ms", Better::Neither);
        }
        if let Some(p50) = run.value("last reader p50") {
            let beyond = p50 - float(sync.value_at_percentile(50.0)) / 1000.0;
            run.figure("last reader p50 beyond a sync", beyond, "ms", Better::Less);
        }
        let late = float(game.late.value_at_percentile(99.0)) / 1000.0;
        run.figure("generator late p99", late, "ms", Better::Neither);
        window.report(&mut run, "message");
        // It spins while the next message is near.
        run.remarks.clear();
        if game.lost > 0 {
            let lost = game.lost;
            run.remarks.push(format!("{lost} messages had not reached all their readers at the end"));
        }
        anyhow::Ok(())
    })?;
    Ok(run)
}

fn play_paced<P: Protocol>(hall: &mut Hall<P>, game: &mut Paced, target: &Target, args: &Latency) -> Window {
    game.next_at = Instant::now();
    let window = play(hall, game, target, args.common.warm(), args.common.length());
    // What is under way at the end counts: leaving the slowest out would flatter.
    game.is_over = true;
    let patience = Instant::now();
    while game.open() > 0 && patience.elapsed() < Duration::from_secs(10) && window.broke_off.is_none() {
        if hall.turn(Duration::from_millis(20), game).is_err() {
            break;
        }
    }
    game.lost = game.open();
    window
}

/// Posts by the clock, room by room.
struct Paced {
    every: Duration,
    next_at: Instant,
    next_room: RoomId,
    rooms: usize,
    readers: usize,
    /// When each was due, and how many readers are missing, from the oldest that is under way.
    under_way: VecDeque<(Instant, usize)>,
    /// How many are no longer under way.
    ended: u64,
    tag: u64,
    is_over: bool,
    lost: usize,
    /// How late the generator itself was, in microseconds.
    late: Histogram<u64>,
    score: Score,
}

impl Paced {
    fn new(args: &Latency) -> anyhow::Result<Self> {
        Ok(Self {
            every: Duration::from_secs(1) / args.rate,
            next_at: Instant::now(),
            next_room: 0,
            rooms: args.conversations as usize,
            readers: args.readers as usize,
            under_way: VecDeque::new(),
            ended: 0,
            tag: 0,
            is_over: false,
            lost: 0,
            late: histogram()?,
            score: Score::new()?,
        })
    }

    fn open(&self) -> usize {
        self.under_way.iter().filter(|(_, missing)| *missing > 0).count()
    }
}

impl<P: Protocol> Game<P> for Paced {
    fn delivered(&mut self, _room: RoomId, text: &[u8], at: At, desk: &mut Desk<'_, P>) {
        let place = desk.tag(text).and_then(|tag| usize::try_from(tag.checked_sub(self.ended + 1)?).ok());
        let Some((since, missing)) = place.and_then(|place| self.under_way.get_mut(place)) else { return };
        *missing = missing.saturating_sub(1);
        if *missing == 0 {
            self.score.done += 1;
            self.score.took(*since, at.now);
        }
        while self.under_way.front().is_some_and(|(_, missing)| *missing == 0) {
            self.under_way.pop_front();
            self.ended += 1;
        }
    }

    fn clock(&mut self, now: Instant, desk: &mut Desk<'_, P>) -> Duration {
        if self.is_over {
            return NEAR;
        }
        while self.next_at <= now {
            let late = u64::try_from((now - self.next_at).as_micros()).unwrap_or(u64::MAX);
            self.late.saturating_record(late.max(1));
            self.tag += 1;
            self.under_way.push_back((self.next_at, self.readers));
            desk.post(self.next_room, self.next_room, What::Message, self.tag);
            self.next_room = (self.next_room + 1) % self.rooms;
            self.next_at += self.every;
        }
        let left = self.next_at - now;
        // The system wakes us up to a millisecond late: what is nearer is waited for awake.
        if left > NEAR {
            Duration::from_millis(u64::try_from((left - NEAR).as_millis()).unwrap_or(0))
        } else {
            Duration::ZERO
        }
    }
}

impl Counts for Paced {
    fn score(&mut self) -> &mut Score {
        &mut self.score
    }
}
