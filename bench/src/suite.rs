//! Which scenarios there are, and how they are run: once, several times, or all of them in turn.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::fake_openai::FakeOpenAi;
use crate::process;
use crate::report::{self, Run, goals, html};
use crate::scenario::{Common, ai, dashboard, fanout, idle, ingest, latency, rooms, soak, storm, whatsapp};
use crate::start::{self, Plan};
use crate::target::Target;

/// Enough for a big run.
const OPEN_FILES: u64 = 65_536;

/// Measurements under load.
#[derive(Clone, Debug, Subcommand)]
pub enum Scenario {
    /// The hotel's day: many conversations, a few readers each. E.g.: frontdesk-bench rooms --spawn
    Rooms(rooms::Rooms),
    /// One conversation, many readers. E.g.: frontdesk-bench fanout --spawn
    Fanout(fanout::Fanout),
    /// Memory of sockets that do nothing. E.g.: frontdesk-bench idle --spawn --of guests
    Idle(idle::Idle),
    /// All drop and come back at once. E.g.: frontdesk-bench storm --spawn
    Storm(storm::Storm),
    /// Durable messages a second. E.g.: frontdesk-bench ingest --spawn --bare
    Ingest(ingest::Ingest),
    /// How long a message takes at a fixed rate. E.g.: frontdesk-bench latency --spawn --rate 500
    Latency(latency::Latency),
    /// Answers of the AI through the pool. E.g.: frontdesk-bench ai --spawn
    Ai(ai::Ai),
    /// Agents who page, search and read. E.g.: frontdesk-bench dashboard --spawn
    Dashboard(dashboard::Dashboard),
    /// Signed webhooks of WhatsApp. E.g.: frontdesk-bench whatsapp --spawn
    Whatsapp(whatsapp::WhatsApp),
    /// A steady load for long. E.g.: frontdesk-bench soak --spawn --minutes 240
    Soak(soak::Soak),
}

/// A command line of the suite.
#[derive(Parser)]
#[command(name = "frontdesk-bench")]
struct Line {
    #[command(subcommand)]
    scenario: Scenario,
}

/// Everything that has a goal, in turn, and again, so that a slow minute of the machine hits all alike.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench all --runs 3 --out results")]
pub struct All {
    /// How often.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Where to put report.json and report.html.
    #[arg(long, default_value = "bench-results")]
    pub out: PathBuf,
    /// The server's program.
    #[arg(long, default_value = "target/release/frontdesk")]
    pub server: PathBuf,
    /// Small numbers and short runs, to see whether all works: the figures mean nothing.
    #[arg(long)]
    pub quick: bool,
    /// Pages whose table is to be written anew, between its two marks.
    #[arg(long, value_name = "PAGE")]
    pub figures: Vec<PathBuf>,
    /// What the table names as the command.
    #[arg(long, default_value = "frontdesk-bench all")]
    pub command: String,
}

const LINES: [&str; 11] = [
    "rooms --what typing",
    "rooms --what message",
    "fanout",
    "idle --of agents",
    "idle --of guests",
    "storm",
    "ingest --bare --window 2",
    "latency --seconds 10",
    "ai",
    "dashboard",
    "whatsapp",
];
const QUICK: [&str; 11] = [
    "rooms --what typing --conversations 20 --window 8",
    "rooms --what message --conversations 20 --window 8",
    "fanout --readers 20 --window 8",
    "idle --of agents --sockets 50",
    "idle --of guests --sockets 50",
    "storm --guests 50",
    "ingest --conversations 20 --bare",
    "latency --rate 50 --conversations 20",
    "ai --guests 4",
    "dashboard --agents 2 --conversations 20",
    "whatsapp --guests 4",
];
/// For the cold start.
const CONVERSATIONS: u64 = 100_000;

impl Scenario {
    /// What every scenario takes.
    pub fn common(&self) -> &Common {
        match self {
            Self::Rooms(args) => &args.common,
            Self::Fanout(args) => &args.common,
            Self::Idle(args) => &args.common,
            Self::Storm(args) => &args.common,
            Self::Ingest(args) => &args.common,
            Self::Latency(args) => &args.common,
            Self::Ai(args) => &args.common,
            Self::Dashboard(args) => &args.common,
            Self::Whatsapp(args) => &args.common,
            Self::Soak(args) => &args.common,
        }
    }

    /// One run.
    ///
    /// # Errors
    /// The server cannot be had or prepared.
    pub async fn once(&self) -> anyhow::Result<Run> {
        process::raise_open_files(OPEN_FILES);
        let (mut model, mut settings) = (None, Vec::new());
        if let (Self::Ai(args), None) = (self, &self.common().which.url) {
            let started = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
            let started = started.context("the stand-in for the model cannot listen")?;
            settings = args.settings(&started);
            model = Some(started);
        }
        if let Self::Whatsapp(_) = self {
            settings = whatsapp::settings();
        }
        let target = Target::open(&self.common().which, &settings).await?;
        let run = match self {
            Self::Rooms(args) => rooms::measure(args, &target).await,
            Self::Fanout(args) => fanout::measure(args, &target).await,
            Self::Idle(args) => idle::measure(args, &target).await,
            Self::Storm(args) => storm::measure(args, &target).await,
            Self::Ingest(args) => ingest::measure(args, &target).await,
            Self::Latency(args) => latency::measure(args, &target).await,
            Self::Ai(args) => ai::measure(args, &target, model.as_ref()).await,
            Self::Dashboard(args) => dashboard::measure(args, &target).await,
            Self::Whatsapp(args) => whatsapp::measure(args, &target).await,
            Self::Soak(args) => soak::measure(args, &target).await,
        };
        match run {
            Ok(run) if run.broke_off.is_some() => Ok(run),
            Ok(run) => target.close().await.map(|()| run),
            Err(_) if target.is_gone() => anyhow::bail!("the server ended by itself: see its log"),
            Err(error) => Err(error),
        }
    }

    /// As many runs as asked for, each reported as soon as it is there.
    ///
    /// # Errors
    /// A run cannot be made, or broke off; what was measured is printed and written before.
    pub async fn repeat(&self) -> anyhow::Result<()> {
        let common = self.common();
        let mut runs: Vec<Run> = Vec::new();
        for _ in 0..common.runs {
            let run = self.once().await?;
            report::print(&run, &mut std::io::stdout())?;
            let broke_off = run.broke_off.clone();
            runs.push(run);
            if let Some(file) = &common.json {
                report::save(&runs, file)?;
            }
            if let Some(file) = &common.html {
                html::save(&runs, file)?;
            }
            if let Some(why) = broke_off {
                anyhow::bail!("{why}");
            }
        }
        if runs.len() > 1 {
            report::print_medians(&runs, &mut std::io::stdout())?;
        }
        Ok(())
    }
}

/// Runs everything.
///
/// # Errors
/// A run cannot be made, or broke off; the others are still made, and all that was measured is kept.
pub async fn all(args: &All) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.out).with_context(|| format!("{} cannot be made", args.out.display()))?;
    let mut runs = Vec::new();
    let mut failed = Vec::new();
    for round in 1..=args.runs {
        for line in if args.quick { QUICK } else { LINES } {
            let _ = writeln!(std::io::stderr(), "{round} of {}: {line}", args.runs);
            match one(args, line).await {
                Ok(run) => {
                    report::print(&run, &mut std::io::stdout())?;
                    failed.extend(run.broke_off.as_ref().map(|why| format!("{line}: {why}")));
                    runs.push(run);
                }
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "{line}: {error:#}");
                    failed.push(format!("{line}: {error:#}"));
                }
            }
            keep(&runs, &args.out)?;
        }
    }
    let conversations = if args.quick { 100 } else { CONVERSATIONS };
    let plan = Plan { conversations, server: args.server.clone(), arguments: Vec::new(), runs: args.runs };
    runs.extend(start::measure(&plan).await?.runs(&plan));
    keep(&runs, &args.out)?;
    report::print_medians(&runs, &mut std::io::stdout())?;
    let table = goals::table(&runs, &args.command, &report::date(runs.first().map_or(0, |run| run.at)));
    for page in &args.figures {
        goals::rewrite(page, &table)?;
    }
    let _ = writeln!(std::io::stdout(), "\nreport with pictures: {}", args.out.join("report.html").display());
    match failed.first() {
        Some(first) => anyhow::bail!("{} of the runs failed, the first: {first}", failed.len()),
        None => Ok(()),
    }
}

async fn one(args: &All, line: &str) -> anyhow::Result<Run> {
    let server = args.server.to_string_lossy();
    let mut words: Vec<&str> = vec!["frontdesk-bench"];
    words.extend(line.split(' '));
    words.extend(["--spawn", "--server", &server]);
    if args.quick {
        words.extend(["--seconds", "0.5", "--warm-up", "0.1"]);
    }
    let mut run = Line::try_parse_from(&words)?.scenario.once().await?;
    run.command = words.join(" ");
    Ok(run)
}

fn keep(runs: &[Run], out: &Path) -> anyhow::Result<()> {
    report::save(runs, &out.join("report.json"))?;
    html::save(runs, &out.join("report.html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_suite_can_be_read() {
        for line in LINES.into_iter().chain(QUICK) {
            let words = ["frontdesk-bench"].into_iter().chain(line.split(' '));
            assert!(Line::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
