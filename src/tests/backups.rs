//! A backup taken while guests write is a whole past, and can be had back.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taken_under_load_and_restored() {
    let server = Server::start(&[]).await;
    let guest = server.guest().await;
    let (mut page, _) = server.page(&guest, None).await;
    page.done(json!({"type":"send","id":"first","text":"first"})).await;
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
    for _ in 0..5 {
        page.done(json!({"type":"send","id":format!("b{}", backups.len()),"text":"before a backup"})).await;
        backups.push(tokio::task::block_in_place(|| backup(&server, folder.path())));
    }
    let _ = stop.send(());
    writer.await.unwrap();
    // What the guest wrote: a turn of the AI that the backup caught open is taken up by the restored server.
    let written = |events: Vec<Value>| -> Vec<Value> {
        events
            .into_iter()
            .filter(|event| event["by"]["kind"] == "guest")
            .map(|event| event["id"].clone())
            .collect()
    };
    let truth = written(server.admin().await.history(&guest.conversation).await);

    for (n, backup) in backups.iter().enumerate() {
        let elsewhere = TempDir::new().unwrap();
        let done = command(&elsewhere, &["restore", backup.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let restored = Server::start_in(elsewhere, &[], &[]).await;
        let history = written(restored.admin().await.history(&guest.conversation).await);
        assert_eq!(history, truth[..history.len()], "what happened, and in that order");
        assert!(
            history.contains(&json!(format!("b{n}"))),
            "what was acknowledged before the backup is in it"
        );
    }
}

#[tokio::test]
async fn a_client_of_the_old_log_starts_over() {
    let mut server = Server::start(&[]).await;
    let guest = server.guest().await;
    let (mut page, _) = server.page(&guest, None).await;
    page.done(json!({"type":"send","id":"kept","text":"kept"})).await;
    let mut admin = server.admin().await;
    assert_eq!(admin.get("/api/me").await.0, 200);
    let folder = TempDir::new().unwrap();
    let backup = backup(&server, folder.path());
    let last = page.done(json!({"type":"send","id":"gone","text":"gone with the restore"})).await;
    let old = page.welcome["epoch"].clone();
    let path = backup.to_str().unwrap();
    let refused = command(&server.folder, &["restore", path]);
    assert_eq!(refused.status.code(), Some(1), "while the server runs");
    server.stop().await;
    assert!(command(&server.folder, &["restore", path]).status.success());
    server.restart().await;

    let mut page = Client::hello(&server.address, "/ws/guest", &guest.token, None).await;
    assert_ne!(page.welcome["epoch"], old);
    let opened = page.expect("opened").await;
    assert!(opened["events"].as_array().unwrap().iter().all(|event| event["id"] != "gone"), "{opened}");
    assert!(opened["conversation"]["last_seq"].as_u64().unwrap() <= last, "{opened}");
    let mut again = server.caller();
    again.cookie = admin.cookie;
    assert_eq!(again.get("/api/me").await.0, 401, "logins of before the restore are over");
}

#[tokio::test]
async fn taken_by_themselves() {
    let folder = TempDir::new().unwrap();
    let backups = folder.path().join("backups");
    let server = Server::start_in(folder, &[("FRONTDESK_BACKUP_DIR", backups.to_str().unwrap())], &[]).await;
    let give_up = std::time::Instant::now() + crate::support::server::PATIENCE;
    let taken = loop {
        let whole = |name: &str| name.starts_with("frontdesk-") && !name.ends_with(".partial");
        let names = std::fs::read_dir(&backups).into_iter().flatten();
        let found = names.filter_map(Result::ok).find(|entry| whole(&entry.file_name().to_string_lossy()));
        if let Some(found) = found {
            break found.path();
        }
        assert!(std::time::Instant::now() < give_up, "no backup in time");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let looked = command(&server.folder, &["restore", "--check", taken.to_str().unwrap()]);
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stderr));
}
