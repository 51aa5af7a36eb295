//! The schedule of faults: the same for the same seed.

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::sleep;

use super::history::{Fault, Line};
use super::load::stage::Stage;
use super::process::{Process, Program};

/// How the model behaves in the last life of a server, and in most.
const WELL: &str = "delta=25,about-last=30";

/// How it behaves in the others.
const ODD: [&str; 6] = [
    "delta=5,about-last=12",
    "delta=60,about-last=40",
    "delta=20,about-last=30,cut-at=9",
    "delta=20,about-last=30,stall-at=12",
    "slow-first-token=1500,delta=10,about-last=10",
    "status=500",
];

/// What hurts the server.
pub struct Faults<'a> {
    /// The server's program.
    pub program: &'a Program,
    /// Where it is written down.
    pub stage: &'a Stage,
    /// The seed's randomness.
    pub rng: fastrand::Rng,
}

impl Faults<'_> {
    /// The first life.
    ///
    /// # Errors
    /// It does not start.
    pub async fn first(&mut self) -> anyhow::Result<Process> {
        self.start(WELL).await
    }

    /// One life's end by `kill -9`, perhaps after a pause, or after lives that ended otherwise. Answers the
    /// next life, in which the model behaves `well` if it is to be the last.
    ///
    /// # Errors
    /// The server ended by itself, or does not start again.
    pub async fn until_killed(&mut self, mut process: Process, last: bool) -> anyhow::Result<Process> {
        loop {
            sleep(Duration::from_millis(self.rng.u64(200..2_000))).await;
            match self.rng.u32(0..10) {
                0 => {
                    self.note(Fault::Term, &process);
                    let (after, code) = process.terminate().await?;
                    let after_ms = u64::try_from(after.as_millis())?;
                    self.stage.recorder.note(Line::Ended { after_ms, code });
                    let script = self.script();
                    process = self.start(script).await?;
                }
                1 => {
                    self.note(Fault::Stop, &process);
                    process.signal(Signal::SIGSTOP)?;
                    sleep(Duration::from_millis(self.rng.u64(200..1_500))).await;
                    self.note(Fault::Continue, &process);
                    process.signal(Signal::SIGCONT)?;
                }
                _ => {
                    self.note(Fault::Kill, &process);
                    process.kill().await?;
                    let script = if last { WELL } else { self.script() };
                    return self.start(script).await;
                }
            }
        }
    }

    fn script(&mut self) -> &'static str {
        if self.rng.u32(0..3) == 0 { ODD[self.rng.usize(0..ODD.len())] } else { WELL }
    }

    fn note(&self, fault: Fault, process: &Process) {
        self.stage.recorder.note(Line::Fault { fault, pid: process.pid });
    }

    async fn start(&mut self, script: &str) -> anyhow::Result<Process> {
        let (process, after) = self.program.start(script).await?;
        let after_ms = u64::try_from(after.as_millis())?;
        self.stage.recorder.note(Line::Ready { pid: process.pid, after_ms });
        Ok(process)
    }
}
