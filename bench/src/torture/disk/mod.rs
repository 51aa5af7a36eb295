//! Durable means synced, before anybody is told: shown by the order of system calls, and by disks that are
//! slow, fail, or run full. A kill cannot show it, for what a killed process wrote stays in the kernel.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(super) mod bench;
mod delay;
pub(super) mod failing;
mod order;
mod platter;
mod power;
mod trace;

pub use bench::has_strace;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Each message: written, synced, then told.
    Order,
    /// Every sync takes 500 ms longer: nobody hears earlier.
    Delay,
    /// Syncs fail: no acknowledgement without a good one.
    Failing,
    /// The disk is full: refused, readable, and well again when there is room.
    Full,
    /// Every sync takes 2 s longer: what needs no disk does not wait.
    Slow,
    /// The power goes, and the disk forgets what it was not told to sync: what somebody was told of is there.
    Power,
}

/// What the command line says.
#[derive(Args, Clone, Debug)]
pub struct FsyncOrder {
    /// Messages of which the order of system calls is shown.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    sends: u64,
    /// What to show.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Case::Order, Case::Delay])]
    cases: Vec<Case>,
    /// Power cuts.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    cuts: u64,
    /// Where the power goes, and what the disk forgets; without it, chosen and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// The server's program.
    #[arg(long, default_value = "target/release/frontdesk")]
    server: PathBuf,
}

impl FsyncOrder {
    /// What the command line would say.
    pub fn new(server: impl Into<PathBuf>, sends: u64, cases: &[Case]) -> Self {
        Self { sends, cases: cases.to_vec(), cuts: sends, seed: None, server: server.into() }
    }
}

/// Shows what is asked for, a line each. True if all of it is as it must be.
///
/// # Errors
/// Something that is needed is missing, or the server does not answer.
pub async fn command(args: &FsyncOrder, to: &mut impl Write) -> anyhow::Result<bool> {
    bench::needs_strace().await?;
    let mut good = true;
    for case in &args.cases {
        let (server, bar) = (args.server.as_path(), bar(*case, args.sends));
        good &= match case {
            Case::Order => order::run(server, args.sends, &bar, to).await?,
            Case::Delay => delay::every_sync(server, args.sends.min(20), &bar, to).await?,
            Case::Failing => failing::syncs(server, args.sends.min(400), &bar, to).await?,
            Case::Full => failing::full(server, &bar, to).await?,
            Case::Slow => delay::others(server, &bar, to).await?,
            Case::Power => {
                let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
                power::cuts(server, (args.sends, args.cuts, seed), &bar, to).await?
            }
        };
        bar.finish_and_clear();
    }
    Ok(good)
}

fn bar(case: Case, sends: u64) -> ProgressBar {
    let length = match case {
        Case::Order | Case::Power => Some(sends),
        Case::Delay => Some(sends.min(20)),
        Case::Failing => Some(sends.min(400)),
        Case::Slow => Some(delay::WAITING),
        Case::Full => None,
    };
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {human_pos} {elapsed}") {
        bar.set_style(style);
    }
    bar.with_message(format!("{case:?}"))
}
