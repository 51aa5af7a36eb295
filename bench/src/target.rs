//! The server to be measured: one that is running, or one of our own on a throw-away folder.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use nix::sched::CpuSet;
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::http::Http;
use crate::load::frontdesk::Guest;
use crate::peer::Peer;
use crate::process;
use crate::start::{Place, Server};

mod which;

pub use which::{Which, YesNo};

const READY_WITHIN: Duration = Duration::from_secs(60);
/// The account of a server of our own.
const ADMIN: (&str, &str) = ("bench@frontdesk.test", "measured, not guessed");
/// Connections that prepare a run.
const HELPERS: usize = 32;
/// The core of a pinned server.
pub const SERVER_CORE: usize = 0;
/// That of the generator.
pub const OWN_CORE: usize = 1;

/// A server that is ready.
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Another stack's server, not ours.
    pub peer: Option<Peer>,
    /// Its process, if it is known.
    pub pid: Option<Pid>,
    /// On a core of its own.
    pub pinned: bool,
    /// Where this thread could run before it got a core of its own.
    roam: Option<CpuSet>,
    folder: TempDir,
    server: Option<Server>,
    login: Option<(String, String)>,
}

impl Target {
    /// Starts or finds the server.
    ///
    /// # Errors
    /// It is not there, not ours, or not to be loaded.
    pub async fn open(which: &Which, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let folder = which.folder()?;
        match &which.url {
            Some(url) => Self::find(which, url, folder).await,
            None => {
                let data = folder.path().join("data");
                std::fs::create_dir_all(&data)?;
                Self::spawn(which, settings, folder, &data).await
            }
        }
    }

    /// Starts a server of our own over data that is there.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn over(which: &Which, data: &Path) -> anyhow::Result<Self> {
        ensure!(
            which.url.is_none() && which.peer.is_none(),
            "this needs a server of our own: leave --url and --peer out"
        );
        Self::spawn(which, &[], which.folder()?, data).await
    }

    async fn spawn(
        which: &Which,
        settings: &[(&str, String)],
        folder: TempDir,
        data: &Path,
    ) -> anyhow::Result<Self> {
        let (program, arguments) = match which.peer {
            Some(peer) => peer.command(&which.peers)?,
            None => (which.server.clone(), Vec::new()),
        };
        ensure!(
            which.peer.is_some() || program.exists(),
            "{} is not there: build it with `cargo build --release --bin frontdesk`, or name it with --server",
            program.display()
        );
        let mut all = vec![
            ("FRONTDESK_RATE_LIMITS", "off".to_owned()),
            ("FRONTDESK_ADMIN_EMAIL", ADMIN.0.to_owned()),
            ("FRONTDESK_ADMIN_PASSWORD", ADMIN.1.to_owned()),
            ("RUST_LOG", "error".to_owned()),
        ];
        all.extend(settings.iter().cloned());
        let place = Place { program: &program, arguments: &arguments, data };
        let pinned = which.pin == YesNo::Yes && process::cores() > OWN_CORE;
        let before = if pinned { Some(process::pin(SERVER_CORE)?) } else { None };
        let started = Server::start_with(place, &all, READY_WITHIN).await;
        if let Some(before) = &before {
            process::unpin(before)?;
            process::pin(OWN_CORE)?;
        }
        let (server, _) = match (started, &before) {
            (Ok(started), _) => started,
            (Err(error), Some(before)) => {
                process::unpin(before)?;
                return Err(error);
            }
            (Err(error), None) => return Err(error),
        };
        Ok(Self {
            address: server.address(),
            peer: which.peer,
            pid: Some(server.pid()),
            pinned,
            roam: before,
            folder,
            server: Some(server),
            login: Some((ADMIN.0.to_owned(), ADMIN.1.to_owned())),
        })
    }

    async fn find(which: &Which, url: &str, folder: TempDir) -> anyhow::Result<Self> {
        let address = address(url)?;
        ensure!(
            address.ip().is_loopback() || which.i_own_this_server,
            "{address} is not on this machine: say --i-own-this-server if it is yours to be loaded"
        );
        let login = which.agent_email.clone().zip(which.agent_password.clone());
        let pid = which.server_pid.map(Pid::from_raw);
        if let Some(pid) = pid {
            ensure!(process::usage(pid).is_some(), "there is no process {pid}: leave --server-pid out");
        }
        let found = Self { address, peer: None, pid, pinned: false, roam: None, folder, server: None, login };
        found.is_ours().await?;
        Ok(found)
    }

    /// Makes sure that this is a server that we can talk to.
    async fn is_ours(&self) -> anyhow::Result<()> {
        let url = format!("http://{}", self.address);
        let mut http = Http::new(self.address);
        let answer =
            http.get("/api/openapi.json").await.with_context(|| format!("{url} cannot be measured"))?;
        let document = answer.json();
        let title = document["info"]["title"].as_str().unwrap_or_default();
        ensure!(
            title.to_lowercase().contains("frontdesk"),
            "{url} is not a Frontdesk server: check the address"
        );
        for path in ["/api/guest/session", "/api/login", "/api/conversations"] {
            ensure!(
                document["paths"][path].is_object(),
                "{url} is too old for this harness, it does not know {path}: use the harness of its version"
            );
        }
        Ok(())
    }

    /// The folder for throw-away data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server uses, if its process is known.
    pub fn usage(&self) -> Option<process::Usage> {
        process::usage(self.pid?)
    }

    /// True if the server's process is known and has ended.
    pub fn is_gone(&self) -> bool {
        self.pid.is_some() && self.usage().is_none()
    }

    /// Stops a server of our own.
    ///
    /// # Errors
    /// It does not end.
    pub async fn close(mut self) -> anyhow::Result<()> {
        match self.server.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    /// Whose it is, as in a report.
    pub fn stack(&self) -> &'static str {
        self.peer.map_or("frontdesk", Peer::name)
    }

    /// Logs an agent in; gives its session's token.
    ///
    /// # Errors
    /// There is no login, or it is refused.
    pub async fn agent(&self) -> anyhow::Result<String> {
        let Some((email, password)) = &self.login else {
            bail!("agents are needed: give --agent-email and --agent-password");
        };
        let login = json!({"email": email, "password": password});
        let answer = Http::new(self.address).post("/api/login", &login).await?;
        refuse_limits(answer.status)?;
        ensure!(
            answer.status == 200,
            "the agent's login is refused: check --agent-email and --agent-password"
        );
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        let token = cookie.and_then(|cookie| cookie.split_once('='));
        Ok(token.context("a login without a cookie: is this a Frontdesk server?")?.1.to_owned())
    }

    /// Begins sessions for this many new guests.
    ///
    /// # Errors
    /// One is refused.
    pub async fn guests(&self, count: usize) -> anyhow::Result<Vec<Guest>> {
        let progress = crate::progress::bar(count as u64, "guests  ");
        let mut helpers = JoinSet::new();
        for helper in 0..HELPERS.min(count) {
            let (mut http, progress) = (Http::new(self.address), progress.clone());
            helpers.spawn(async move {
                let mut made = Vec::new();
                for nth in (helper..count).step_by(HELPERS) {
                    made.push((nth, session(&mut http, nth).await?));
                    progress.inc(1);
                }
                anyhow::Ok(made)
            });
        }
        let mut guests = Vec::with_capacity(count);
        while let Some(made) = helpers.join_next().await {
            guests.extend(made??);
        }
        progress.finish_and_clear();
        guests.sort_unstable_by_key(|(nth, _)| *nth);
        Ok(guests.into_iter().map(|(_, guest)| guest).collect())
    }
}

impl Drop for Target {
    /// The next server is to have its own core again, which it would inherit from here.
    fn drop(&mut self) {
        if let Some(roam) = self.roam.take() {
            // What fails here shows in the next run: it is not pinned, and says so.
            let _ = process::unpin(&roam);
        }
    }
}

async fn session(http: &mut Http, nth: usize) -> anyhow::Result<Guest> {
    // As long as makes a frame that tells of its typing 200 bytes long.
    let name = format!("{:<43}", format!("Guest {nth} of the harness ")).replace(' ', "-");
    let answer = http.post("/api/guest/session", &json!({"name": name})).await?;
    refuse_limits(answer.status)?;
    ensure!(answer.status == 201, "a guest's session was answered with status {}", answer.status);
    let body = answer.json();
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    let guest = text("token").zip(text("conversation"));
    let (token, conversation) = guest.context("a session without a token: is this a Frontdesk server?")?;
    Ok(Guest { token, conversation })
}

fn refuse_limits(status: u16) -> anyhow::Result<()> {
    ensure!(status != 429, "the server limits rates: start it with FRONTDESK_RATE_LIMITS=off");
    Ok(())
}

/// The address in a URL.
fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let wrong = || format!("--url takes something like http://127.0.0.1:8080, not {url}");
    let rest = url.strip_prefix("http://").with_context(wrong)?;
    let rest = rest.trim_end_matches('/');
    let with_port = if rest.contains(':') { rest.to_owned() } else { format!("{rest}:80") };
    let mut found = with_port.to_socket_addrs().with_context(wrong)?;
    found.next().with_context(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        assert_eq!(address("http://127.0.0.1:8080/").expect("good").port(), 8080);
        assert_eq!(address("http://127.0.0.1").expect("good").port(), 80);
        for bad in ["127.0.0.1:8080", "ftp://127.0.0.1", "http://127.0.0.1:x", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
