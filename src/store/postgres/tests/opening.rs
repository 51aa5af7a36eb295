use std::time::Duration;

use frontdesk_actors::ports::Store;
use tokio::time::Instant;

use super::super::{OpenError, PostgresStore};
use super::{Fresh, Place};
use crate::store::Accounts;
use crate::store::tests::{conversation, hotel, say};

async fn refused(place: &Fresh) -> OpenError {
    let error = PostgresStore::open(&place.url()).await.expect_err("refused");
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains("DATABASE_URL"), "{line}");
    error
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn an_empty_database_becomes_ours_and_keeps_its_name() {
    let place = Fresh::new().await;
    let store = place.open().await;
    assert!(store.no_agents().await.expect("reads"));
    let (id, made) = store.property("default", "Hotel").await.expect("made");
    assert!(made);
    store.ping().await.expect("ready");
    let epoch = store.epoch().await.expect("named");
    store.close().await;
    assert!(store.ping().await.is_err());

    let store = place.open().await;
    assert_eq!(store.epoch().await.expect("named"), epoch);
    assert_eq!(store.property("default", "Other").await.expect("found"), (id, false));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_second_server_is_refused_until_the_first_is_gone() {
    let place = Fresh::new().await;
    let store = place.open().await;
    assert!(matches!(refused(&place).await, OpenError::Locked { .. }));
    // It waits for one that is about to go.
    let late = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        store.close().await;
    };
    let ((), second) = tokio::join!(late, place.open());
    second.ping().await.expect("ready");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn who_lost_the_lock_does_not_write_while_another_has_it() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let mut other = place.other().await;
    // The connection is cut, and somebody else is quicker to take the lock.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database
                                                                         WHERE datname = current_database())";
    sqlx::raw_sql(cut).execute(&mut other).await.expect("cut");
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(super::super::open::LOCK)
        .execute(&mut other)
        .await
        .expect("taken");
    let say_it = say(&mut state, "hello", 1);
    let waited = Instant::now();
    while waited.elapsed() < Duration::from_millis(500) {
        store.append(say_it.clone()).await.expect_err("not while another has it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    sqlx::raw_sql("SELECT pg_advisory_unlock_all()").execute(&mut other).await.expect("lets go");
    while let Err(error) = store.append(say_it.clone()).await {
        assert!(waited.elapsed() < Duration::from_secs(10), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let place = Fresh::new().await;
    place.open().await.close().await;
    let mut other = place.other().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of tomorrow', true, ''::bytea, 0)";
    sqlx::raw_sql(newer).execute(&mut other).await.expect("written");
    let error = refused(&place).await;
    assert!(matches!(error, OpenError::Newer { found: 9999, .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn another_programs_database_is_refused() {
    let place = Fresh::new().await;
    let mut other = place.other().await;
    sqlx::raw_sql("CREATE TABLE songs (title TEXT)").execute(&mut other).await.expect("made");
    assert!(matches!(refused(&place).await, OpenError::Unusable { .. }));
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut other).await.expect("reads");
    assert_eq!(tables, 1, "nothing was added");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_database_that_is_not_there_is_named_without_the_password() {
    let mut place = Fresh::new().await;
    place.options = place.options.database("nowhere").password("hunter2");
    let error = refused(&place).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("nowhere") && !error.to_string().contains("hunter2"), "{error}");
}
