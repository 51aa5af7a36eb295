//! The order in which webhooks read the log.

use std::time::{Duration, Instant};

use sqlx::Connection;

use frontdesk_actors::ports::Store;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::{Fresh, Place};
use crate::store::PageRequest;
use crate::store::tests::webhooks::webhook;
use crate::store::tests::{conversation, hotel, say};
use crate::store::webhooks::{Webhook, Webhooks};

const INSERT: &str = "
    INSERT INTO events (conversation, seq, at, author_kind, guest_prev, guest_visible, kind, body)
    VALUES ($1, $2, 1, 'guest', 0, TRUE, 'message', '{}')";

/// Those that are written down once there are so many: other databases of the server hold us up as well.
async fn seqs(store: &impl Webhooks, hook: Uuid, count: usize) -> Vec<u64> {
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        let seqs = seqs_now(store, hook).await;
        if seqs.len() >= count || Instant::now() > give_up {
            return seqs;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn seqs_now(store: &impl Webhooks, hook: Uuid) -> Vec<u64> {
    while store.gather_deliveries(hook, Timestamp(20), 2).await.expect("gathered") {}
    let all = store.deliveries(hook, None, PageRequest { limit: 50, cursor: None }).await.expect("reads");
    let mut seqs: Vec<_> = all.items.into_iter().filter_map(|one| one.seq).collect();
    seqs.sort_unstable();
    seqs
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn what_is_committed_late_is_not_passed_over() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let late = conversation(&store, property).await;
    let hook = webhook(property);
    store.add_webhook(hook.clone()).await.expect("added");
    let mut other = place.other().await;
    let mut tx = other.begin().await.expect("begun");
    sqlx::query(INSERT).bind(late.id().0).bind(9_i64).execute(&mut *tx).await.expect("inserted");
    store.append(say(&mut state, "quicker", 10)).await.expect("stored");
    assert!(seqs_now(&store, hook.id).await.is_empty(), "one before it is not over");
    let mut moves = store.log_moves();
    tx.commit().await.expect("committed");
    // Nothing is stored any more, and yet it is looked at again.
    moves.changed().await.expect("open");
    assert_eq!(seqs(&store, hook.id, 2).await, [1, 9]);
    store.append(say(&mut state, "next", 11)).await.expect("stored");
    assert_eq!(seqs(&store, hook.id, 3).await, [1, 2, 9]);
}

/// The older of them holds up what is read, and does not bring along what others wrote meanwhile.
#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_webhook_begins_when_it_is_added_and_not_with_what_is_open_then() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let late = conversation(&store, property).await;
    let mut other = place.other().await;
    let mut tx = other.begin().await.expect("begun");
    sqlx::query(INSERT).bind(late.id().0).bind(9_i64).execute(&mut *tx).await.expect("inserted");
    store.append(say(&mut state, "before", 10)).await.expect("stored");
    let hook = webhook(property);
    store.add_webhook(hook.clone()).await.expect("added");
    store.append(say(&mut state, "after", 11)).await.expect("stored");
    tx.commit().await.expect("committed");
    // The 9th was there for nobody when it was added.
    assert_eq!(seqs(&store, hook.id, 2).await, [2, 9]);

    let mut tx = other.begin().await.expect("begun");
    sqlx::query(INSERT).bind(late.id().0).bind(10_i64).execute(&mut *tx).await.expect("inserted");
    store.put_webhook(Webhook { enabled: false, ..hook.clone() }).await.expect("off");
    store.append(say(&mut state, "while it is off", 12)).await.expect("stored");
    store.put_webhook(hook.clone()).await.expect("on");
    // Nothing begins anew for one that is on.
    store.append(say(&mut state, "on again", 13)).await.expect("stored");
    store.put_webhook(hook.clone()).await.expect("as it is");
    tx.commit().await.expect("committed");
    assert_eq!(seqs(&store, hook.id, 4).await, [2, 4, 9, 10]);
}

/// As in a log that was restored on a server that has counted fewer transactions.
#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_log_from_another_server_goes_on() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let hook = webhook(property);
    store.add_webhook(hook.clone()).await.expect("added");
    for n in 0..3 {
        store.append(say(&mut state, "sent", 10 + n)).await.expect("stored");
    }
    assert_eq!(seqs(&store, hook.id, 3).await, [1, 2, 3]);
    store.append(say(&mut state, "not sent yet", 20)).await.expect("stored");
    store.close().await;
    let mut other = place.other().await;
    for table in [
        "UPDATE events SET xact = xact + 1000000000",
        "UPDATE webhooks SET xact = xact + 1000000000, since = '1000000000:2000000000:'",
    ] {
        sqlx::query(table).execute(&mut other).await.expect("counted");
    }
    let store = place.open().await;
    assert_eq!(seqs(&store, hook.id, 4).await, [1, 2, 3, 4]);
    store.append(say(&mut state, "new", 21)).await.expect("stored");
    assert_eq!(seqs(&store, hook.id, 5).await, [1, 2, 3, 4, 5]);
}
