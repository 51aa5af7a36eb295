//! The server as a child process, watched from outside.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::process::resident_kib;

const POLL: Duration = Duration::from_millis(1);
/// One probe; a server that takes longer to say that it is ready is not.
const PROBE: Duration = Duration::from_secs(1);
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(30);

/// What is started, and where it keeps its data.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments; `PORT` stands for the port on which it is to listen.
    pub arguments: &'a [String],
    /// Its folder.
    pub data: &'a Path,
}

/// A running server. Dropped, it is killed.
pub struct Server {
    child: Child,
    pid: Pid,
    address: SocketAddr,
}

impl Server {
    /// Starts the server on a free port and waits until it is ready; the time is that from `exec`.
    ///
    /// # Errors
    /// It cannot be started, ends by itself, or is not ready in time.
    pub async fn start(place: Place<'_>, patience: Duration) -> anyhow::Result<(Self, Duration)> {
        Self::start_with(place, &[], patience).await
    }

    /// The same with settings, as names and values of the environment.
    ///
    /// # Errors
    /// It cannot be started, ends by itself, or is not ready in time.
    pub async fn start_with(
        place: Place<'_>,
        settings: &[(&str, String)],
        patience: Duration,
    ) -> anyhow::Result<(Self, Duration)> {
        let name = place.program.display();
        let address = free_port().context("no free port")?;
        // A name alone is looked for in PATH. Links are not followed: some programs go by how they were called.
        let program = match place.program.exists() {
            true => std::path::absolute(place.program)?,
            false => place.program.to_owned(),
        };
        let mut command = Command::new(program);
        // Nothing of the caller's environment, nor a `.env` where the caller stands, may change what is
        // measured or reach a real service.
        command.current_dir(place.data);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("FRONTDESK_LISTEN", address.to_string()).env("FRONTDESK_DATA_DIR", place.data);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let port = address.port().to_string();
        command.args(place.arguments.iter().map(|word| if word == "PORT" { &port } else { word }));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let mut child =
            command.kill_on_drop(true).spawn().with_context(|| format!("{name} cannot be started"))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let pid = Pid::from_raw(id.with_context(|| format!("{name} ended at once"))?);
        while !is_ready(address).await {
            if let Some(status) = child.try_wait()? {
                bail!("{name} ended before it was ready: {status}");
            }
            if started.elapsed() > patience {
                bail!("{name} was not ready within {} s", patience.as_secs());
            }
            sleep(POLL).await;
        }
        Ok((Self { child, pid, address }, started.elapsed()))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Resident memory in KiB.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        resident_kib(&status).context("no VmRSS in /proc")
    }

    /// Stops it with SIGTERM and waits for its end.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        kill(self.pid, Signal::SIGTERM).context("the server is gone")?;
        timeout(STOP, self.child.wait()).await.context("the server does not stop")??;
        Ok(())
    }
}

/// The port is free when this returns; that it stays so for a moment is likely enough.
fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

async fn is_ready(address: SocketAddr) -> bool {
    let probe = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut line = [0; 12];
        stream.read_exact(&mut line).await?;
        std::io::Result::Ok(line.ends_with(b" 200"))
    };
    matches!(timeout(PROBE, probe).await, Ok(Ok(true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn programs_that_are_no_server() {
        let folder = tempfile::tempdir().expect("a folder");
        let start = async |program: &Path, patience| {
            let place = Place { program, arguments: &[], data: folder.path() };
            Server::start(place, patience).await.map(drop).expect_err("no server").to_string()
        };
        let soon = Duration::from_millis(200);
        assert!(start(Path::new("/no/such/program"), soon).await.contains("cannot be started"));
        assert!(start(Path::new("/bin/false"), PROBE).await.contains("ended before it was ready"));
        let script = folder.path().join("sleeper");
        std::fs::write(&script, "#!/bin/sh\nexec sleep 30\n").expect("written");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("executable");
        assert!(start(&script, soon).await.contains("not ready within"));
    }
}
