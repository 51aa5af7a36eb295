//! Everybody drops and comes back at once.

use std::time::{Duration, Instant};

use clap::Args;

use super::measure::{Counts, Meter, Score};
use super::seating::{Seating, house};
use super::{Common, blank, fill};
use crate::load::{Game, LineId};
use crate::report::{Better, Run};
use crate::target::Target;

/// All sockets drop and return at once, and take up where they were: until the last one has all its
/// conversations open again.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench storm --spawn --guests 4900 --runs 3")]
pub struct Storm {
    /// Guests, each in its own conversation.
    #[arg(long, default_value_t = 4_900, value_parser = clap::value_parser!(u32).range(1..))]
    pub guests: u32,
    /// Agents in each conversation.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub agents: u32,
    /// Conversations that an agent holds.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub held: u32,
    #[command(flatten)]
    /// What every scenario takes.
    pub common: Common,
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared, or does not let everybody in again.
pub async fn measure(args: &Storm, target: &Target) -> anyhow::Result<Run> {
    let rooms = args.guests as usize;
    let Seating { seats, .. } = house(rooms, args.agents as usize, args.held as usize);
    let sockets = seats.len();
    let mut hall = fill(target, rooms, seats, 1).await?;
    let mut run = blank("storm", "", target);
    let opened = u64::from(args.guests) * u64::from(1 + args.agents);
    run.parameters.insert("sockets".to_owned(), sockets.to_string());
    run.parameters.insert("conversations opened".to_owned(), opened.to_string());
    tokio::task::block_in_place(|| {
        // What the preparation has left to do, as the inbox of agents, is no part of this.
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(1) {
            hall.turn(Duration::from_millis(50), &mut crate::load::hall::Idle)?;
        }
        let progress = crate::progress::bar(sockets as u64, "storming");
        let mut game = Back { began: Instant::now(), score: Score::new()? };
        let mut meter = Meter::begin(target, 0);
        let done = hall.storm(&mut game, |seated| {
            progress.set_position(seated as u64);
            meter.look(Instant::now(), seated as u64);
        });
        let seconds = game.began.elapsed().as_secs_f64();
        progress.finish_and_clear();
        let window = meter.end(game.score().done, done.err().map(|error| format!("{error:#}")));
        run.figure("until the last is back", seconds, "s", Better::Less);
        if let Some(cpu) = window.server_cpu {
            run.figure("server CPU", cpu.as_secs_f64(), "s", Better::Less);
            run.figure("server", cpu.as_secs_f64() / seconds, "cores", Better::Neither);
        }
        run.figure("generator", window.own_cpu.as_secs_f64() / seconds, "cores", Better::Neither);
        run.latency(&game.score.latency, "back");
        run.ticks = window.ticks;
        run.broke_off = window.broke_off;
        anyhow::Ok(())
    })?;
    Ok(run)
}

struct Back {
    began: Instant,
    score: Score,
}

impl<P> Game<P> for Back {
    fn seated(&mut self, _line: LineId, now: Instant) {
        self.score.done += 1;
        self.score.took(self.began, now);
    }
}

impl Counts for Back {
    fn score(&mut self) -> &mut Score {
        &mut self.score
    }
}
