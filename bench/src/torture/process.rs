//! The server as a child that may be killed.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::load::http::{self, As};

/// How long a start may take on an ordinary disk.
const READY: Duration = Duration::from_secs(30);
/// A server that has not ended so long after a SIGTERM is killed; the contract says ten seconds.
const GOODBYE: Duration = Duration::from_secs(15);

/// The first admin.
pub const ADMIN: (&str, &str) = ("admin@hotel.test", "correct horse battery");

/// What is started, time and again.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file, and what stands before it on the command line (`strace …`).
    pub command: Vec<PathBuf>,
    /// Its folder.
    pub data: PathBuf,
    /// Where it listens in all of its lives.
    pub address: SocketAddr,
    /// The model's base URL; empty for none.
    pub model: String,
    /// Further settings.
    pub settings: Vec<(&'static str, String)>,
    /// What it logs goes there.
    pub log: PathBuf,
    /// How long a start may take.
    pub patience: Duration,
}

/// A running server. Dropped, it is killed.
pub struct Process {
    child: Child,
    /// Its process id.
    pub pid: i32,
}

impl Program {
    /// A program on a free port. That the port stays free for a moment is likely enough.
    ///
    /// # Errors
    /// There is no such file, or no free port.
    pub fn new(server: &Path, folder: &Path, model: String) -> anyhow::Result<Self> {
        let file = server.canonicalize();
        let file = file.with_context(|| {
            format!("{}: no such program; cargo build --release --bin frontdesk", server.display())
        })?;
        let address = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()?;
        let (data, log) = (folder.join("data"), folder.join("server.log"));
        std::fs::create_dir_all(&data)?;
        let settings = Vec::new();
        Ok(Self { command: vec![file], data, address, model, settings, log, patience: READY })
    }

    /// Starts it and waits until it is ready; answers how long that took. `script`: how the model behaves.
    ///
    /// # Errors
    /// It ends by itself, or is not ready in time.
    pub async fn start(&self, script: &str) -> anyhow::Result<(Process, Duration)> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let Some((first, rest)) = self.command.split_first() else { bail!("no program") };
        let mut command = Command::new(first);
        command.args(rest).arg("serve").current_dir(&self.data).env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("FRONTDESK_LISTEN", self.address.to_string()).env("FRONTDESK_DATA_DIR", &self.data);
        command.env("FRONTDESK_ADMIN_EMAIL", ADMIN.0).env("FRONTDESK_ADMIN_PASSWORD", ADMIN.1);
        command.env("FRONTDESK_RATE_LIMITS", "off").env("FRONTDESK_DEMO", "off");
        if !self.model.is_empty() {
            command.env("OPENAI_BASE_URL", &self.model).env("OPENAI_MODEL", format!("fake:{script}"));
        }
        command.env("OPENAI_MAX_RPM", "1000000").env("OPENAI_MAX_CONCURRENCY", "64").env("RUST_LOG", "warn");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("{} cannot be started", first.display()))?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).context("it ended at once")?;
        loop {
            if let Some(status) = child.try_wait()? {
                bail!("the server ended before it was ready: {status}; see {}", self.log.display());
            }
            if started.elapsed() > self.patience {
                let (within, log) = (self.patience.as_secs(), self.log.display());
                bail!("the server was not ready within {within} s; see {log}");
            }
            let ready =
                timeout(Duration::from_secs(1), http::call(self.address, As::Nobody, "GET", "/readyz", None));
            if matches!(ready.await, Ok(Ok(reply)) if reply.status == 200) {
                return Ok((Process { child, pid }, started.elapsed()));
            }
            sleep(Duration::from_millis(3)).await;
        }
    }
}

impl Process {
    /// Sends a signal to the process that was started.
    ///
    /// # Errors
    /// It is gone.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        kill(Pid::from_raw(self.pid), signal).context("the server is gone")
    }

    /// `kill -9`, and waits for its end.
    ///
    /// # Errors
    /// It had ended by itself.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server had ended by itself: {status}");
        }
        self.signal(Signal::SIGKILL)?;
        self.child.wait().await?;
        Ok(())
    }

    /// Waits for an end that somebody else has asked for.
    ///
    /// # Errors
    /// It does not end, or not with 0.
    pub async fn ended(mut self, within: Duration) -> anyhow::Result<()> {
        let status = timeout(within, self.child.wait()).await.context("the server does not end")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// SIGTERM; answers how long it took, and the exit code if it ended by itself.
    ///
    /// # Errors
    /// It is gone.
    pub async fn terminate(mut self) -> anyhow::Result<(Duration, Option<i32>)> {
        let asked = Instant::now();
        self.signal(Signal::SIGTERM)?;
        match timeout(GOODBYE, self.child.wait()).await {
            Ok(status) => Ok((asked.elapsed(), status?.code())),
            Err(_) => {
                self.child.kill().await?;
                Ok((asked.elapsed(), None))
            }
        }
    }
}
