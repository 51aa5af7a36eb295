//! PostgreSQL servers for tests.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// The databases that were made, by the folders of their servers.
static MADE: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

/// The URL of a folder's own database, made when it is first asked for. `None` unless the tests run on PostgreSQL:
/// `FRONTDESK_TEST_DATABASE` names a server then, see `.ci/postgres`.
pub fn database_of(folder: &TempDir) -> Option<String> {
    let server = std::env::var("FRONTDESK_TEST_DATABASE").ok()?;
    let mut made = MADE.lock().unwrap();
    let name = made.entry(folder.path().to_owned()).or_insert_with(|| make(&server));
    Some(named(&server, name))
}

/// Makes a new database and says its name.
fn make(server: &str) -> String {
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let mut psql = Command::new("psql");
    psql.args(["--quiet", "--no-psqlrc", "--command", &format!("CREATE DATABASE {name}"), server]);
    assert!(psql.status().expect("psql").success(), "no database");
    name
}

/// The URL of another database of the same server.
fn named(server: &str, database: &str) -> String {
    let (place, options) = server.split_once('?').unwrap_or((server, ""));
    let (place, _) = place.rsplit_once('/').expect("a database");
    format!("{place}/{database}?{options}")
}

/// A server that can be stopped, killed and started again.
pub struct Cluster {
    folder: TempDir,
    url: String,
}

impl Cluster {
    /// Makes one and starts it.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let url = control("start", &folder, &[]);
        Self { folder, url }
    }

    /// Makes another one that follows this one, and starts it: it reads until it is promoted.
    pub fn standby(&self) -> Self {
        let folder = TempDir::new().unwrap();
        let url = control("follow", &folder, &[&self.port().to_string()]);
        Self { folder, url }
    }

    /// A standby becomes a server that writes.
    pub fn promote(&self) {
        control("promote", &self.folder, &[]);
    }

    pub fn port(&self) -> u16 {
        self.url.split([':', '/']).find_map(|part| part.parse().ok()).expect("a port")
    }

    /// The URL of a database of this server, as whoever connects to this port has it.
    pub fn url(&self, database: &str, port: u16) -> String {
        named(&self.url, database).replace(&format!(":{}/", self.port()), &format!(":{port}/"))
    }

    pub async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.url(database, self.port())).await.unwrap()
    }

    pub async fn make(&self, database: &str) {
        let statement = AssertSqlSafe(format!("CREATE DATABASE {database}"));
        sqlx::query(statement).execute(&mut self.connect("postgres").await).await.unwrap();
    }

    pub fn start(&self) {
        assert_eq!(control("start", &self.folder, &[]), self.url, "at the same place");
    }

    pub fn stop(&self) {
        control("stop", &self.folder, &[]);
    }

    /// `kill -9` to the server's first process; the others end when they notice.
    pub fn kill(&self) {
        let pids = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let pid: i32 = pids.lines().next().unwrap().trim().parse().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        control("stop", &self.folder, &[]);
    }
}

/// Runs `.ci/postgres`; says what it printed.
fn control(what: &str, folder: &TempDir, more: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/postgres");
    let output = Command::new(script).arg(what).arg(folder.path()).args(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
