use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::ports::{Span, Store, StoreError};
use frontdesk_domain::conversation::Enclosed;
use frontdesk_domain::people::Audience;
use tokio::time::Instant;
use uuid::Uuid;

use super::super::PostgresStore;
use super::{Fresh, Place};
use crate::store::tests::{conversation, hotel, say};

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_conflict_hits_only_the_guilty_commit() {
    let place = Fresh::new().await;
    let (store, writer, queue) = PostgresStore::prepare(&place.url(), None, 64).await.expect("opens");
    let store = Arc::new(store);
    let writing = tokio::spawn(writer.run(queue));
    let property = hotel(&*store).await;
    let mut states = Vec::new();
    for _ in 0..6 {
        states.push(conversation(&*store, property).await);
    }
    let mut rival = states[2].clone();
    store.append(say(&mut rival, "I was first", 1)).await.expect("stored");

    let mut commits: Vec<_> = states.iter_mut().map(|state| say(state, "hello", 2)).collect();
    // One that names a file that is not there: the group is stored one by one.
    let seq = commits[4].snapshot.last_seq;
    commits[4].enclosed.push(Enclosed { attachment: Uuid::now_v7(), seq });
    let after = say(&mut states[2], "on top of what was not stored", 3);
    let appends = commits.into_iter().chain([after]).map(|one| store.append(one));
    let outcomes = futures_util::future::join_all(appends).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match n {
            2 | 4 | 6 => assert!(matches!(outcome, Err(StoreError::Conflict)), "{n}: {outcome:?}"),
            _ => assert!(outcome.is_ok(), "{n}: {outcome:?}"),
        }
    }
    assert_eq!(store.load(rival.id()).await.expect("reads"), Some(rival));
    store.close().await;
    writing.await.expect("ends");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_full_queue_refuses() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    store.close().await;
    let closed = store.append(say(&mut state.clone(), "late", 1)).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))));

    let (store, writer, queue) = PostgresStore::prepare(&place.url(), None, 2).await.expect("opens");
    let commits: Vec<_> = (0..3).map(|n| say(&mut state, "hello", n)).collect();
    let appends = futures_util::future::join_all(commits.into_iter().map(|one| store.append(one)));
    let (outcomes, ()) = tokio::join!(appends, async {
        // Joined second: by now all three have been asked for and the writer stood still.
        tokio::spawn(writer.run(queue));
    });
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok(), "{outcomes:?}");
    assert!(matches!(outcomes[2], Err(StoreError::Overloaded)));
}

/// NUL is the one letter that PostgreSQL's texts cannot hold; guests may send it.
#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn every_letter_comes_back() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let words = "a \u{0} in the middle, \u{1F697}, \\u0000 and \u{10FFFF}";
    let commit = say(&mut state, words, 1);
    let events = commit.events.clone();
    store.append(commit).await.expect("stored");
    let all = Span::After { after: 0, limit: 10 };
    assert_eq!(store.events(state.id(), Audience::Agents, all).await.expect("reads"), events);
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn connections_that_were_cut_are_opened_anew() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let mut other = place.other().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for round in 0..5 {
        sqlx::raw_sql(cut).execute(&mut other).await.expect("cut");
        assert_eq!(
            store.load(state.id()).await.expect("reads"),
            Some(state.clone()),
            "no read is lost on it"
        );
        let next = say(&mut state, "hello", round);
        let began = Instant::now();
        while let Err(error) = store.append(next.clone()).await {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            assert!(began.elapsed() < Duration::from_secs(5), "{error}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}
