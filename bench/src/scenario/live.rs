//! Many conversations that are live at once: what each holds in memory.

use std::time::Duration;

use clap::Args;

use super::idle::settle;
use super::measure::float;
use super::stored::Stored;
use super::{Common, blank};
use crate::load::{RoomId, Seat};
use crate::process::Usage;
use crate::report::{Better, Run};

/// How long the server may settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(3);
/// Events of each conversation.
const EVENTS: u64 = 10;
/// Agents that open theirs at the same time.
const AT_ONCE: usize = 4;

/// Stored conversations that agents open and keep open, so that each has its live actor.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench live --spawn --conversations 100000")]
pub struct Live {
    /// Conversations, of ten events each.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub conversations: u32,
    /// Conversations that an agent holds.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub held: u32,
    /// What every scenario takes.
    #[command(flatten)]
    pub common: Common,
}

/// Measures, with a server of its own.
///
/// # Errors
/// The database cannot be filled, or somebody is turned away.
pub async fn measure(args: &Live) -> anyhow::Result<Run> {
    let which = &args.common.which;
    let stored = Stored::make(which, args.conversations.into(), EVENTS).await?;
    let target = stored.open(which).await?;
    let mut run = blank("live", "", &target);
    run.parameters.insert("conversations".to_owned(), args.conversations.to_string());
    run.parameters.insert("events each".to_owned(), EVENTS.to_string());
    run.parameters.insert("held by an agent".to_owned(), args.held.to_string());
    let mut hall = Stored::seat(&target, &stored.conversations, vec![Seat::agent(Vec::new())]).await?;
    tokio::task::block_in_place(|| {
        settle(&mut hall, SETTLE)?;
        let before = target.usage().unwrap_or_default();
        let rooms: Vec<RoomId> = (0..stored.conversations.len()).collect();
        let seats: Vec<Seat> =
            rooms.chunks(args.held as usize).map(|held| Seat::agent(held.to_vec())).collect();
        let progress = crate::progress::bar(u64::from(args.conversations), "opening ");
        for some in seats.chunks(AT_ONCE) {
            hall.seat(some.to_vec(), &mut crate::load::hall::Idle, |_| {})?;
            progress.inc(some.iter().map(|seat| seat.rooms.len() as u64).sum());
        }
        progress.finish_and_clear();
        settle(&mut hall, SETTLE)?;
        report(&mut run, before, target.usage().unwrap_or_default(), args.conversations.into());
        anyhow::Ok(())
    })?;
    target.close().await?;
    Ok(run)
}

fn report(run: &mut Run, before: Usage, after: Usage, conversations: u64) {
    let megabytes = |kib: u64| float(kib) * 1024.0 / 1e6;
    let grown = |read: fn(Usage) -> u64| read(after).saturating_sub(read(before));
    run.figure("memory, all live", megabytes(after.resident_kib), "MB", Better::Less);
    run.figure("of it no mapped file", megabytes(after.own_kib), "MB", Better::Less);
    run.figure("memory before", megabytes(before.resident_kib), "MB", Better::Neither);
    let each = float(grown(|usage| usage.own_kib)) / float(conversations);
    run.figure("memory per conversation", each, "KB", Better::Less);
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / float(conversations);
    run.figure("server CPU per conversation opened", cpu, "µs", Better::Less);
}
