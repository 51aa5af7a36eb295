use std::sync::Arc;

use frontdesk_actors::ports::{Store, StoreError};

use super::super::SqliteStore;
use super::{File, Place, conversation, hotel, say};

#[tokio::test]
async fn a_conflict_hits_only_the_guilty_commit() {
    let place = File::new().await;
    let (store, writer, queue) = SqliteStore::prepare(&place.path(), 64).await.expect("opens");
    let store = Arc::new(store);
    // The writer starts once all are queued, so that they are one group.
    let writing = tokio::spawn(async {
        tokio::task::yield_now().await;
        writer.run(queue).await;
    });
    let property = hotel(&*store).await;
    let mut states = Vec::new();
    for _ in 0..5 {
        states.push(conversation(&*store, property).await);
    }
    let mut rival = states[2].clone();
    store.append(say(&mut rival, "I was first", 1)).await.expect("stored");

    let commits: Vec<_> = states.iter_mut().map(|state| say(state, "hello", 2)).collect();
    let after = say(&mut states[2], "on top of what was not stored", 3);
    let outcomes =
        futures_util::future::join_all(commits.into_iter().chain([after]).map(|one| store.append(one))).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match n {
            2 | 5 => assert!(matches!(outcome, Err(StoreError::Conflict)), "{n}: {outcome:?}"),
            _ => assert!(outcome.is_ok(), "{n}: {outcome:?}"),
        }
    }
    assert_eq!(store.load(rival.id()).await.expect("reads"), Some(rival));
    store.close().await;
    writing.await.expect("ends");
}

#[tokio::test]
async fn a_full_queue_refuses() {
    let place = File::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    store.close().await;
    let closed = store.append(say(&mut state.clone(), "late", 1)).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))));

    let (store, writer, queue) = SqliteStore::prepare(&place.path(), 2).await.expect("opens");
    let commits: Vec<_> = (0..3).map(|n| say(&mut state, "hello", n)).collect();
    let appends = futures_util::future::join_all(commits.into_iter().map(|one| store.append(one)));
    let (outcomes, ()) = tokio::join!(appends, async {
        // Joined second: by now all three have been asked for and the writer stood still.
        tokio::spawn(writer.run(queue));
    });
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok(), "{outcomes:?}");
    assert!(matches!(outcomes[2], Err(StoreError::Overloaded)));
}

#[tokio::test]
async fn a_failed_database_is_left_alone_and_tried_again() {
    let place = File::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    store.append(say(&mut state, "one", 1)).await.expect("stored");

    let blocked = say(&mut state.clone(), "two", 2);
    // Another connection holds the write lock for longer than the writer waits for it.
    let mut thief =
        sqlx::ConnectOptions::connect(&super::super::open::options(&place.path())).await.expect("opens");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut thief).await.expect("locks");
    let failed = store.append(blocked.clone()).await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    let resting = store.append(blocked).await;
    assert!(matches!(resting, Err(StoreError::Unavailable(_))), "{resting:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut thief).await.expect("lets go");

    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state.clone()));
    let next = say(&mut state, "three", 3);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while let Err(error) = store.append(next.clone()).await {
        assert!(tokio::time::Instant::now() < deadline, "{error}");
        tokio::task::yield_now().await;
    }
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}
