//! A running server on a folder of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::{Caller, Client};

pub const ADMIN: (&str, &str) = ("admin@hotel.test", "correct horse battery");

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    child: Child,
    pub address: String,
    pub folder: TempDir,
    settings: Vec<(String, String)>,
}

/// The program with a clean environment and these settings.
pub fn program(folder: &TempDir, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command
        .current_dir(folder.path())
        .env_clear()
        .env("FRONTDESK_LISTEN", "127.0.0.1:0")
        .env("FRONTDESK_DATA_DIR", folder.path().join("data"))
        .env("FRONTDESK_ADMIN_EMAIL", ADMIN.0)
        .env("FRONTDESK_ADMIN_PASSWORD", ADMIN.1)
        .env("FRONTDESK_RATE_LIMITS", "off")
        .envs(settings.iter().cloned())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

impl Server {
    /// Starts one with nothing limited, beside what `settings` say.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self::on(folder, settings).await
    }

    async fn on(folder: TempDir, settings: Vec<(String, String)>) -> Self {
        let (child, address) = spawn(&folder, &settings);
        let server = Self { child, address, folder, settings };
        server.ready().await;
        server
    }

    /// Waits until it takes traffic.
    pub async fn ready(&self) {
        let give_up = Instant::now() + PATIENCE;
        while Caller::new(&self.address).get("/readyz").await.0 != 200 {
            assert!(Instant::now() < give_up, "not ready in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    pub async fn exit(&mut self) -> ExitStatus {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < give_up, "still running");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// `kill -9`, then a new start on the same folder, and on another port.
    pub async fn crash(&mut self) {
        self.signal(Signal::SIGKILL);
        self.exit().await;
        self.restart().await;
    }

    pub async fn restart(&mut self) {
        let (child, address) = spawn(&self.folder, &self.settings);
        self.child = child;
        self.address = address;
        self.ready().await;
    }

    pub fn caller(&self) -> Caller {
        Caller::new(&self.address)
    }

    /// Somebody who is logged in as the first admin.
    pub async fn admin(&self) -> Caller {
        let mut caller = self.caller();
        caller.login(ADMIN.0, ADMIN.1).await;
        caller
    }

    /// Somebody with a new guest session.
    pub async fn guest(&self) -> Caller {
        let mut caller = self.caller();
        caller.new_session(serde_json::json!({})).await;
        caller
    }

    /// A guest's page with its socket open.
    pub async fn guest_page(&self) -> (Caller, Client) {
        let guest = self.guest().await;
        let mut client = Client::hello(&self.address, "/ws/guest", &guest.token, None).await;
        client.expect("opened").await;
        (guest, client)
    }

    /// An agent's dashboard with its socket open.
    pub async fn dashboard(&self) -> (Caller, Client) {
        let admin = self.admin().await;
        let client = Client::hello(&self.address, "/ws/agent", &admin.token, None).await;
        (admin, client)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &TempDir, settings: &[(String, String)]) -> (Child, String) {
    let mut child = program(folder, settings).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the server says where it listens").unwrap();
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.split('/').next().unwrap().to_owned();
        }
    };
    // Read on, or a server that says more would block.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}
