//! The commands on a database that is a PostgreSQL server: what they read while ours runs, and the way back.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::Server;
use crate::support::cluster::Cluster;
use crate::support::server::{ADMIN, PATIENCE, program};

struct Desk {
    cluster: Cluster,
    url: String,
}

impl Desk {
    async fn new() -> Self {
        let cluster = Cluster::new();
        cluster.make("desk").await;
        let url = cluster.url("desk", cluster.port());
        Self { cluster, url }
    }

    /// Runs a command of the program on a server's folder: whether it is content, and what it says.
    fn command(&self, folder: &TempDir, args: &[&str]) -> (bool, String) {
        let settings = [("DATABASE_URL".to_owned(), self.url.clone())];
        let done = program(folder, &settings).args(args).stderr(Stdio::piped()).output().unwrap();
        let said = [&done.stdout[..], &done.stderr[..]].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn commands_read_it_and_bring_it_back() {
    let desk = Desk::new().await;
    let settings = [("DATABASE_URL", desk.url.as_str()), ("FRONTDESK_DEMO", "off")];
    let mut server = Server::start(&settings).await;
    let (guest, mut page) = server.guest_page().await;
    for n in 0..5 {
        page.done(json!({"type":"send","id":format!("m{n}"),"text":format!("before {n}")})).await;
    }
    let mut admin = server.admin().await;
    let (_, open) = admin.get(&format!("/api/conversations/{}", guest.conversation)).await;
    let id = open["guest"]["id"].as_str().unwrap().to_owned();
    let into = TempDir::new().unwrap();
    let into = into.path().to_str().unwrap();

    // While the server runs.
    let run = |server: &Server, args: &[&str]| desk.command(&server.folder, args);
    let (ok, said) = run(&server, &["audit", "verify"]);
    assert!(ok && said.starts_with("whole: "), "{said}");
    let (ok, said) = run(&server, &["audit", "list"]);
    assert!(ok && said.contains("login"), "{said}");
    let (ok, said) = run(&server, &["replay", &guest.conversation]);
    assert!(ok && said.contains("before 4"), "{said}");
    let (ok, said) = run(&server, &["guest", "export", &id, "--to", &format!("{into}/guest.zip")]);
    assert!(ok && said.starts_with("export "), "{said}");
    let (ok, said) = run(&server, &["backup", "--to", into]);
    assert!(ok && said.contains("1 conversations, "), "{said}");
    let backup = said.split_whitespace().nth(1).unwrap().to_owned();
    let (ok, said) = run(&server, &["restore", "--check", &backup]);
    assert!(ok && said.starts_with("intact: 1 conversations"), "{said}");
    for args in [&["restore", &backup][..], &["reset-login", ADMIN.0], &["guest", "erase", &id]] {
        let (ok, said) = run(&server, args);
        assert!(!ok && said.contains("in use"), "{said}");
    }

    // And while it does not.
    let last = page.done(json!({"type":"send","id":"after","text":"after the backup"})).await;
    server.stop().await;
    let (ok, said) = run(&server, &["restore", &backup]);
    assert!(ok && said.contains("the database before is the schema before_restore_"), "{said}");
    server.restart().await;
    let history = server.admin().await.history(&guest.conversation).await;
    assert!(history.iter().all(|event| event["seq"].as_u64() < Some(last)), "{history:?}");
    assert!(history.iter().any(|event| event["text"] == "before 4"), "{history:?}");
    let (mut page, _) = server.page(&guest, None).await;
    page.done(json!({"type":"send","id":"again","text":"it goes on"})).await;
    let (ok, said) = run(&server, &["audit", "list"]);
    assert!(ok && said.contains("backup_restored"), "{said}");
    server.stop().await;
    let (ok, said) = run(&server, &["reset-login", ADMIN.0]);
    assert!(ok && said.starts_with("New login"), "{said}");
    let (ok, said) = run(&server, &["rotate-key"]);
    assert!(ok && said.ends_with("sealed under the new key\n"), "{said}");
    let (ok, said) = run(&server, &["guest", "erase", &id]);
    assert!(ok, "{said}");
    // The next start does it.
    server.restart().await;
    let mut conn = desk.cluster.connect("desk").await;
    let give_up = Instant::now() + PATIENCE;
    let left = "SELECT count(*) FROM events WHERE body LIKE '%before%'";
    while sqlx::query_scalar::<_, i64>(left).fetch_one(&mut conn).await.unwrap() > 0 {
        assert!(Instant::now() < give_up, "not erased in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A backup of a file is none of PostgreSQL, and says so; nothing is touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_backup_goes_back_to_where_it_came_from() {
    let desk = Desk::new().await;
    let folder = TempDir::new().unwrap();
    let file = [("DATABASE_URL".to_owned(), format!("sqlite://{}/other.db", folder.path().display()))];
    let mut server = Server::start(&[("DATABASE_URL", file[0].1.as_str()), ("FRONTDESK_DEMO", "off")]).await;
    let into = folder.path().join("backups");
    let taken =
        program(&server.folder, &file).args(["backup", "--to", into.to_str().unwrap()]).output().unwrap();
    server.stop().await;
    let said = String::from_utf8(taken.stdout).unwrap();
    let backup = said.split_whitespace().nth(1).unwrap();
    let (ok, said) = desk.command(&server.folder, &["restore", backup]);
    assert!(!ok && said.contains("is a backup of SQLite, and DATABASE_URL names PostgreSQL"), "{said}");
}
