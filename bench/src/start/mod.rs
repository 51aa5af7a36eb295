//! Cold start: how long from `exec` until the server says that it is ready, over a database of a given
//! size, and how much memory it then holds.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};

pub(crate) mod fill;
mod server;

pub use server::{Place, Server};

use crate::process::machine;
use crate::progress::bar;
use crate::report::{Better, Run, now};
use crate::scenario::measure::float;

/// How long a start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Events of a stored conversation.
const EVENTS: u64 = 10;
/// Memory is read when the server has had time to settle.
const IDLE: Duration = Duration::from_secs(2);

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Conversations in the database, of ten events each.
    pub conversations: u64,
    /// The server's program.
    pub server: PathBuf,
    /// Arguments for it.
    pub arguments: Vec<String>,
    /// How often it is started.
    pub runs: u32,
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// From `exec` to ready, shortest first.
    pub ready: Vec<Duration>,
    /// Resident memory in KiB, of each run, smallest first.
    pub resident_kib: Vec<u64>,
}

/// Measures in a temporary folder.
///
/// # Errors
/// The server cannot be started, or its database not be filled.
pub async fn measure(plan: &Plan) -> anyhow::Result<Measured> {
    ensure!(plan.runs > 0, "--runs must be at least 1");
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let place = Place { program: &plan.server, arguments: &plan.arguments, data: folder.path() };
    let (first, _) = Server::start(place, PATIENCE).await?;
    first.stop().await?;
    let database = folder.path().join("frontdesk.db");
    fill::fill(&database, plan.conversations, EVENTS).await.context("the database could not be filled")?;

    let progress = bar(u64::from(plan.runs), "starting");
    let mut measured = Measured { ready: Vec::new(), resident_kib: Vec::new() };
    for _ in 0..plan.runs {
        let (server, ready) = Server::start(place, PATIENCE).await?;
        tokio::time::sleep(IDLE).await;
        measured.resident_kib.push(server.resident_kib()?);
        measured.ready.push(ready);
        server.stop().await?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    measured.ready.sort_unstable();
    measured.resident_kib.sort_unstable();
    Ok(measured)
}

impl Measured {
    /// As runs of a report.
    pub fn runs(&self, plan: &Plan) -> Vec<Run> {
        let pairs = self.ready.iter().zip(&self.resident_kib);
        pairs.map(|(ready, resident)| run(plan, *ready, *resident)).collect()
    }
}

fn run(plan: &Plan, ready: Duration, resident_kib: u64) -> Run {
    let mut run = Run {
        scenario: "start".to_owned(),
        stack: "frontdesk".to_owned(),
        at: now(),
        command: format!("frontdesk-bench start --conversations {}", plan.conversations),
        machine: machine(),
        ..Run::default()
    };
    run.parameters.insert("conversations".to_owned(), plan.conversations.to_string());
    run.figure("ready", ready.as_secs_f64() * 1000.0, "ms", Better::Less);
    run.figure("server memory", float(resident_kib) / 1024.0, "MiB", Better::Less);
    run
}

/// Writes the result, one figure a line.
///
/// # Errors
/// The output is closed.
pub fn print(plan: &Plan, measured: &Measured, to: &mut impl Write) -> std::io::Result<()> {
    let millis = |duration: &Duration| duration.as_secs_f64() * 1000.0;
    let (ready, resident) = (&measured.ready, &measured.resident_kib);
    writeln!(to, "conversations      {}", plan.conversations)?;
    writeln!(to, "runs               {}", plan.runs)?;
    writeln!(to, "ready, median      {:.1} ms", ready.get(ready.len() / 2).map_or(0.0, millis))?;
    writeln!(to, "ready, slowest     {:.1} ms", ready.last().map_or(0.0, millis))?;
    let mib = |kib: Option<&u64>| kib.map_or(0, |kib| kib * 10 / 1024);
    let median = mib(resident.get(resident.len() / 2));
    writeln!(to, "resident, median   {}.{} MiB", median / 10, median % 10)
}
