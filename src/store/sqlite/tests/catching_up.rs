//! The tables that are made of the log: behind it, caught up, after a crash, and from an older schema.

use std::sync::Arc;

use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinHandle;

use frontdesk_actors::ports::{Span, Store};
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::{EventKind, Status};
use frontdesk_domain::people::Audience;

use super::super::{SqliteStore, copy, open, verify};
use super::{File, Place, change, conversation, hotel, say};
use crate::store::{ConversationQuery, Listing, PageRequest};

const ALL: Span = Span::After { after: 0, limit: 1_000 };

/// A store whose writer can be killed.
async fn mortal(place: &File) -> (Arc<SqliteStore>, JoinHandle<()>) {
    let (store, writer, queue) = SqliteStore::prepare(&place.path(), 64).await.expect("opens");
    (Arc::new(store), tokio::spawn(writer.run(queue)))
}

async fn kill(store: Arc<SqliteStore>, writer: JoinHandle<()>) {
    writer.abort();
    assert!(writer.await.expect_err("killed").is_cancelled());
    store.readers.close().await;
}

async fn seqs(store: &SqliteStore, state: &Conversation, audience: Audience, span: Span) -> Vec<u64> {
    let events = store.events(state.id(), audience, span).await.expect("reads");
    events.iter().map(|event| event.seq).collect()
}

#[tokio::test]
async fn what_the_tables_do_not_say_yet_is_read_all_the_same() {
    let place = File::new().await;
    let (store, _writer) = mortal(&place).await;
    let property = hotel(&*store).await;
    let mut state = conversation(&*store, property).await;
    for n in 1..=6 {
        let one = if n % 3 == 0 {
            change(&mut state, n, EventKind::Note { text: "n".to_owned() })
        } else {
            say(&mut state, "m", n)
        };
        store.append(one).await.expect("stored");
        if n == 3 {
            store.settle().await;
            assert!(store.tail.is_empty());
        }
    }
    assert_eq!(store.tail.len(), 3, "half of it is in the tables");
    let after = |after, limit| Span::After { after, limit };
    let newest = |before, limit| Span::Newest { before, limit };
    for (audience, span, expected) in [
        (Audience::Agents, ALL, vec![1, 2, 3, 4, 5, 6]),
        (Audience::Guest, ALL, vec![1, 2, 4, 5]),
        (Audience::Agents, after(1, 3), vec![2, 3, 4]),
        (Audience::Guest, after(1, 2), vec![2, 4]),
        (Audience::Agents, after(3, 2), vec![4, 5]),
        (Audience::Agents, after(4, 0), vec![]),
        (Audience::Agents, after(6, 9), vec![]),
        (Audience::Agents, newest(None, 2), vec![5, 6]),
        (Audience::Agents, newest(None, 4), vec![3, 4, 5, 6]),
        (Audience::Guest, newest(None, 3), vec![2, 4, 5]),
        (Audience::Guest, newest(Some(5), 2), vec![2, 4]),
        (Audience::Guest, newest(Some(4), 9), vec![1, 2]),
        (Audience::Agents, newest(Some(2), 9), vec![1]),
        (Audience::Agents, newest(Some(1), 9), vec![]),
    ] {
        assert_eq!(seqs(&store, &state, audience, span).await, expected, "{audience:?} {span:?}");
    }
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state.clone()));
    assert_eq!(store.summary(property, state.id()).await.expect("reads"), Some(state.summary()));
    let query = ConversationQuery::default();
    let page =
        store.conversations(property, query, PageRequest { limit: 9, cursor: None }).await.expect("reads");
    assert_eq!(page.items, [state.summary()], "a list waits for the tables");
    assert!(store.tail.is_empty());
    assert_eq!(seqs(&store, &state, Audience::Agents, ALL).await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_crash_loses_nothing_of_what_the_tables_did_not_say() {
    let place = File::new().await;
    let mut crowd = Vec::new();
    let mut made = None;
    for round in 0..3 {
        let (store, writer) = mortal(&place).await;
        let property = match made {
            Some(property) => property,
            None => *made.insert(hotel(&*store).await),
        };
        for state in &crowd {
            let state: &Conversation = state;
            assert_eq!(store.load(state.id()).await.expect("reads").as_ref(), Some(state));
        }
        assert!(store.tail.is_empty(), "the start has caught up");
        crowd.push(conversation(&*store, property).await);
        for state in &mut crowd {
            store.append(say(state, "hello", 10 + round)).await.expect("stored");
            let status = EventKind::Status { status: Status::Waiting, until: None, reason: None };
            store.append(change(state, 20 + round, status)).await.expect("stored");
        }
        assert!(!store.tail.is_empty());
        kill(store, writer).await;
    }
    let store = place.open().await;
    for (n, state) in crowd.iter().enumerate() {
        let expected: Vec<u64> = (1..=2 * (3 - n as u64)).collect();
        assert_eq!(seqs(&store, state, Audience::Agents, ALL).await, expected);
        assert_eq!(store.load(state.id()).await.expect("reads").as_ref(), Some(state));
    }
}

#[tokio::test]
async fn a_copy_of_a_log_that_is_ahead_of_its_tables_is_intact() {
    let place = File::new().await;
    let (store, writer) = mortal(&place).await;
    let property = hotel(&*store).await;
    let mut state = conversation(&*store, property).await;
    for n in 0..3 {
        store.append(say(&mut state, "hello", n)).await.expect("stored");
    }
    let there = place.dir.path().join("copy.db");
    copy(&place.path(), &there).await.expect("copied");
    assert_eq!(verify(&there).await.expect("intact").events, 3);
    kill(store, writer).await;
    let store = SqliteStore::open(&there).await.expect("opens");
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
    store.close().await;

    let mut conn = open::options(&there).connect().await.expect("opens");
    sqlx::raw_sql("DELETE FROM events WHERE seq = 2").execute(&mut conn).await.expect("a hole");
    conn.close().await.expect("closes");
    assert!(verify(&there).await.expect_err("a hole").to_string().contains("hole"));
}
