//! Everything that has a goal, several times.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Parser};

use super::{keep, one};
use crate::report::{self, Run, goals, growth};
use crate::scenario::{self, growth::Growth};
use crate::start::{self, Plan};

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
    "rooms --what typing --bare",
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
    "rooms --what typing --conversations 20 --window 8 --bare",
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
/// Once is enough, for they do not depend on what else the machine does.
const ONCE: [&str; 1] = ["live"];
const ONCE_QUICK: [&str; 1] = ["live --conversations 200 --held 50"];
/// As far as minutes go; `growth` alone goes further.
const GROWTH: &str = "growth --conversations 10,100000 --events 10000,1000000 --seconds 3";
const GROWTH_QUICK: &str = "growth --conversations 10,20 --events 1000,2000 --seconds 0.5";
/// For the cold start.
const CONVERSATIONS: u64 = 100_000;

/// Runs everything.
///
/// # Errors
/// A run cannot be made, or broke off; the others are still made, and all that was measured is kept.
pub async fn all(args: &All) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.out).with_context(|| format!("{} cannot be made", args.out.display()))?;
    let mut runs = Vec::new();
    let mut failed = Vec::new();
    let server = args.server.to_string_lossy();
    let mut more = vec!["--spawn", "--server", &server];
    if args.quick {
        more.extend(["--seconds", "0.5", "--warm-up", "0.1"]);
    }
    for round in 1..=args.runs {
        let (lines, once) = if args.quick { (QUICK, ONCE_QUICK) } else { (LINES, ONCE) };
        let once = if round == 1 { &once[..] } else { &[] };
        for line in lines.iter().chain(once) {
            let _ = writeln!(std::io::stderr(), "{round} of {}: {line}", args.runs);
            match one(line, &more).await {
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
    match sizes(args).await {
        Ok(grown) => runs.extend(growth::summary(&grown)),
        Err(error) => failed.push(format!("growth: {error:#}")),
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

async fn sizes(args: &All) -> anyhow::Result<Vec<Run>> {
    let (server, runs) = (args.server.to_string_lossy(), args.runs.to_string());
    let line = if args.quick { GROWTH_QUICK } else { GROWTH };
    let words = line.split(' ').chain(["--server", &server, "--runs", &runs]);
    scenario::growth::measure(&Grown::try_parse_from(words)?.args).await
}

/// A command line of `growth`.
#[derive(Parser)]
struct Grown {
    #[command(flatten)]
    args: Growth,
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    #[test]
    fn every_line_of_the_suite_can_be_read() {
        for line in LINES.into_iter().chain(QUICK).chain(ONCE).chain(ONCE_QUICK) {
            let words = ["frontdesk-bench"].into_iter().chain(line.split(' '));
            assert!(Line::try_parse_from(words).is_ok(), "{line}");
        }
        for line in [GROWTH, GROWTH_QUICK] {
            assert!(Grown::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }
}
