//! A backup taken while guests write is a whole past, and can be had back.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use crate::support::server::program;
use crate::support::{Client, Server};

/// Runs a command of the program on a server's folder.
fn command(folder: &TempDir, args: &[&str]) -> Output {
    program(folder, &[]).args(args).stderr(std::process::Stdio::piped()).output().unwrap()
}

fn backup(server: &Server, to: &Path) -> PathBuf {
    let done = command(&server.folder, &["backup", "--to", to.to_str().unwrap()]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said} {}", String::from_utf8_lossy(&done.stderr));
    said.split_whitespace().nth(1).unwrap().into()
}

/// How many backups are taken under load.
const BACKUPS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taken_under_load_and_restored() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let guest = server.guest().await;
    let (mut page, _) = server.page(&guest, None).await;
    let address = server.address.clone();
    let token = guest.token.clone();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writer = tokio::spawn(async move {
        let mut client = Client::hello(&address, "/ws/guest", &token, None).await;
        let mut sent = 0;
        while stopped.try_recv().is_err() {
            client
                .done(json!({"type":"send","id":format!("m{sent}"),"text":format!("message {sent}")}))
                .await;
            sent += 1;
        }
    });
    let folder = TempDir::new().unwrap();
    let mut backups = Vec::new();
    for n in 0..BACKUPS {
        let seq = page.done(json!({"type":"send","id":format!("b{n}"),"text":"before a backup"})).await;
        backups.push((seq, tokio::task::block_in_place(|| backup(&server, folder.path()))));
    }
    let _ = stop.send(());
    writer.await.unwrap();
    let truth = rows(&server.data()).await;

    let mut longest = 0;
    for (n, (seq, backup)) in backups.iter().enumerate() {
        let elsewhere = TempDir::new().unwrap();
        let done = command(&elsewhere, &["restore", backup.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let restored = rows(&elsewhere.path().join("data")).await;
        assert_eq!(
            restored,
            truth[..restored.len()],
            "backup {n}: what happened, in that order, from the first"
        );
        let acknowledged = restored.iter().find(|event| event.seq.cast_unsigned() == *seq);
        let what = "what was acknowledged before the backup is in it";
        assert_eq!(acknowledged.unwrap().id.as_deref(), Some(format!("b{n}").as_str()), "{what}");
        assert!(restored.len() > longest || n == 0, "backup {n} holds more than the one before");
        longest = restored.len();
    }
    // A server starts on it, and shows what the database holds.
    let elsewhere = TempDir::new().unwrap();
    let last = &backups.last().unwrap().1;
    assert!(command(&elsewhere, &["restore", last.to_str().unwrap()]).status.success());
    let stored = rows(&elsewhere.path().join("data")).await;
    let restored = Server::start_in(elsewhere, &[("FRONTDESK_DEMO", "off")], &[]).await;
    let shown = restored.admin().await.history(&guest.conversation).await;
    for (event, shown) in stored.iter().zip(&shown) {
        assert_eq!((json!(event.seq), json!(event.id)), (shown["seq"].clone(), shown["id"].clone()));
    }
    assert!(
        shown.len() >= stored.len(),
        "a turn of the AI that the backup caught open may have been answered since"
    );
    println!("{BACKUPS} backups of {} to {longest} events", backups[0].0);
}

/// An event, as it is stored.
#[derive(Debug, PartialEq)]
struct Row {
    seq: i64,
    at: i64,
    id: Option<String>,
    body: String,
}

/// The one conversation of a database, which is sound: SQLite finds nothing, and the history has no hole.
async fn rows(data: &Path) -> Vec<Row> {
    let url = format!("sqlite://{}", data.join("frontdesk.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut database).await.unwrap();
    assert_eq!(sound, "ok");
    let loose = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut database).await.unwrap();
    assert!(loose.is_empty(), "{} rows name what is not there", loose.len());
    let events = sqlx::query("SELECT seq, at, client_id, body FROM events ORDER BY conversation, seq");
    let events: Vec<Row> = events
        .map(|row: SqliteRow| Row { seq: row.get(0), at: row.get(1), id: row.get(2), body: row.get(3) })
        .fetch_all(&mut database)
        .await
        .unwrap();
    database.close().await.unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=i64::try_from(events.len()).unwrap()), "no hole");
    events
}

/// By when every client shows the restored history, counted from when the server is back.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);
/// Guests with their pages open.
const PAGES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_old_log_starts_over() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (mut guests, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..PAGES {
        let (guest, mut page) = server.guest_page().await;
        page.done(json!({"type":"send","id":"kept","text":"kept"})).await;
        guests.push(guest);
        pages.push(page);
    }
    let mut admin = server.admin().await;
    assert_eq!(admin.get("/api/me").await.0, 200);
    let folder = TempDir::new().unwrap();
    let backup = backup(&server, folder.path());
    let mut held = 0;
    for page in &mut pages {
        for n in 0..6 {
            held = page
                .done(json!({"type":"send","id":format!("gone{n}"),"text":"gone with the restore"}))
                .await;
        }
    }
    let old = pages[0].welcome["epoch"].clone();
    let path = backup.to_str().unwrap();
    let refused = command(&server.folder, &["restore", path]);
    assert_eq!(refused.status.code(), Some(1), "while the server runs");
    server.stop().await;
    for mut page in pages {
        assert_eq!(page.end().await, 1001);
    }
    assert!(command(&server.folder, &["restore", path]).status.success());
    server.restart().await;

    let back = Instant::now();
    // A page holds more than there is: it is told the log's new name at once, and asks once more without a place.
    let returns = guests.iter().map(|guest| async {
        let resumed = Client::hello(&server.address, "/ws/guest", &guest.token, Some(held)).await;
        assert_ne!(resumed.welcome["epoch"], old);
        drop(resumed);
        let (mut page, opened) = server.page(guest, None).await;
        shows_the_backup(&opened);
        assert!(opened["conversation"]["last_seq"].as_u64().unwrap() < held, "{opened}");
        let shown = back.elapsed();
        // And that is the end of it: it stays open, without a further word but what the hotel answers, and takes the next.
        let next = page.done(json!({"type":"send","id":"gone0","text":"written after the restore"})).await;
        assert!(next > opened["conversation"]["last_seq"].as_u64().unwrap());
        let more = page.settle().await;
        assert!(more.iter().all(|frame| frame["type"] != "error" && frame["type"] != "opened"), "{more:?}");
        shown
    });
    let desk = async {
        // Logins of before the restore are over: the dashboard is told so once, and a new login shows what there is.
        let mut again = server.caller();
        again.cookie.clone_from(&admin.cookie);
        assert_eq!(again.get("/api/me").await.0, 401);
        let mut socket = Client::connect(&server.address, "/ws/agent").await;
        socket.send(json!({"type":"hello","token":admin.token})).await;
        assert_eq!(socket.end().await, 4401);
        let (_, mut desk) = server.dashboard().await;
        assert_ne!(desk.welcome["epoch"], old);
        for guest in &guests {
            shows_the_backup(&desk.open(&guest.conversation, None).await);
        }
        back.elapsed()
    };
    let (shown, desk) = futures_util::future::join(futures_util::future::join_all(returns), desk).await;
    let latest = shown.into_iter().max().unwrap().max(desk);
    assert!(latest < SHOWN_WITHIN, "{latest:?}");
    println!("{PAGES} pages and a dashboard show what was restored after {latest:?}");
}

fn shows_the_backup(opened: &Value) {
    let events = opened["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["id"] == "kept"), "{opened}");
    let gone = |event: &Value| event["text"] == "gone with the restore";
    assert!(!events.iter().any(gone), "{opened}");
}

#[tokio::test]
async fn taken_by_themselves() {
    let folder = TempDir::new().unwrap();
    let backups = folder.path().join("backups");
    let server = Server::start_in(folder, &[("FRONTDESK_BACKUP_DIR", backups.to_str().unwrap())], &[]).await;
    let give_up = Instant::now() + crate::support::server::PATIENCE;
    let taken = loop {
        let whole = |name: &str| name.starts_with("frontdesk-") && !name.ends_with(".partial");
        let names = std::fs::read_dir(&backups).into_iter().flatten();
        let found = names.filter_map(Result::ok).find(|entry| whole(&entry.file_name().to_string_lossy()));
        if let Some(found) = found {
            break found.path();
        }
        assert!(Instant::now() < give_up, "no backup in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let looked = command(&server.folder, &["restore", "--check", taken.to_str().unwrap()]);
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stderr));
}
