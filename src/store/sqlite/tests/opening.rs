use std::fs;
use std::path::Path;

use sqlx::{ConnectOptions, Connection};

use frontdesk_actors::ports::Store;

use super::super::{OpenError, SqliteStore, open};
use super::{File, Place, conversation, hotel, say};
use crate::store::Accounts;

async fn refused(path: &Path) -> OpenError {
    let error = SqliteStore::open(path).await.expect_err("refused");
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains(&*path.display().to_string()), "{line}");
    error
}

#[tokio::test]
async fn an_empty_folder_becomes_a_database_that_keeps_its_name() {
    let place = File::new().await;
    let path = place.dir.path().join("a/b/frontdesk.db");
    let store = SqliteStore::open(&path).await.expect("opens");
    assert!(store.no_agents().await.expect("reads"));
    assert_eq!(store.find_property("default").await.expect("reads"), None);
    let (id, made) = store.property("default", "Hotel").await.expect("made");
    assert!(made);
    assert_eq!(store.property("default", "Other").await.expect("found"), (id, false));
    assert_eq!(store.find_property("default").await.expect("reads"), Some(id));
    store.ping().await.expect("ready");
    let epoch = store.epoch().await.expect("named");
    store.close().await;
    assert!(store.ping().await.is_err());
    assert!(!path.with_extension("db-wal").exists(), "one file is the whole of it");

    let store = SqliteStore::open(&path).await.expect("opens");
    assert_eq!(store.epoch().await.expect("named"), epoch);
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let place = File::new().await;
    let store = place.open().await;
    assert!(matches!(refused(&place.path()).await, OpenError::Locked { .. }));
    store.close().await;
    place.open().await;
}

#[tokio::test]
async fn a_store_that_is_dropped_has_kept_what_it_acknowledged() {
    let place = File::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    store.append(say(&mut state, "hello", 1)).await.expect("stored");
    drop(store);
    let store = loop {
        match SqliteStore::open(&place.path()).await {
            Ok(store) => break store,
            // The writer is still tidying up.
            Err(OpenError::Locked { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let place = File::new().await;
    place.open().await.close().await;
    let mut conn = open::options(&place.path()).connect().await.expect("opens");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of tomorrow', true, x'00', 0);
                 PRAGMA journal_mode = DELETE";
    sqlx::raw_sql(newer).execute(&mut conn).await.expect("written");
    conn.close().await.expect("closes");
    let before = fs::read(place.path()).expect("reads");

    let error = refused(&place.path()).await;
    assert!(matches!(error, OpenError::Newer { found: 9999, .. }), "{error}");
    assert_eq!(fs::read(place.path()).expect("reads"), before);
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused() {
    let place = File::new().await;
    fs::write(place.path(), "Dear diary, ".repeat(1_000)).expect("written");
    assert!(matches!(refused(&place.path()).await, OpenError::Damaged { .. }));

    let place = File::new().await;
    let mut conn = open::options(&place.path()).create_if_missing(true).connect().await.expect("opens");
    sqlx::raw_sql("CREATE TABLE songs (title TEXT)").execute(&mut conn).await.expect("written");
    conn.close().await.expect("closes");
    assert!(matches!(refused(&place.path()).await, OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let place = File::new().await;
    place.open().await.close().await;
    let mut bytes = fs::read(place.path()).expect("reads");
    // The first page keeps its header, so that it still looks like a database.
    bytes[100..4_096].fill(0xA5);
    fs::write(place.path(), bytes).expect("written");
    assert!(matches!(refused(&place.path()).await, OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_refused() {
    let place = File::new().await;
    fs::write(place.dir.path().join("file"), "").expect("written");
    let path = place.dir.path().join("file/frontdesk.db");
    assert!(matches!(refused(&path).await, OpenError::NotWritable { .. }));

    // A folder where the file should be.
    let path = place.dir.path().join("folder.db");
    fs::create_dir(&path).expect("made");
    assert!(matches!(refused(&path).await, OpenError::NotWritable { .. }));
}
