//! Who has which conversation, of several processes.

use std::time::{Duration, Instant};

use frontdesk_actors::ports::{Claim, Owners, Standing, Store, StoreError};
use frontdesk_domain::letter::NodeId;
use frontdesk_domain::timestamp::Timestamp;
use sqlx::ConnectOptions;
use uuid::Uuid;

use super::{Fresh, Place, PostgresStore};
use crate::store::postgres::OpenError;
use crate::store::tests::{conversation, hotel, say};

async fn node(place: &Fresh) -> (NodeId, PostgresStore) {
    let me = NodeId(Uuid::now_v7());
    (me, PostgresStore::open_as(&place.url(), Some(me)).await.expect("opens"))
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn only_the_owner_stores() {
    let place = Fresh::new().await;
    let (a, at_a) = node(&place).await;
    let (b, at_b) = node(&place).await;
    let property = hotel(&at_a).await;
    let mut state = conversation(&at_a, property).await;
    let id = state.id();
    let ours = Claim::Ours { turn_open: false };
    // Nobody's, it is whose who asks first.
    assert!(matches!(at_a.append(say(&mut state.clone(), "nobody's", 1)).await, Err(StoreError::Conflict)));
    assert_eq!(at_a.claim(id).await.expect("answers"), ours);
    assert_eq!(at_a.claim(id).await.expect("answers"), ours, "again");
    assert_eq!(at_b.claim(id).await.expect("answers"), Claim::Theirs(a));
    at_a.append(say(&mut state, "hello", 2)).await.expect("stored");
    assert!(matches!(at_b.append(say(&mut state.clone(), "not mine", 3)).await, Err(StoreError::Conflict)));
    // Taken, it is the other's, and its last owner finds out.
    assert_eq!(at_b.seize(id, a).await.expect("answers"), ours);
    assert_eq!(at_a.seize(id, a).await.expect("answers"), Claim::Theirs(b), "too late");
    assert!(matches!(at_a.append(say(&mut state.clone(), "too late", 4)).await, Err(StoreError::Conflict)));
    assert_eq!(at_a.lost().await.expect("answers"), [id]);
    at_a.forget_lost(vec![id]).await.expect("forgotten");
    assert!(at_a.lost().await.expect("answers").is_empty() && at_b.lost().await.expect("answers").is_empty());
    at_b.append(say(&mut state, "mine now", 5)).await.expect("stored");
    let standing = at_a.standing(vec![id]).await.expect("answers");
    assert_eq!(
        standing,
        [Standing { conversation: id, owner: Some(b), last_seq: state.snapshot().last_seq }]
    );
    let changed = at_a.changed_since(Timestamp(5), 10).await.expect("answers");
    assert!(changed.iter().map(|summary| summary.id).eq([id]));
    assert!(at_a.changed_since(Timestamp(6), 10).await.expect("answers").is_empty());
    // Only who has it lets go of it.
    at_a.release(id).await.expect("answers");
    assert_eq!(at_a.claim(id).await.expect("answers"), Claim::Theirs(b));
    at_b.release(id).await.expect("answers");
    assert_eq!(at_a.claim(id).await.expect("answers"), ours);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn who_falls_asleep_in_a_transaction_does_not_hold_its_conversations() {
    let place = Fresh::new().await;
    let (a, at_a) = node(&place).await;
    let (_, at_b) = node(&place).await;
    let property = hotel(&at_a).await;
    let id = conversation(&at_a, property).await.id();
    at_a.claim(id).await.expect("answers");
    // As the writer is when its process is stopped between two statements of a commit.
    let mut asleep = at_a.options.connect().await.expect("connects");
    for statement in ["BEGIN", "SELECT 1 FROM conversations FOR UPDATE"] {
        sqlx::raw_sql(statement).execute(&mut asleep).await.expect("done");
    }
    let began = Instant::now();
    assert_eq!(at_b.seize(id, a).await.expect("answers"), Claim::Ours { turn_open: false });
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    sqlx::raw_sql("COMMIT").execute(&mut asleep).await.expect_err("ended meanwhile");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn who_has_the_database_alone_has_no_neighbours() {
    let place = Fresh::new().await;
    let (_, one) = node(&place).await;
    let error = PostgresStore::open(&place.url()).await.expect_err("refused");
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    Fresh::close(&one).await;
    let alone = place.open().await;
    let error =
        PostgresStore::open_as(&place.url(), Some(NodeId(Uuid::now_v7()))).await.expect_err("refused");
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    Fresh::close(&alone).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn one_of_them_does_what_only_one_does() {
    let place = Fresh::new().await;
    let nodes = [node(&place).await.1, node(&place).await.1].map(std::sync::Arc::new);
    let mut leads = Vec::new();
    let mut tasks = Vec::new();
    for node in &nodes {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        let node = std::sync::Arc::clone(node);
        tasks.push(tokio::spawn(async move { node.lead(sender).await }));
        leads.push(receiver);
    }
    let first = {
        let (one, other) = leads.split_at_mut(1);
        tokio::select! {
            _ = one[0].wait_for(|leads| *leads) => 0,
            _ = other[0].wait_for(|leads| *leads) => 1,
        }
    };
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(*leads[first].borrow() && !*leads[1 - first].borrow(), "one, and only one");
    tasks[first].abort();
    leads[1 - first].wait_for(|leads| *leads).await.expect("the other is there");
}
