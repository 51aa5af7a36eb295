//! A running server on a folder of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;

use super::{Caller, Client, cluster};

pub const ADMIN: (&str, &str) = ("admin@hotel.test", "correct horse battery");

/// The password of every other account.
pub const PASSWORD: &str = "a password for tests";

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    child: Child,
    pub address: String,
    pub folder: TempDir,
    settings: Vec<(String, String)>,
    args: Vec<String>,
    /// What it has printed.
    pub said: Said,
}

/// Lines, as they come.
pub type Said = Arc<Mutex<Vec<String>>>;

/// The program: the one that was built with the tests, or the one that `FRONTDESK_BIN` names. Times that
/// were promised are promised of a release build.
pub fn binary() -> (PathBuf, bool) {
    match std::env::var_os("FRONTDESK_BIN") {
        Some(named) => (named.into(), true),
        None => (env!("CARGO_BIN_EXE_frontdesk").into(), false),
    }
}

/// The program with a clean environment and these settings.
pub fn program(folder: &TempDir, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(binary().0);
    command
        .current_dir(folder.path())
        .env_clear()
        .env("FRONTDESK_LISTEN", "127.0.0.1:0")
        .env("FRONTDESK_DATA_DIR", folder.path().join("data"))
        .env("FRONTDESK_ADMIN_EMAIL", ADMIN.0)
        .env("FRONTDESK_ADMIN_PASSWORD", ADMIN.1)
        .env("FRONTDESK_RATE_LIMITS", "off")
        .envs(cluster::database_of(folder).map(|url| ("DATABASE_URL", url)))
        .envs(settings.iter().cloned())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

impl Server {
    /// Starts one with nothing limited, beside what `settings` say.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(TempDir::new().unwrap(), settings, &[]).await
    }

    /// The same in a folder that is there already. An empty setting is none.
    pub async fn start_in(folder: TempDir, settings: &[(&str, &str)], args: &[&str]) -> Self {
        let settings = owned(settings);
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let (child, address, said) = spawn(&folder, &settings, &args);
        let server = Self { child, address, folder, settings, args, said };
        server.ready().await;
        server
    }

    /// Stops it as an operator does.
    pub async fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        assert_eq!(self.exit().await.code(), Some(0));
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
        let (child, address, said) = spawn(&self.folder, &self.settings, &self.args);
        self.child = child;
        self.address = address;
        self.said = said;
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

    /// Somebody who is logged in with this role, by a new account.
    pub async fn agent(&self, role: &str) -> Caller {
        let mut admin = self.admin().await;
        let email = format!("{role}-{}@hotel.test", uuid::Uuid::now_v7().simple());
        let account =
            json!({"email": email, "name": format!("The {role}"), "role": role, "password": PASSWORD});
        let (status, body) = admin.post("/api/agents", account).await;
        assert_eq!(status, 201, "{body}");
        let mut caller = self.caller();
        caller.login(&email, PASSWORD).await;
        caller
    }

    /// An agent's socket.
    pub async fn desk(&self, agent: &Caller) -> Client {
        Client::hello(&self.address, "/ws/agent", &agent.token, None).await
    }

    /// A guest's socket, opened from `after`, with its `opened`.
    pub async fn page(&self, guest: &Caller, after: Option<u64>) -> (Client, serde_json::Value) {
        let mut client = Client::hello(&self.address, "/ws/guest", &guest.token, after).await;
        let opened = client.expect("opened").await;
        (client, opened)
    }

    /// Somebody with a new guest session.
    pub async fn guest(&self) -> Caller {
        let mut caller = self.caller();
        caller.new_session(json!({})).await;
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

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn spawn(folder: &TempDir, settings: &[(String, String)], args: &[String]) -> (Child, String, Said) {
    let mut child = program(folder, settings).args(args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = Said::default();
    let address = loop {
        let line = lines.next().expect("the server says where it listens").unwrap();
        said.lock().unwrap().push(line.clone());
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.split('/').next().unwrap().to_owned();
        }
    };
    // Read on, or a server that says more would block.
    let more = Arc::clone(&said);
    std::thread::spawn(move || lines.for_each(|line| more.lock().unwrap().push(line.unwrap_or_default())));
    (child, address, said)
}

/// A start that fails: its exit code, and the one line that is no log.
pub async fn fails(folder: &TempDir, settings: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let mut command = program(folder, &owned(settings));
    let mut child = command.args(args).stderr(Stdio::piped()).spawn().unwrap();
    let give_up = Instant::now() + Duration::from_secs(20);
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        if Instant::now() > give_up {
            child.kill().unwrap();
            panic!("it started: {settings:?} {args:?}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.unwrap().read_to_string(&mut out).unwrap();
    child.stderr.unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(out, "", "nothing is announced");
    let lines: Vec<&str> = err.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(lines.len(), 1, "one line: {err}");
    (code, lines[0].to_owned())
}
