//! Does a message cost more the more is stored?

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::ingest::Acknowledged;
use super::measure::play;
use super::stored::Stored;
use super::{Common, blank};
use crate::load::Seat;
use crate::report::{self, Run, goals, growth, html};

/// Conversations of the series that grows by events.
const CONVERSATIONS: u64 = 1_000;
/// Events of a conversation in the series that grows by conversations.
const EACH: u64 = 10;
/// Of as many events or fewer a database is made anew for each run, as the runs themselves would double it.
const SMALL: u64 = 200_000;

/// The cost of a durable message over databases of several sizes, in turn: more conversations of ten events
/// each, then more events in a thousand conversations. As many agents write in each, one message under way
/// each, in conversations from all over the database.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: frontdesk-bench growth --runs 3 --conversations 10,1000 --events 10000,1000000"
)]
pub struct Growth {
    /// Conversations, of ten events each.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 1_000, 100_000], value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub conversations: Vec<u64>,
    /// Events, in a thousand conversations. Ten million take 5 GB of disk and some minutes.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000, 10_000_000], value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub events: Vec<u64>,
    /// Agents who write; no more than there are conversations in the smallest database.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub writers: u32,
    /// Pages whose table is to be written anew, between its two marks.
    #[arg(long, value_name = "PAGE")]
    pub figures: Vec<PathBuf>,
    /// What every scenario takes.
    #[command(flatten)]
    pub common: Common,
}

/// A size of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Size {
    conversations: u64,
    each: u64,
}

impl Size {
    fn variant(self, by_events: bool) -> String {
        let count = if by_events { self.conversations * self.each } else { self.conversations };
        format!("{} {}", report::counted(count), if by_events { "events" } else { "conversations" })
    }
}

/// Runs all sizes in turn, and again, and judges them.
///
/// # Errors
/// A run cannot be made, or the cost is not flat; what was measured is printed and written before.
pub async fn command(args: &Growth) -> anyhow::Result<()> {
    let runs = measure(args).await?;
    let (table, is_flat) = growth::table(&runs, &report::date(runs.first().map_or(0, |run| run.at)));
    writeln!(std::io::stdout(), "\n{table}")?;
    for page in &args.figures {
        goals::rewrite(page, &table)?;
    }
    anyhow::ensure!(is_flat, "a message costs more the more is stored");
    Ok(())
}

/// Runs all sizes in turn, and again.
///
/// # Errors
/// A run cannot be made; what was measured is printed and written before.
pub async fn measure(args: &Growth) -> anyhow::Result<Vec<Run>> {
    let by_conversations =
        args.conversations.iter().map(|count| (Size { conversations: *count, each: EACH }, false));
    let by_events = args
        .events
        .iter()
        .map(|events| (Size { conversations: CONVERSATIONS, each: (events / CONVERSATIONS).max(1) }, true));
    let sizes: Vec<(Size, bool)> = by_conversations.chain(by_events).collect();
    let (mut kept, mut runs) = (HashMap::new(), Vec::new());
    for round in 1..=args.common.runs {
        for (size, by_events) in &sizes {
            writeln!(std::io::stderr(), "{round} of {}: {}", args.common.runs, size.variant(*by_events))?;
            let stored = match kept.remove(size) {
                Some(stored) => stored,
                None => Stored::make(&args.common.which, size.conversations, size.each).await?,
            };
            let run = once(args, *size, *by_events, &stored).await?;
            report::print(&run, &mut std::io::stdout())?;
            let broke_off = run.broke_off.clone();
            runs.push(run);
            if let Some(file) = &args.common.json {
                report::save(&runs, file)?;
            }
            if let Some(file) = &args.common.html {
                html::save(&runs, file)?;
            }
            if let Some(why) = broke_off {
                anyhow::bail!(why);
            }
            if size.conversations * size.each > SMALL {
                kept.insert(*size, stored);
            }
        }
    }
    Ok(runs)
}

async fn once(args: &Growth, size: Size, by_events: bool, stored: &Stored) -> anyhow::Result<Run> {
    let target = stored.open(&args.common.which).await?;
    let mut run = blank("growth", &size.variant(by_events), &target);
    let writers = (args.writers as usize).min(stored.conversations.len());
    for (name, value) in [
        ("conversations", size.conversations),
        ("events", size.conversations * size.each),
        ("writers", writers as u64),
    ] {
        run.parameters.insert(name.to_owned(), value.to_string());
    }
    let step = stored.conversations.len() / writers;
    let rooms: Vec<_> = stored.conversations.iter().step_by(step).take(writers).copied().collect();
    let seats = (0..writers).map(|room| Seat::agent(vec![room])).collect();
    let mut hall = Stored::seat(&target, &rooms, seats).await?;
    tokio::task::block_in_place(|| {
        hall.hush()?;
        let mut game = Acknowledged::begin(&mut hall, writers, 1)?;
        let window = play(&mut hall, &mut game, &target, args.common.warm(), args.common.length());
        window.report(&mut run, "message");
        game.report(&mut run);
        anyhow::Ok(())
    })?;
    if run.broke_off.is_none() {
        target.close().await?;
    }
    Ok(run)
}
