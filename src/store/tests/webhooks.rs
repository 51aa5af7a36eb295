//! Outgoing webhooks: their deliveries are read off the log.

use std::time::{Duration, Instant};

use uuid::Uuid;

use frontdesk_actors::ports::Store;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::timestamp::Timestamp;

use super::{Place, conversation, hotel, on_both, say};
use crate::store::webhooks::{Tried, Webhook, WebhookStep, Webhooks};
use crate::store::{Accounts, PageRequest, WriteError};

on_both!(each_event_is_written_down_once, what_is_over_is_thrown_away);

pub(in crate::store) fn webhook(property: PropertyId) -> Webhook {
    Webhook {
        id: Uuid::now_v7(),
        property,
        url: "https://pms.example/hook".to_owned(),
        events: vec!["message".to_owned()],
        secret: vec![1, 2],
        old_secret: Some((vec![3], Timestamp(9))),
        enabled: true,
        fault: None,
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    }
}

/// Reads on until so many deliveries are written down. On a PostgreSQL server that others write to at the same time, an
/// event is read once those who began before it have ended.
async fn gathered(store: &impl Webhooks, hook: Uuid, count: usize) {
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        while store.gather_deliveries(hook, Timestamp(20), 3).await.expect("gathered") {}
        let all = store.deliveries(hook, None, PageRequest { limit: 50, cursor: None }).await;
        if all.expect("reads").items.len() >= count {
            return;
        }
        assert!(Instant::now() < give_up, "not written down in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn each_event_is_written_down_once<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let elsewhere = store.property("other", "Other").await.expect("made").0;
    let (mut ours, mut other) = (conversation(&store, property).await, conversation(&store, elsewhere).await);
    store.append(say(&mut ours, "before", 1)).await.expect("stored");
    let hook = webhook(property);
    store.add_webhook(hook.clone()).await.expect("added");
    assert_eq!(store.webhook(property, hook.id).await.expect("reads"), Some(hook.clone()));
    let mut moves = store.log_moves();
    moves.mark_unchanged();
    for n in 0..5 {
        store.append(say(&mut ours, "now", 10 + n)).await.expect("stored");
        store.append(say(&mut other, "theirs", 10 + n)).await.expect("stored");
    }
    assert!(moves.has_changed().expect("open"));
    gathered(&store, hook.id, 5).await;
    assert!(!store.gather_deliveries(hook.id, Timestamp(21), 3).await.expect("gathered"));
    let page = PageRequest { limit: 50, cursor: None };
    let all = store.deliveries(hook.id, None, page).await.expect("reads").items;
    let mut seqs: Vec<_> = all.iter().filter_map(|one| one.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, [2, 3, 4, 5, 6], "those of this hotel, from when it was added");

    // Of each conversation the first that waits.
    let due = store.due_deliveries(hook.id, Timestamp(20), 10).await.expect("reads");
    let [first] = &due[..] else { panic!("{due:?}") };
    assert_eq!((first.seq, first.tries), (Some(2), 0));
    let tried = |step, due| Tried {
        step,
        due_at: Timestamp(due),
        status: Some(503),
        error: Some("busy".to_owned()),
        at: Timestamp(22),
    };
    store.put_delivery(first.id, tried(WebhookStep::Waiting, 90)).await.expect("written");
    assert!(store.due_deliveries(hook.id, Timestamp(50), 10).await.expect("reads").is_empty());
    assert_eq!(store.next_delivery(Timestamp(50)).await.expect("reads"), Some(Timestamp(90)));
    store.put_delivery(first.id, tried(WebhookStep::Delivered, 90)).await.expect("written");
    let due = store.due_deliveries(hook.id, Timestamp(50), 10).await.expect("reads");
    assert_eq!(due[0].seq, Some(3));
    store.redeliver(hook.id, first.id, Timestamp(60)).await.expect("again");
    let again = store.due_deliveries(hook.id, Timestamp(60), 10).await.expect("reads");
    assert_eq!((again[0].seq, again[0].tries, again[0].status), (Some(2), 0, Some(503)));

    // What happens while it is off is passed over.
    store.put_webhook(Webhook { enabled: false, ..hook.clone() }).await.expect("off");
    store.append(say(&mut ours, "unheard", 30)).await.expect("stored");
    assert!(!store.gather_deliveries(hook.id, Timestamp(31), 3).await.expect("off"));
    store.put_webhook(hook.clone()).await.expect("on");
    store.append(say(&mut ours, "heard", 32)).await.expect("stored");
    gathered(&store, hook.id, 6).await;
    let page = PageRequest { limit: 1, cursor: None };
    let newest = store.deliveries(hook.id, Some(WebhookStep::Waiting), page).await.expect("reads");
    assert_eq!(newest.items[0].seq, Some(8));
    assert!(newest.next.is_some());
}

async fn what_is_over_is_thrown_away<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let hook = webhook(property);
    store.add_webhook(hook.clone()).await.expect("added");
    let (over, waits) = (Uuid::now_v7(), Uuid::now_v7());
    for id in [over, waits] {
        store.ping_webhook(hook.id, id, Timestamp(5)).await.expect("written");
    }
    let tried = Tried {
        step: WebhookStep::Failed,
        due_at: Timestamp(5),
        status: None,
        error: None,
        at: Timestamp(6),
    };
    store.put_delivery(over, tried).await.expect("written");
    assert_eq!(store.prune_deliveries(Timestamp(6)).await.expect("pruned"), 1);
    store.fail_webhook(hook.id, "gone", Timestamp(9)).await.expect("off");
    assert!(store.enabled_webhooks().await.expect("reads").is_empty());
    let found = store.webhooks(property).await.expect("reads");
    assert_eq!((found[0].enabled, found[0].fault.as_deref()), (false, Some("gone")));
    let resealed = Webhook { secret: vec![7], old_secret: None, ..hook.clone() };
    store.put_sealed_webhook_secrets(vec![resealed]).await.expect("written");
    assert_eq!(store.sealed_webhook_secrets().await.expect("reads")[0].secret, [7]);
    store.remove_webhook(property, hook.id).await.expect("removed");
    assert!(matches!(store.remove_webhook(property, hook.id).await, Err(WriteError::NotFound)));
}
