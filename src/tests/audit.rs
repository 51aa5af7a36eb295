//! Who did what is on record, in a chain that cannot be altered unseen.

use std::process::Output;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::support::server::{ADMIN, PASSWORD, program};
use crate::support::{Caller, Server};

fn command(folder: &TempDir, args: &[&str]) -> Output {
    program(folder, &[]).args(args).stderr(std::process::Stdio::piped()).output().unwrap()
}

fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// The whole log as admins read it, the oldest entry first.
async fn log(admin: &mut Caller) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = admin.get(&format!("/api/audit?limit=5&cursor={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    all.reverse();
    all
}

#[tokio::test]
async fn every_deed_is_on_record() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    let wrong = json!({"email": ADMIN.0, "password": "SECRET guess"});
    assert_eq!(admin.post("/api/login", wrong).await.0, 401);
    let slipped = json!({"email": "SECRET@hotel.test", "password": "x"});
    assert_eq!(admin.post("/api/login", slipped).await.0, 401);
    let new = json!({"email": "mia@hotel.test", "name": "Mia", "role": "viewer", "password": PASSWORD});
    let mia = admin.post("/api/agents", new).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{mia}");
    let change = json!({"role": "supervisor", "password": "another SECRET"});
    assert_eq!(admin.patch(&path, change).await.0, 200);
    let entry = json!({"title": "Pool", "body": "SECRET words"});
    let entry = admin.post("/api/knowledge", entry).await.1["id"].as_str().unwrap().to_owned();
    let at = format!("/api/knowledge/{entry}");
    assert_eq!(admin.put(&at, json!({"title": "Pool", "body": "Closed"})).await.0, 200);
    assert_eq!(admin.delete(&at).await.0, 204);
    let mut theirs = server.caller();
    theirs.login("mia@hotel.test", "another SECRET").await;
    for role in ["viewer", "agent", "supervisor"] {
        server.agent(role).await.refused("GET", "/api/audit", None, (403, "forbidden")).await;
    }
    let password = json!({"current": "another SECRET", "new": "a third SECRET"});
    assert_eq!(theirs.post("/api/me/password", password).await.0, 204);
    assert_eq!(theirs.delete("/api/me/sessions").await.0, 204);
    assert_eq!(theirs.call("POST", "/api/logout", None).await.0, 204);
    assert_eq!(admin.delete(&format!("{path}/sessions")).await.0, 204);
    assert_eq!(admin.delete(&path).await.0, 204);

    let all = log(&mut admin).await;
    let text = json!(all).to_string();
    for secret in ["SECRET", PASSWORD, ADMIN.1] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let (target, of_entry) = (format!("agent:{mia}"), format!("entry:{entry}"));
    let own = format!("agent:{}", admin.id);
    let nothing = String::new();
    for (by, action, target, detail) in [
        ("server", "agent_added", &own, "the first admin"),
        ("agent", "login", &own, ""),
        ("nobody", "login_failed", &own, ""),
        ("nobody", "login_failed", &nothing, ""),
        ("agent", "agent_added", &target, "viewer"),
        ("agent", "agent_changed", &target, "role viewer → supervisor, password"),
        ("agent", "knowledge_added", &of_entry, ""),
        ("agent", "knowledge_written", &of_entry, ""),
        ("agent", "knowledge_removed", &of_entry, ""),
        ("agent", "login", &target, ""),
        ("agent", "password_changed", &target, ""),
        ("agent", "sessions_ended", &target, "all but this one"),
        ("agent", "logout", &nothing, ""),
        ("agent", "sessions_ended", &target, "all"),
        ("agent", "agent_removed", &target, ""),
    ] {
        let given = |entry: &Value, field: &str| entry[field].as_str().unwrap_or("").to_owned();
        let fits = |entry: &&Value| {
            entry["actor"]["kind"] == by
                && entry["action"] == action
                && given(entry, "target") == *target
                && given(entry, "detail") == detail
        };
        let entry =
            all.iter().find(fits).unwrap_or_else(|| panic!("{by} {action} {target} {detail}: {all:?}"));
        assert_eq!(given(entry, "address"), if by == "server" { "" } else { "127.0.0.1" });
    }
    let seqs: Vec<i64> = all.iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>(), "dense, once each over all pages");
    admin.refused("GET", "/api/audit?cursor=x", None, (400, "bad_frame")).await;
}

#[tokio::test]
async fn an_altered_row_is_found() {
    let mut server = Server::start(&[]).await;
    server.agent("agent").await;
    let (code, whole) = said(&command(&server.folder, &["audit", "verify"]));
    assert!(code == 0 && whole.starts_with("whole: "), "while the server runs: {whole}");
    let noted = whole.trim().rsplit(' ').next().unwrap().to_owned();
    let (_, list) = said(&command(&server.folder, &["audit", "list", "--limit", "2"]));
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains("login") && list.contains("The agent"), "{list}");
    server.agent("viewer").await;
    let (code, _) = said(&command(&server.folder, &["audit", "verify", "--noted", &noted]));
    assert_eq!(code, 0, "what was noted is still there");
    server.stop().await;

    let file = server.data().join("frontdesk.db");
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    for change in ["UPDATE audit SET name = 'Jon' WHERE seq = 3", "DELETE FROM audit WHERE seq = 3"] {
        let refused = sqlx::query(change).execute(&mut database).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    for (change, tale) in [
        ("DELETE FROM audit WHERE seq > 3", "cut off"),
        ("UPDATE audit SET name = 'Jon' WHERE seq = 3", "entry 3 does not fit"),
        ("DELETE FROM audit WHERE seq = 2", "entry 3 stands where entry 2 belongs"),
    ] {
        for drop in ["audit_is_not_changed", "audit_is_not_shortened"] {
            let drop = format!("DROP TRIGGER IF EXISTS {drop}");
            sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut database).await.unwrap();
        }
        sqlx::query(change).execute(&mut database).await.unwrap();
        let (code, broken) = said(&command(&server.folder, &["audit", "verify", "--noted", &noted]));
        assert!(code == 1 && broken.contains(tale), "{change}: {code} {broken}");
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn the_command_line_is_on_record_too() {
    let mut server = Server::start(&[]).await;
    let folder = TempDir::new().unwrap();
    let backup = said(&command(&server.folder, &["backup", "--to", folder.path().to_str().unwrap()])).1;
    let backup = backup.split_whitespace().nth(1).unwrap().to_owned();
    server.stop().await;
    for args in [&["rotate-key"][..], &["restore", &backup], &["reset-login", ADMIN.0]] {
        let (code, text) = said(&command(&server.folder, args));
        assert_eq!(code, 0, "{args:?}: {text}");
    }
    let (code, list) = said(&command(&server.folder, &["audit", "list"]));
    assert_eq!(code, 0, "{list}");
    for action in ["backup_restored", "login_reset"] {
        assert!(list.lines().any(|line| line.contains("operator") && line.contains(action)), "{list}");
    }
    assert!(!list.contains("key_rotated"), "that is in the database before the restore");
    assert_eq!(
        said(&command(&server.folder, &["audit", "verify"])).0,
        0,
        "the chain goes on after a restore"
    );
}
