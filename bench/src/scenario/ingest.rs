//! Durable messages: how many are acknowledged a second.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use clap::Args;

use super::measure::{Counts, Score, float, play};
use super::seating::{Seating, house};
use super::{Common, bare, blank, fill};
use crate::load::hall::Desk;
use crate::load::protocol::At;
use crate::load::{Game, Hall, Protocol, RoomId, What};
use crate::report::{Better, Run};
use crate::target::{SERVER_CORE, Target};

/// How long the bare writer writes.
const BARE: Duration = Duration::from_secs(3);

/// Messages that guests send as fast as they are acknowledged, each synced to disk before that.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench ingest --spawn --conversations 500 --window 2 --bare")]
pub struct Ingest {
    /// Conversations.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub conversations: u32,
    /// Readers of each: its guest, and agents who have taken it over.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=21))]
    pub readers: u32,
    /// Conversations that an agent holds.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub held: u32,
    /// Messages under way in each conversation.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub window: u32,
    /// Length of a message's text.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub text: u32,
    /// Afterwards also a bare writer into a SQLite file on the same disk, for the ratio.
    #[arg(long)]
    pub bare: bool,
    #[command(flatten)]
    /// What every scenario takes.
    pub common: Common,
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Ingest, target: &Target) -> anyhow::Result<Run> {
    let rooms = args.conversations as usize;
    let Seating { seats, .. } = house(rooms, args.readers as usize - 1, args.held as usize);
    let mut hall = fill(target, rooms, seats, args.text as usize).await?;
    let mut run = blank("ingest", "", target);
    let parameters = [
        ("conversations", args.conversations.to_string()),
        ("readers each", args.readers.to_string()),
        ("under way in each", args.window.to_string()),
    ];
    run.parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
    tokio::task::block_in_place(|| {
        let mut game = Acknowledged::begin(&mut hall, rooms, args.window)?;
        let window = play(&mut hall, &mut game, target, args.common.warm(), args.common.length());
        window.report(&mut run, "message");
        game.report(&mut run);
        // Nobody is served while the disk is measured bare.
        drop(hall);
        if args.bare && run.broke_off.is_none() {
            let core = target.pinned.then_some(SERVER_CORE);
            let under_way = (args.conversations * args.window) as usize;
            let bare = bare::write(target.folder(), under_way, BARE, core)?;
            run.figure("bare writer rate", bare.rate, "/s", Better::Neither);
            run.figure("bare writer CPU", bare.cpu_us, "µs", Better::Neither);
            run.figure("share of the bare writer", window.rate() / bare.rate * 100.0, "%", Better::More);
        }
        anyhow::Ok(())
    })?;
    Ok(run)
}

/// Keeps each writer's messages under way. They are acknowledged in the order in which they were sent.
pub(super) struct Acknowledged {
    /// Since when, by connection. The writer in a room is the connection of the same number.
    waiting: Vec<VecDeque<Instant>>,
    tag: u64,
    delivered: u64,
    score: Score,
}

impl Acknowledged {
    /// So many messages under way in each room.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn begin<P: Protocol>(hall: &mut Hall<P>, rooms: usize, window: u32) -> anyhow::Result<Self> {
        let waiting = vec![VecDeque::new(); rooms];
        let mut game = Self { waiting, tag: 0, delivered: 0, score: Score::new()? };
        for room in 0..rooms {
            for _ in 0..window {
                game.post(room, Instant::now(), &mut hall.desk());
            }
        }
        Ok(game)
    }

    /// Writes what readers got, and how long acknowledgements took.
    pub(super) fn report(&self, run: &mut Run) {
        run.figure("delivered to readers in all", float(self.delivered), "", Better::Neither);
        run.latency(&self.score.latency, "ack");
    }

    fn post<P: Protocol>(&mut self, room: RoomId, now: Instant, desk: &mut Desk<'_, P>) {
        self.tag += 1;
        if let Some(waiting) = self.waiting.get_mut(room) {
            waiting.push_back(now);
        }
        desk.post(room, room, What::Message, self.tag);
    }
}

impl<P: Protocol> Game<P> for Acknowledged {
    fn delivered(&mut self, _room: RoomId, _text: &[u8], _at: At, _desk: &mut Desk<'_, P>) {
        self.delivered += 1;
    }

    fn acked(&mut self, _text: &[u8], at: At, desk: &mut Desk<'_, P>) {
        self.score.done += 1;
        if let Some(since) = self.waiting.get_mut(at.line).and_then(VecDeque::pop_front) {
            self.score.took(since, at.now);
            self.post(at.line, at.now, desk);
        }
    }
}

impl Counts for Acknowledged {
    fn score(&mut self) -> &mut Score {
        &mut self.score
    }
}
