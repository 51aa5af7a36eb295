//! Backups in another place, against a store that checks every signature.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::Server;
use crate::support::s3::{KEY, REGION, SECRET, Store};
use crate::support::server::{PATIENCE, program};

fn settings(store: &Store, backups: &str, prefix: &str) -> Vec<(String, String)> {
    [
        ("FRONTDESK_DEMO", "off"),
        ("FRONTDESK_BACKUP_DIR", backups),
        ("FRONTDESK_BACKUP_KEEP", "2"),
        ("FRONTDESK_BACKUP_S3", prefix),
        ("FRONTDESK_BACKUP_S3_ENDPOINT", &store.url),
        ("FRONTDESK_BACKUP_S3_REGION", REGION),
        ("FRONTDESK_BACKUP_S3_KEY", KEY),
        ("FRONTDESK_BACKUP_S3_SECRET", SECRET),
    ]
    .iter()
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect()
}

fn manifests(store: &Store) -> Vec<String> {
    store.keys().into_iter().filter(|key| key.ends_with("/manifest.json")).collect()
}

async fn until(what: &str, fits: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !fits() {
        assert!(Instant::now() < give_up, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brought_there_pruned_and_had_back() {
    let store = Store::start().await;
    let folder = TempDir::new().unwrap();
    let backups = folder.path().join("backups").display().to_string();
    let all = settings(&store, &backups, "s3://hotel/desk");
    let named: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // What is there already: two old backups, one that was cut short, and somebody else's.
    for old in ["20200101T000000Z", "20210101T000000Z"] {
        store.put(&format!("hotel/desk/frontdesk-{old}/frontdesk.db"), b"old");
        store.put(&format!("hotel/desk/frontdesk-{old}/manifest.json"), b"{}");
    }
    store.put("hotel/desk/frontdesk-20200601T000000Z/frontdesk.db", b"half");
    store.put("hotel/desk/notes.txt", b"not ours");
    store.put("hotel/other/frontdesk-20200101T000000Z/manifest.json", b"not ours");

    // A guest, then the first backup by the schedule of a new start.
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let guest = server.guest().await;
    let (mut page, _) = server.page(&guest, None).await;
    page.done(json!({"type":"send","id":"kept","text":"kept in the other place"})).await;
    server.stop().await;
    let data = std::mem::replace(&mut server.folder, TempDir::new().unwrap());
    drop(server);
    let server = Server::start_in(data, &named, &[]).await;
    until("the backup is there, and the oldest one gone", || {
        let there = manifests(&store);
        there.len() == 3
            && !there.iter().any(|key| key.contains("20200101T000000Z") && key.contains("desk/f"))
    })
    .await;
    until("what was cut short is gone", || !store.keys().iter().any(|key| key.contains("20200601"))).await;
    assert!(store.keys().contains(&"hotel/desk/notes.txt".to_owned()));
    assert!(manifests(&store).iter().any(|key| key.contains("hotel/other/")), "others' are left alone");
    assert_eq!(store.refused(), 0);
    drop(server);

    // On another machine, with the same settings.
    let elsewhere = TempDir::new().unwrap();
    let restore = |from: &str, secret: &str| {
        let mut all = all.clone();
        all.push(("FRONTDESK_BACKUP_S3_SECRET".to_owned(), secret.to_owned()));
        let mut command = program(&elsewhere, &all);
        let command = command.args(["restore", from]).stderr(std::process::Stdio::piped());
        tokio::task::block_in_place(|| command.output().unwrap())
    };
    let refused = restore("s3://hotel/desk", "another secret");
    assert!(!refused.status.success() && store.refused() > 0);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!said.contains(SECRET) && !said.contains("another secret"), "{said}");
    assert!(!restore("s3://hotel/nothing", SECRET).status.success());
    let done = restore("s3://hotel/desk", SECRET);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let restored = Server::start_in(elsewhere, &[("FRONTDESK_DEMO", "off")], &[]).await;
    let events = restored.admin().await.history(&guest.conversation).await;
    assert!(events.iter().any(|event| event["text"] == "kept in the other place"), "{events:?}");
}
