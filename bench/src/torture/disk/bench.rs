//! The scene of all cases: a server under `strace` or on a disk of its own, one guest who writes, one agent
//! who watches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::ProgressBar;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::super::history::Recorder;
use super::super::load::link::{Came, Link};
use super::super::load::stage::{Agent, Guest, Phase, Stage};
use super::super::people;
use super::super::process::{Process, Program};

/// Begins every id and every text that is sent.
pub(in crate::torture) const MARK: &str = "sync-mark-";
/// Messages under way at once, so that some share a sync.
const WINDOW: u64 = 4;
/// How long one answer may take, on a slow disk.
const ANSWER: Duration = Duration::from_secs(30);

/// Frames that may wait for somebody to ask what the agent was shown.
const FRAMES: usize = 1_024;

/// A server and its two clients.
pub(in crate::torture) struct Scene {
    pub stage: Stage,
    pub program: Program,
    process: Option<Process>,
    /// The server's own process, inside of what was started.
    pub pid: i32,
    pub guest: Arc<Guest>,
    pub admin: Arc<Agent>,
    pub page: Link,
    /// When the agent was shown each marked event, or any other frame of the conversation.
    pub desk: mpsc::Receiver<(Instant, Value)>,
    pub folder: TempDir,
    _phase: watch::Sender<Phase>,
}

/// An answer to a `send`.
#[derive(Debug, PartialEq)]
pub(in crate::torture) enum Answer {
    /// Its place.
    Ack(u64),
    /// Its code.
    Refused(String),
}

impl Scene {
    /// Starts the server with this before its name on the command line; `DATA` stands for its folder.
    pub(in crate::torture) async fn start(
        server: &Path,
        before: &[&str],
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("frontdesk-disk-").tempdir().context("no temporary folder")?;
        let mut program = Program::new(server, folder.path(), String::new())?;
        program.patience = patience;
        let data = program.data.display().to_string();
        let trace = folder.path().join("trace").display().to_string();
        let words =
            before.iter().map(|word| PathBuf::from(word.replace("DATA", &data).replace("TRACE", &trace)));
        program.command.splice(0..0, words);
        let (process, _) = program.start("").await?;
        let pid = innermost(process.pid);
        let recorder = Recorder::create(&folder.path().join("history.jsonl"))?;
        let (_phase, phase) = watch::channel(Phase::Load);
        let stage = Stage {
            address: program.address,
            run: "disk".to_owned(),
            recorder,
            phase,
            unanswered: AtomicUsize::new(0),
            level: AtomicUsize::new(0),
        };
        let admin = people::admin(&stage).await?;
        let guest = people::guest(&stage).await?;
        let desk = watch_desk(&stage, &admin, &guest.conversation).await?;
        let page = open_page(&stage, &guest).await?;
        Ok(Self { stage, program, process: Some(process), pid, guest, admin, page, desk, folder, _phase })
    }

    /// Sends the `n`-th text.
    pub(in crate::torture) async fn send(&mut self, n: u64) {
        let id = format!("{MARK}{n}-");
        self.page.send(&json!({"type":"send","id":id,"text":format!("{id} a text")})).await;
    }

    /// The next answer to a `send`: whose it is, and what.
    pub(in crate::torture) async fn answer(&mut self) -> anyhow::Result<(u64, Answer)> {
        let next = async {
            loop {
                let Came::Text(raw) = self.page.next().await else {
                    bail!("the server closed the connection")
                };
                let frame: Value = serde_json::from_str(&raw)?;
                let id = frame.get("id").and_then(Value::as_str).unwrap_or_default();
                let n = id.strip_prefix(MARK).and_then(|n| n.trim_end_matches('-').parse().ok());
                let Some(n) = n else { continue };
                match frame.get("type").and_then(Value::as_str) {
                    Some("ack") => {
                        return Ok((n, Answer::Ack(frame.get("seq").and_then(Value::as_u64).unwrap_or(0))));
                    }
                    Some("error") => {
                        let code = frame.get("code").and_then(Value::as_str).unwrap_or_default();
                        return Ok((n, Answer::Refused(code.to_owned())));
                    }
                    _ => {}
                }
            }
        };
        timeout(ANSWER, next).await.context("no answer in time")?
    }

    /// Sends the `n`-th text and waits for its answer.
    pub(in crate::torture) async fn ask(&mut self, n: u64) -> anyhow::Result<Answer> {
        self.send(n).await;
        loop {
            let (of, answer) = self.answer().await?;
            if of == n {
                return Ok(answer);
            }
        }
    }

    /// Sends so many texts, a few at a time, and waits until all are acknowledged and the agent was shown the last.
    /// Answers the place of each.
    pub(in crate::torture) async fn ask_all(
        &mut self,
        sends: u64,
        bar: &ProgressBar,
    ) -> anyhow::Result<Vec<(u64, u64)>> {
        let (mut sent, mut acked, mut shown) = (0, Vec::new(), false);
        while (acked.len() as u64) < sends {
            while sent < sends && sent - (acked.len() as u64) < WINDOW {
                self.send(sent).await;
                sent += 1;
            }
            match self.answer().await? {
                (n, Answer::Ack(seq)) => acked.push((n, seq)),
                (n, refused @ Answer::Refused(_)) => bail!("message {n} was refused: {refused:?}"),
            }
            shown |= self.pass_over(sends - 1);
            bar.inc(1);
        }
        // The guest's own events came with the acks; the agent has its own.
        if !shown {
            self.shown(sends - 1).await?;
        }
        Ok(acked)
    }

    /// Passes over what the agent has been shown so far; true if the `n`-th text was among it.
    pub(in crate::torture) fn pass_over(&mut self, n: u64) -> bool {
        let id = format!("{MARK}{n}-");
        let mut found = false;
        while let Ok((_, frame)) = self.desk.try_recv() {
            found |= frame.get("id").and_then(Value::as_str) == Some(&id);
        }
        found
    }

    /// Waits until the agent was shown the `n`-th text; answers when.
    pub(in crate::torture) async fn shown(&mut self, n: u64) -> anyhow::Result<Instant> {
        let id = format!("{MARK}{n}-");
        let next = async {
            while let Some((at, frame)) = self.desk.recv().await {
                if frame.get("id").and_then(Value::as_str) == Some(&id) {
                    return Ok(at);
                }
            }
            bail!("the agent's connection ended")
        };
        timeout(ANSWER, next).await.context("the agent was not shown it in time")?
    }

    /// Every marked message in the final history, with its place.
    pub(in crate::torture) async fn stored(&self) -> anyhow::Result<Vec<(u64, u64)>> {
        let who = super::super::load::http::As::Agent(&self.admin.token);
        let events = people::history(self.stage.address, who, &self.guest.conversation).await?;
        let marked = events.iter().filter_map(|event| {
            let n = event.id.as_deref()?.strip_prefix(MARK)?.trim_end_matches('-').parse().ok()?;
            Some((n, event.seq))
        });
        Ok(marked.collect())
    }

    /// Ends the server itself, not what it runs under, and waits for both.
    pub(in crate::torture) async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(process) = self.process.take() else { return Ok(()) };
        kill(Pid::from_raw(self.pid), Signal::SIGTERM).context("the server is gone")?;
        process.ended(Duration::from_secs(60)).await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if self.process.is_some() {
            // Under strace the server would outlive the child that was started.
            let _ = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
    }
}

/// A page that has its conversation open.
pub(in crate::torture) async fn open_page(stage: &Stage, guest: &Guest) -> anyhow::Result<Link> {
    let mut page = Link::connect(stage.address, "/ws/guest").await.context("no socket for the guest")?;
    page.send(&json!({"type":"hello","token":guest.token})).await;
    until(&mut page, "opened").await?;
    Ok(page)
}

/// An agent's dashboard with a conversation open, read by a task of its own.
pub(in crate::torture) async fn watch_desk(
    stage: &Stage,
    admin: &Agent,
    conversation: &str,
) -> anyhow::Result<mpsc::Receiver<(Instant, Value)>> {
    let mut desk = Link::connect(stage.address, "/ws/agent").await.context("no socket for the agent")?;
    desk.send(&json!({"type":"hello","token":admin.token})).await;
    desk.send(&json!({"type":"open","conversation":conversation})).await;
    until(&mut desk, "opened").await?;
    let (to, from) = mpsc::channel(FRAMES);
    tokio::spawn(async move {
        while let Came::Text(raw) = desk.next().await {
            let frame = serde_json::from_str(&raw).unwrap_or_default();
            if to.send((Instant::now(), frame)).await.is_err() {
                return;
            }
        }
    });
    Ok(from)
}

async fn until(link: &mut Link, kind: &str) -> anyhow::Result<()> {
    let wanted = async {
        loop {
            let Came::Text(raw) = link.next().await else { bail!("the connection ended before {kind}") };
            if serde_json::from_str::<Value>(&raw)?.get("type").and_then(Value::as_str) == Some(kind) {
                return Ok(());
            }
        }
    };
    timeout(ANSWER, wanted).await.with_context(|| format!("no {kind} in time"))?
}

/// The last child of the last child: the server under `strace`; itself where nothing stands before it.
fn innermost(pid: i32) -> i32 {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().next().and_then(|child| child.parse().ok()).map_or(pid, innermost)
}

/// Says what to install where `strace` is missing.
///
/// # Errors
/// It is missing.
pub(in crate::torture) async fn needs_strace() -> anyhow::Result<()> {
    ensure!(has_strace().await, "strace is missing: apt-get install strace");
    Ok(())
}

/// True if there is `strace`.
pub async fn has_strace() -> bool {
    Command::new("strace").arg("--version").output().await.is_ok_and(|out| out.status.success())
}
