//! Torture: mixed load while the server is killed, stopped and cut off, and a checker that judges every
//! promise of the contract from what clients saw.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub mod check;
pub mod disk;
mod faults;
pub mod history;
mod load;
mod people;
mod process;
pub mod resilience;
mod run;
pub mod text;

pub use check::Report;

/// Kills within one history. More kills make more histories, each with a server and a folder of its own, so
/// that what must be held in memory stays small.
const KILLS_IN_ONE: u64 = 100;

/// What the command line says.
#[derive(Args, Clone, Debug)]
pub struct Torture {
    /// How often the server is killed with SIGKILL; SIGTERM and SIGSTOP come on top.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    kills: u64,
    /// Makes the schedule of faults and of what clients do; a new one each time by default.
    #[arg(long)]
    seed: Option<u64>,
    /// Ends after so many minutes, however many kills there were.
    #[arg(long)]
    minutes: Option<u64>,
    /// Guests, each with two pages and a hand that writes over HTTP.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=200))]
    guests: u32,
    /// Keeps histories, data and logs there; otherwise only those of a run that failed are kept.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// The server's program.
    #[arg(long, default_value = "target/release/frontdesk")]
    server: PathBuf,
    /// Judges a kept history, and runs nothing.
    #[arg(long)]
    judge: Option<PathBuf>,
}

/// A short run in a folder, without a word: for tests.
///
/// # Errors
/// The harness could not do its work.
pub async fn short(server: &Path, kills: u64, seed: u64, folder: &Path) -> anyhow::Result<Report> {
    let plan = run::Plan { kills, seed, guests: 6, server: server.to_owned(), until: None };
    run::run(&plan, folder, &ProgressBar::hidden()).await
}

/// Runs what the command line says and prints the report. True if every promise was kept.
///
/// # Errors
/// The harness could not do its work.
pub async fn command(args: &Torture, to: &mut impl Write) -> anyhow::Result<bool> {
    if let Some(path) = &args.judge {
        let report = check::check(&history::record::read(path)?);
        report.print(to)?;
        return Ok(report.violations.is_empty());
    }
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    writeln!(to, "seed             {seed}")?;
    let began = Instant::now();
    let until = args.minutes.map(|minutes| began + Duration::from_secs(minutes * 60));
    let progress = bar(args.kills);
    let mut all = Report::default();
    let mut nth = 0;
    while nth * KILLS_IN_ONE < args.kills && until.is_none_or(|until| Instant::now() < until) {
        let kills = KILLS_IN_ONE.min(args.kills - nth * KILLS_IN_ONE);
        let (guests, server) = (args.guests as usize, args.server.clone());
        let plan = run::Plan { kills, seed: seed.wrapping_add(nth), guests, server, until };
        progress.set_message(format!("killing, seed {}", plan.seed));
        let report = one(&plan, args.keep.as_deref(), &progress, to).await?;
        all.add(report);
        nth += 1;
    }
    progress.finish_and_clear();
    writeln!(to, "took             {} s", began.elapsed().as_secs())?;
    all.print(to)?;
    Ok(all.violations.is_empty())
}

/// One history in a folder, which is kept if it was asked for or if there is something to see in it.
async fn one(
    plan: &run::Plan,
    keep: Option<&Path>,
    progress: &ProgressBar,
    to: &mut impl Write,
) -> anyhow::Result<Report> {
    let folder =
        tempfile::Builder::new().prefix("frontdesk-torture-").tempdir().context("no temporary folder")?;
    let ran = run::run(plan, folder.path(), progress).await;
    let failed = ran.as_ref().map_or(true, |report| !report.violations.is_empty());
    if keep.is_none() && !failed {
        return ran;
    }
    let kept = folder.keep();
    let place = match keep {
        Some(keep) => {
            let place = keep.join(format!("seed-{}", plan.seed));
            std::fs::create_dir_all(keep).with_context(|| format!("{} cannot be made", keep.display()))?;
            moved(&kept, &place)?;
            place
        }
        None => kept,
    };
    progress.suspend(|| writeln!(to, "kept             {}", place.display()))?;
    ran
}

/// Moves a folder, also to another file system.
fn moved(from: &Path, to: &Path) -> anyhow::Result<()> {
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            moved(&entry.path(), &place)?;
        } else {
            std::fs::copy(entry.path(), place)?;
        }
    }
    std::fs::remove_dir_all(from)?;
    Ok(())
}

/// A bar for people; none where nobody looks.
fn bar(kills: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(kills), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} {elapsed} {eta}")
    {
        bar.set_style(style);
    }
    bar
}
