//! Sockets that do nothing: what each holds.

use std::time::{Duration, Instant};

use clap::Args;

use super::measure::{Meter, float};
use super::{Common, blank, protocol};
use crate::load::hall::Idle as Nobody;
use crate::load::{Crowd, Hall, Protocol, Seat};
use crate::report::{Better, Run};
use crate::target::Target;

/// How long the server may settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// Many sockets that do nothing: memory of each, and how fast they come in.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench idle --spawn --sockets 10000 --of guests")]
pub struct Idle {
    /// Sockets.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub sockets: u32,
    /// Whose: an agent's have no conversation open; a guest's has its own, which is then live.
    #[arg(long, value_enum, default_value = "agents")]
    pub of: Of,
    #[command(flatten)]
    /// What every scenario takes.
    pub common: Common,
}

/// Whose sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Of {
    /// Agents with no conversation open.
    Agents,
    /// Guests, each with its own conversation.
    Guests,
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Idle, target: &Target) -> anyhow::Result<Run> {
    let count = args.sockets as usize;
    let rooms = if args.of == Of::Agents { 0 } else { count };
    let protocol = protocol(target, rooms, args.of == Of::Agents, 1).await?;
    let variant = if args.of == Of::Agents { "agents" } else { "guests" };
    let mut run = blank("idle", variant, target);
    run.parameters.insert("sockets".to_owned(), args.sockets.to_string());
    let mut hall = Hall::new(Crowd::new(target.address)?, protocol);
    let seat = |nth| if args.of == Of::Agents { Seat::agent(Vec::new()) } else { Seat::guest(nth) };
    tokio::task::block_in_place(|| {
        // One of them first, so that what is made once is not counted.
        hall.seat(vec![seat(0)], &mut Nobody, |_| {})?;
        settle(&mut hall, SETTLE)?;
        let before = target.usage();
        let began = Instant::now();
        let mut meter = Meter::begin(target, 1);
        let progress = crate::progress::bar(u64::from(args.sockets), "seating ");
        hall.seat((1..count).map(seat).collect(), &mut Nobody, |seated| {
            progress.set_position(seated as u64);
            meter.look(Instant::now(), seated as u64);
        })?;
        progress.finish_and_clear();
        let seconds = began.elapsed().as_secs_f64();
        let window = meter.end(u64::from(args.sockets), None);
        settle(&mut hall, SETTLE)?;
        let after = target.usage();
        let others = float(u64::from(args.sockets).saturating_sub(1).max(1));
        if let (Some(before), Some(after)) = (before, after) {
            let grown = float(after.resident_kib.saturating_sub(before.resident_kib));
            run.figure("memory per socket", grown / others, "KB", Better::Less);
            run.figure("server memory", float(after.resident_kib) / 1024.0, "MiB", Better::Less);
        }
        run.figure("connect rate", others / seconds, "/s", Better::More);
        if let Some(cpu) = window.server_cpu {
            run.figure("server CPU per connect", cpu.as_secs_f64() * 1e6 / others, "µs", Better::Less);
        }
        run.figure("generator", window.own_cpu.as_secs_f64() / seconds, "cores", Better::Neither);
        run.ticks = window.ticks;
        anyhow::Ok(())
    })?;
    Ok(run)
}

/// Lets the server do what is left to do.
pub(super) fn settle(hall: &mut Hall<impl Protocol>, time: Duration) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < time {
        hall.turn(Duration::from_millis(50), &mut Nobody)?;
    }
    Ok(())
}
