//! Ours and the stacks that one would pick instead, by the same scenarios, in turn.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{keep, one};
use crate::peer::Peer;
use crate::report::{self, Run, goals, peers};

/// Ours and other stacks in turn, and again, so that a slow minute of the machine hits all alike. What is not
/// installed is named and left out.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: bench/peers/setup; frontdesk-bench peers --runs 3 --out results")]
pub struct SideBySide {
    /// How often.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Where to put report.json and report.html.
    #[arg(long, default_value = "bench-results")]
    pub out: PathBuf,
    /// Our server's program.
    #[arg(long, default_value = "target/release/frontdesk")]
    pub server: PathBuf,
    /// Where the others are installed.
    #[arg(long, value_name = "FOLDER", default_value = "bench/peers")]
    pub peers: PathBuf,
    /// Small numbers and short runs, to see whether all works: the figures mean nothing.
    #[arg(long)]
    pub quick: bool,
    /// Pages whose table is to be written anew, between its two marks.
    #[arg(long, value_name = "PAGE")]
    pub figures: Vec<PathBuf>,
    /// Makes the table of what an earlier report.json holds, and runs nothing.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// What the table names as the command.
    #[arg(long, default_value = "frontdesk-bench peers")]
    pub command: String,
}

/// What everybody does.
const LINES: [&str; 4] = ["rooms", "fanout", "idle --of agents", "storm"];
const QUICK: [&str; 4] = [
    "rooms --conversations 20 --window 8",
    "fanout --readers 20 --window 8",
    "idle --of agents --sockets 50",
    "storm --guests 50",
];
/// What only ours does: the same, stored, synced and acknowledged.
const STORED: [&str; 2] = ["rooms", "fanout"];

/// Runs all of it.
///
/// # Errors
/// A run cannot be made, or broke off; the others are still made, and all that was measured is kept.
pub async fn side_by_side(args: &SideBySide) -> anyhow::Result<()> {
    let (runs, failed) = match &args.from {
        Some(file) => (report::load(file)?, Vec::new()),
        None => measure(args).await?,
    };
    let date = report::date(runs.first().map_or(0, |run| run.at));
    let table = peers::table(&runs, &args.command, &date);
    writeln!(std::io::stdout(), "\n{table}")?;
    for page in &args.figures {
        goals::rewrite(page, &table)?;
    }
    match failed.first() {
        Some(first) => anyhow::bail!("{} of the runs failed, the first: {first}", failed.len()),
        None => Ok(()),
    }
}

/// All runs, and what went wrong with those that could not be made or broke off.
async fn measure(args: &SideBySide) -> anyhow::Result<(Vec<Run>, Vec<String>)> {
    std::fs::create_dir_all(&args.out).with_context(|| format!("{} cannot be made", args.out.display()))?;
    let mut here = Vec::new();
    for peer in Peer::ALL {
        match peer.command(&args.peers) {
            Ok(_) => here.push(peer),
            Err(error) => writeln!(std::io::stderr(), "left out: {error:#}")?,
        }
    }
    let (mut runs, mut failed) = (Vec::new(), Vec::new());
    for round in 1..=args.runs {
        for (line, more) in lines(args, &here) {
            let more: Vec<&str> = more.iter().map(String::as_str).collect();
            let said = format!("{line} {}", more.join(" "));
            writeln!(std::io::stderr(), "{round} of {}: {said}", args.runs)?;
            match one(line, &more).await {
                Ok(run) => {
                    report::print(&run, &mut std::io::stdout())?;
                    failed.extend(run.broke_off.as_ref().map(|why| format!("{said}: {why}")));
                    runs.push(run);
                }
                Err(error) => {
                    writeln!(std::io::stderr(), "{said}: {error:#}")?;
                    failed.push(format!("{said}: {error:#}"));
                }
            }
            keep(&runs, &args.out)?;
        }
    }
    Ok((runs, failed))
}

/// The lines of one round: for each scenario ours and the others one after the other.
fn lines(args: &SideBySide, here: &[Peer]) -> Vec<(&'static str, Vec<String>)> {
    let words = |text: &[&str]| text.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (server, folder) = (args.server.to_string_lossy(), args.peers.to_string_lossy());
    let ours = words(&["--spawn", "--server", &server]);
    let mut all = Vec::new();
    for line in if args.quick { QUICK } else { LINES } {
        all.push((line, ours.clone()));
        if STORED.iter().any(|scenario| line.starts_with(scenario)) {
            all.push((line, [ours.clone(), words(&["--what", "message"])].concat()));
        }
        all.extend(here.iter().map(|peer| (line, words(&["--peers", &folder, "--peer", peer.name()]))));
    }
    if args.quick {
        all.iter_mut().for_each(|(_, more)| more.extend(words(&["--seconds", "0.5", "--warm-up", "0.1"])));
    }
    all
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Line;
    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: SideBySide,
    }

    #[test]
    fn every_line_can_be_read_and_suits_its_server() {
        for quick in [&[][..], &["--quick"]] {
            let args = Command::parse_from([&["x"], quick].concat()).args;
            let all = lines(&args, &Peer::ALL);
            assert_eq!(all.len(), 4 * 5 + 2);
            for (line, more) in all {
                let words = ["x"].into_iter().chain(line.split(' ')).chain(more.iter().map(String::as_str));
                let scenario = Line::try_parse_from(words).map(|line| line.scenario);
                assert!(scenario.is_ok_and(|scenario| scenario.suits().is_ok()), "{line} {more:?}");
            }
        }
    }
}
