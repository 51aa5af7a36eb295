//! One conversation, many readers.

use std::collections::VecDeque;
use std::time::Instant;

use clap::Args;

use super::measure::{Counts, Score, play};
use super::{Common, blank, fill};
use crate::load::hall::Desk;
use crate::load::protocol::At;
use crate::load::{Game, Protocol, RoomId, Seat, What};
use crate::report::Run;
use crate::target::Target;

/// One conversation that many agents read, saturated.
///
/// Its guest sends; as soon as a message has reached all readers, the next is sent.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench fanout --spawn --readers 1000")]
pub struct Fanout {
    /// Agents that read.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub readers: u32,
    /// What is sent: typing is passed on, a message is stored.
    #[arg(long, value_enum, default_value = "typing")]
    pub what: What,
    /// Messages under way. Within one conversation messages are stored one after the other.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub window: u32,
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
pub async fn measure(args: &Fanout, target: &Target) -> anyhow::Result<Run> {
    let readers = args.readers as usize;
    let mut seats = vec![Seat::guest(0)];
    seats.extend(std::iter::repeat_n(Seat::agent(vec![0]), readers));
    let mut hall = fill(target, 1, seats, args.text as usize).await?;
    let mut run = blank("fanout", args.what.name(), target);
    let parameters = [("readers", args.readers.to_string()), ("under way", args.window.to_string())];
    run.parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
    tokio::task::block_in_place(|| {
        let echoes = hall.protocol().echoes(args.what);
        let mut game = Flood {
            what: args.what,
            everybody: readers + usize::from(echoes),
            got: vec![0; readers + 1],
            under_way: VecDeque::new(),
            ended: 0,
            tag: 0,
            score: Score::new()?,
        };
        for _ in 0..args.window {
            game.post(Instant::now(), &mut hall.desk());
        }
        let window = play(&mut hall, &mut game, target, args.common.warm(), args.common.length());
        window.report(&mut run, "delivery");
        run.latency(&game.score.latency, "last reader");
        anyhow::Ok(())
    })?;
    Ok(run)
}

/// Keeps messages under way in one room.
///
/// What is not stored carries no mark; but each reader gets all, in order, so counting tells which it is.
struct Flood {
    what: What,
    everybody: usize,
    /// How many messages each connection has got.
    got: Vec<u64>,
    /// Since when, and how many have got it, by message.
    under_way: VecDeque<(Instant, usize)>,
    /// How many messages are no longer under way.
    ended: u64,
    tag: u64,
    score: Score,
}

impl Flood {
    fn post<P: Protocol>(&mut self, now: Instant, desk: &mut Desk<'_, P>) {
        self.tag += 1;
        self.under_way.push_back((now, 0));
        desk.post(0, 0, self.what, self.tag);
    }
}

impl<P: Protocol> Game<P> for Flood {
    fn delivered(&mut self, _room: RoomId, _text: &[u8], at: At, desk: &mut Desk<'_, P>) {
        self.score.done += 1;
        let Some(got) = self.got.get_mut(at.line) else { return };
        let place = usize::try_from(got.saturating_sub(self.ended)).unwrap_or(usize::MAX);
        *got += 1;
        if let Some((_, count)) = self.under_way.get_mut(place) {
            *count += 1;
        }
        while let Some(&(since, count)) = self.under_way.front()
            && count >= self.everybody
        {
            self.under_way.pop_front();
            self.ended += 1;
            self.score.took(since, at.now);
            self.post(at.now, desk);
        }
    }
}

impl Counts for Flood {
    fn score(&mut self) -> &mut Score {
        &mut self.score
    }
}
