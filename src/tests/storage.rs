//! A database that this version cannot use is left as it is.

use std::fs;
use std::path::Path;

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::support::Server;
use crate::support::server::fails;

/// Writes a database of this version, with one message in it, and stops.
async fn a_database() -> (TempDir, Vec<u8>) {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start_in(folder, &[], &[]).await;
    server.guest_page().await.1.done(json!({"type":"send","id":"g1","text":"hello"})).await;
    server.stop().await;
    let file = server.data().join("frontdesk.db");
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("data")).unwrap();
    fs::copy(&file, copy.path().join("data/frontdesk.db")).unwrap();
    (copy, fs::read(file).unwrap())
}

async fn execute(path: &Path, statement: &'static str) {
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(statement).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_ours_to_touch() {
    let (folder, good) = a_database().await;
    let file = folder.path().join("data/frontdesk.db");
    execute(
        &file,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (20990101, 'the future', 1, x'00', 0)",
    )
    .await;
    let newer = fs::read(&file).unwrap();
    let (code, line) = fails(&folder, &[], &[]).await;
    assert!(code == 2 && line.contains("newer version") && line.contains("frontdesk.db"), "{code} {line}");
    assert_eq!(fs::read(&file).unwrap(), newer, "unchanged");
    fs::remove_file(&file).unwrap();
    execute(&file, "CREATE TABLE recipes (id INTEGER PRIMARY KEY)").await;
    let others = fs::read(&file).unwrap();
    let (code, line) = fails(&folder, &[], &[]).await;
    assert!(code == 1 && line.contains("not an intact Frontdesk database"), "{code} {line}");
    assert_eq!(fs::read(&file).unwrap(), others, "unchanged");
    let mut broken = good.clone();
    broken[100..1_000].fill(0xA5);
    for damaged in [b"This is no database at all.".repeat(100), good[..good.len() / 2].to_vec(), broken] {
        fs::write(&file, &damaged).unwrap();
        let (code, line) = fails(&folder, &[], &[]).await;
        assert!(code == 1 && line.contains("frontdesk.db"), "{code} {line}");
        assert_eq!(fs::read(&file).unwrap(), damaged, "left for whoever can repair it");
    }
    fs::write(&file, good).unwrap();
    let server = Server::start_in(folder, &[], &[]).await;
    let (_, list) = server.admin().await.get("/api/conversations").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "and the good one is as it was");
}
