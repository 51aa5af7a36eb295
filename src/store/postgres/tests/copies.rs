//! Whole copies: taken while others write, looked over, and restored.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::SecretString;
use tempfile::TempDir;
use uuid::Uuid;

use frontdesk_actors::ports::Store;
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::timestamp::Timestamp;

use super::super::{PostgresStore, dump, known_schema, restore, verify_dump};
use super::{Fresh, Place};
use crate::store::copy::CopyError;
use crate::store::privacy::Erasure;
use crate::store::tests::{conversation, hotel, say};
use crate::store::{Accounts, Privacy, Webhooks};

const NOW: Timestamp = Timestamp(1_764_000_000_123);

async fn filled(place: &Fresh) -> (PostgresStore, Conversation) {
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    for n in 0..3 {
        // What a copy's lines are made of: tabs, breaks, backslashes.
        store.append(say(&mut state, "a\tb\nc\\.\n\\.\n", 10 + n)).await.expect("stored");
    }
    (store, state)
}

async fn copied(url: &SecretString, folder: &Path) -> std::path::PathBuf {
    let to = folder.join(format!("{}.dump", Uuid::now_v7()));
    dump(url, &to).await.expect("copied");
    to
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn there_and_back() {
    let place = Fresh::new().await;
    let (store, mut state) = filled(&place).await;
    let folder = TempDir::new().expect("a folder");
    // The server runs.
    let to = copied(&place.url(), folder.path()).await;
    let facts = verify_dump(&to).await.expect("intact");
    let epoch = store.epoch().await.expect("named");
    assert_eq!((facts.conversations, facts.events, facts.schema), (1, 3, known_schema()));
    assert_eq!(facts.epoch, epoch.to_string());
    let refused = restore(&place.url(), &to, &facts, NOW).await.expect_err("it runs");
    assert!(matches!(refused, CopyError::InUse), "{refused}");

    // Said after the copy: gone. Erased after the copy: to be erased again.
    store.append(say(&mut state, "later", 20)).await.expect("stored");
    let (guest, property) = (state.guest_id().expect("a guest"), state.snapshot().property);
    let erasure = Erasure { guest, property, agent: None, asked_at: Timestamp(9), done_at: None };
    store.ask_erasure(erasure.clone()).await.expect("asked");
    store.wipe_guest(guest, Timestamp(10)).await.expect("wiped");
    store.close().await;
    let aside = restore(&place.url(), &to, &facts, NOW).await.expect("restored");
    assert_eq!(aside.as_deref(), Some("before_restore_1764000000123"));
    let store = place.open().await;
    assert_ne!(store.epoch().await.expect("named"), epoch, "a log of its own");
    let found = store.load(state.id()).await.expect("reads").expect("is there");
    assert_eq!(found.last_seq(), 3);
    assert_eq!(store.open_erasures().await.expect("reads"), [erasure]);
    // It goes on from there.
    let mut found = found;
    store.append(say(&mut found, "on", 30)).await.expect("stored");
    store.close().await;
    let kept = "SELECT count(*) FROM before_restore_1764000000123.events";
    let kept: i64 = sqlx::query_scalar(kept).fetch_one(&mut place.other().await).await.expect("is there");
    assert_eq!(kept, 4, "what was there is kept");

    // Into an empty database, where nothing is set aside. What was set aside is not in a copy.
    let to = copied(&place.url(), folder.path()).await;
    let facts = verify_dump(&to).await.expect("intact");
    let elsewhere = Fresh::new().await;
    assert_eq!(restore(&elsewhere.url(), &to, &facts, NOW).await.expect("restored"), None);
    let store = elsewhere.open().await;
    assert_eq!(store.load(state.id()).await.expect("reads").expect("is there").last_seq(), 4);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'before%'")
        .fetch_one(&store.readers)
        .await
        .expect("reads");
    assert_eq!(left, 0);
    store.close().await;
}

/// How many copies are taken under load.
const COPIES: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn taken_under_load() {
    let place = Fresh::new().await;
    let (store, mut state) = filled(&place).await;
    let store = Arc::new(store);
    let (writing, stop) = (Arc::clone(&store), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let writer = tokio::spawn(async move {
        let property = hotel(&*writing).await;
        while !stopped.load(Ordering::Relaxed) {
            writing.append(say(&mut state, "one more", 30)).await.expect("stored");
            let mut new = conversation(&*writing, property).await;
            writing.append(say(&mut new, "hello", 31)).await.expect("stored");
        }
    });
    let folder = TempDir::new().expect("a folder");
    let mut before = 3;
    let mut moved = store.log_moves();
    for n in 0..COPIES {
        // The writer may be slower than a copy.
        moved.mark_unchanged();
        moved.changed().await.expect("open");
        let to = copied(&place.url(), folder.path()).await;
        let facts = verify_dump(&to).await.expect("whole conversations");
        assert!(facts.events > before, "copy {n} holds more than the one before");
        before = facts.events;
        if n + 1 == COPIES {
            let elsewhere = Fresh::new().await;
            restore(&elsewhere.url(), &to, &facts, NOW).await.expect("restored");
        }
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.expect("ends");
    store.close().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_restore_that_fails_changes_nothing() {
    let place = Fresh::new().await;
    let (store, state) = filled(&place).await;
    let folder = TempDir::new().expect("a folder");
    let to = copied(&place.url(), folder.path()).await;
    let facts = verify_dump(&to).await.expect("intact");
    let epoch = store.epoch().await.expect("named");
    store.close().await;
    // It holds less than it should.
    let more = crate::store::copy::Facts { events: facts.events + 1, ..facts.clone() };
    let refused = restore(&place.url(), &to, &more, NOW).await.expect_err("not all of it");
    assert!(refused.to_string().contains("not all of the backup arrived"), "{refused}");
    // It is cut off.
    let bytes = std::fs::read(&to).expect("reads");
    let cut = folder.path().join("cut.dump");
    std::fs::write(&cut, &bytes[..bytes.len() - 400]).expect("writes");
    assert!(matches!(verify_dump(&cut).await, Err(CopyError::NotIntact(_))));
    restore(&place.url(), &cut, &facts, NOW).await.expect_err("cut off");
    let nothing = verify_dump(&folder.path().join("nothing")).await.expect_err("no file");
    assert!(nothing.to_string().contains("pg_restore"), "{nothing}");

    let store = place.open().await;
    assert_eq!(store.epoch().await.expect("named"), epoch);
    assert_eq!(store.load(state.id()).await.expect("reads").expect("is there").last_seq(), 3);
    store.close().await;
}
