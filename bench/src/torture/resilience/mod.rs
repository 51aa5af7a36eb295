//! Resilience: what one part of the world may do to the server, and what everybody else feels of it. A run for each
//! row of the page of guarantees; each prints its figures and says whether they are as promised.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

mod clock;
mod crowd;
mod deploy;
mod flood;
mod gauges;
mod house;
mod lock;
mod overload;
mod panics;
mod poison;
mod senders;
mod slow;

/// A row of the page of guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Row {
    /// A thousand slow readers: what each costs, what others feel, and that they come back whole.
    R1,
    /// Every bound beside what it bounds, under load.
    R2,
    /// Ten times as much as the server can do.
    R3,
    /// One who floods: by frames, and by connections.
    R4,
    /// Restarts under load.
    R5,
    /// A panic in one conversation after the other.
    R6,
    /// What panics each time.
    R7,
    /// Another program holds the database's lock.
    R11,
    /// The clock jumps by an hour, forth and back.
    R15,
}

/// What the command line says.
#[derive(Args, Clone, Debug)]
pub struct Resilience {
    /// What to run.
    #[arg(long, value_enum, value_delimiter = ',', ignore_case = true,
          default_values_t = [Row::R1, Row::R2, Row::R3, Row::R4, Row::R5, Row::R6, Row::R7, Row::R11, Row::R15])]
    only: Vec<Row>,
    /// Restarts of R5.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    restarts: u32,
    /// Slow readers of R1.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=1_900))]
    readers: u32,
    /// Guests of R3 who write at the same time.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    senders: u32,
    /// The server's program.
    #[arg(long, default_value = "target/release/frontdesk")]
    server: PathBuf,
    /// A build of it with the feature `panics`, for R6 and R7.
    #[arg(long, default_value = "target/resilience/frontdesk")]
    planted: PathBuf,
}

/// Runs what is asked for, some lines each. True if all of it is as promised.
///
/// # Errors
/// Something that is needed is missing, or the server does not answer.
pub async fn command(args: &Resilience, to: &mut impl Write) -> anyhow::Result<bool> {
    crate::process::raise_open_files(32_768);
    let mut good = true;
    for row in &args.only {
        let kept = match row {
            Row::R1 => slow::run(&args.server, args.readers as usize, to).await?,
            Row::R2 => gauges::run(&args.server, to).await?,
            Row::R3 => overload::run(&args.server, args.senders as usize, to).await?,
            Row::R4 => flood::run(&args.server, to).await?,
            Row::R5 => deploy::run(&args.server, args.restarts, to).await?,
            Row::R6 => panics::run(&args.planted, to).await?,
            Row::R7 => poison::run(&args.planted, to).await?,
            Row::R11 => lock::run(&args.server, to).await?,
            Row::R15 => clock::run(&args.server, to).await?,
        };
        writeln!(to, "{row:?}: {}", if kept { "as promised" } else { "NOT AS PROMISED" })?;
        good &= kept;
    }
    Ok(good)
}

/// Milliseconds, for people.
fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
