//! The scene of all runs: a server of our own, its admin, and what a guest needs to have a page.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::history::Recorder;
use super::super::load::http::{self, As};
use super::super::load::link::{Came, Link};
use super::super::load::stage::{Agent, Guest, Phase, Stage};
use super::super::people;
use super::super::process::{Process, Program};
use crate::http::Http;

/// How long an answer may take before a run gives up.
const ANSWER: Duration = Duration::from_secs(30);

/// A server and who is known of it.
pub(super) struct House {
    pub(super) program: Program,
    process: Option<Process>,
    pub(super) stage: Arc<Stage>,
    pub(super) admin: Arc<Agent>,
    _folder: TempDir,
    phase: watch::Sender<Phase>,
}

impl House {
    /// Starts the server with these settings; `model`: the base URL of a model, empty for none.
    pub(super) async fn open(
        server: &Path,
        settings: Vec<(&'static str, String)>,
        model: String,
        script: &str,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("frontdesk-resilience-").tempdir()?;
        let mut program = Program::new(server, folder.path(), model)?;
        program.settings = settings;
        let (process, _) = program.start(script).await?;
        let (phase, seen) = watch::channel(Phase::Load);
        let stage = Arc::new(Stage {
            address: program.address,
            run: "resilience".to_owned(),
            recorder: Recorder::create(&folder.path().join("history.jsonl"))?,
            phase: seen,
            unanswered: AtomicUsize::new(0),
            level: AtomicUsize::new(0),
        });
        let admin = people::admin(&stage).await?;
        let process = Some(process);
        Ok(Self { program, process, stage, admin, _folder: folder, phase })
    }

    /// The load ends.
    pub(super) fn end(&self) -> anyhow::Result<()> {
        Ok(self.phase.send(Phase::End)?)
    }

    /// So many new guests.
    pub(super) async fn guests(&self, count: usize) -> anyhow::Result<Vec<Arc<Guest>>> {
        let mut guests = Vec::with_capacity(count);
        for _ in 0..count {
            guests.push(people::guest(&self.stage).await?);
        }
        Ok(guests)
    }

    /// The admin says something in a conversation; answers its place.
    pub(super) async fn say(&self, conversation: &str, id: &str, text: &str) -> anyhow::Result<u64> {
        let path = format!("/api/conversations/{conversation}/messages");
        let body = json!({"id": id, "text": text});
        let who = As::Agent(&self.admin.token);
        let reply = http::call(self.stage.address, who, "POST", &path, Some(&body)).await?;
        let seq = reply.body.get("seq").and_then(Value::as_u64);
        seq.with_context(|| format!("{id} is answered {}: {}", reply.status, reply.body))
    }

    /// A metric's value, the sum over its labels; 0 if there is none.
    pub(super) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let lines = metrics(&self.stage).await?;
        Ok(lines.iter().filter(|(known, _)| known.split('{').next() == Some(name)).map(|(_, n)| n).sum())
    }

    /// The resident memory in bytes.
    pub(super) fn memory(&self) -> u64 {
        let pid = self.process.as_ref().map_or(0, |process| process.pid);
        crate::process::usage(nix::unistd::Pid::from_raw(pid)).map_or(0, |usage| usage.resident_kib * 1_024)
    }

    /// Ends the server as an operator does; answers how long that took, and its exit code.
    pub(super) async fn stop(&mut self) -> anyhow::Result<(Duration, Option<i32>)> {
        let process = self.process.take().context("the server has ended")?;
        process.terminate().await
    }

    /// Starts it again.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        self.process = Some(self.program.start("").await?.0);
        Ok(())
    }
}

/// What the server says at `/metrics`: names with labels, and values.
pub(super) async fn metrics(stage: &Stage) -> anyhow::Result<Vec<(String, f64)>> {
    let mut http = Http::new(stage.address);
    http.headers = "Authorization: Bearer m\r\n".to_owned();
    let answer = http.get("/metrics").await?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, n)| Some((name.to_owned(), n.parse().ok()?)))
        .collect())
}

/// Lets `/metrics` be read by [`metrics`].
pub(super) fn readable() -> (&'static str, String) {
    ("FRONTDESK_METRICS_TOKEN", "m".to_owned())
}

/// A socket from one of this machine's own addresses.
pub(super) fn socket(from: u8) -> anyhow::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 0, from), 0).into())?;
    Ok(socket)
}

/// Says `hello` and waits for `opened`; what it says.
pub(super) async fn hello(link: &mut Link, token: &str, after: Option<u64>) -> anyhow::Result<Value> {
    let mut hello = json!({"type": "hello", "token": token});
    if let Some(after) = after {
        hello["after"] = json!(after);
    }
    link.send(&hello).await;
    let opened = async {
        loop {
            match link.next().await {
                Came::Text(raw) => {
                    let frame: Value = serde_json::from_str(&raw)?;
                    if frame["type"] == "opened" {
                        return Ok(frame);
                    }
                }
                Came::End(code) => bail!("closed with {code} before it was opened"),
            }
        }
    };
    timeout(ANSWER, opened).await.context("not opened in time")?
}
