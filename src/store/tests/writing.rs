use std::sync::Arc;

use frontdesk_actors::ports::{Span, Store, StoreError};
use frontdesk_domain::people::Audience;

use super::{Place, conversation, hotel, on_both, say};

on_both!(
    a_commit_must_leave_no_hole,
    a_snapshot_without_events_must_be_of_the_newest_event,
    a_crowd_leaves_no_hole,
);

async fn a_commit_must_leave_no_hole<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let mut ahead = state.clone();
    say(&mut ahead, "not stored", 1);
    assert!(matches!(store.append(say(&mut ahead, "two", 2)).await, Err(StoreError::Conflict)));
    let mut torn = say(&mut state.clone(), "one", 1);
    torn.events[0].seq = 2;
    assert!(matches!(store.append(torn).await, Err(StoreError::Conflict)));
    store.append(say(&mut state, "one", 1)).await.expect("stored");
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}

async fn a_snapshot_without_events_must_be_of_the_newest_event<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let mut stale = say(&mut state.clone(), "", 1);
    stale.events.clear();
    stale.snapshot = state.snapshot().clone();
    store.append(stale.clone()).await.expect("nothing changed yet");
    store.append(say(&mut state, "news", 2)).await.expect("stored");
    assert!(matches!(store.append(stale).await, Err(StoreError::Conflict)));
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}

async fn a_crowd_leaves_no_hole<P: Place>() {
    let place = P::new().await;
    let store = Arc::new(place.open().await);
    let property = hotel(&*store).await;
    let mut crowd = Vec::new();
    for _ in 0..50 {
        let mut state = conversation(&*store, property).await;
        let store = Arc::clone(&store);
        crowd.push(tokio::spawn(async move {
            // Ten at a time without waiting: several commits of one conversation fall into one group.
            for round in 0..2 {
                let ten: Vec<_> = (0..10).map(|n| say(&mut state, "hello", round * 10 + n)).collect();
                for outcome in futures_util::future::join_all(ten.into_iter().map(|c| store.append(c))).await
                {
                    outcome.expect("stored");
                }
            }
            state
        }));
    }
    for one in crowd {
        let state = one.await.expect("no panic");
        let span = Span::After { after: 0, limit: 1_000 };
        let events = store.events(state.id(), Audience::Agents, span).await.expect("reads");
        assert!(events.iter().map(|event| event.seq).eq(1..=20));
        assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
    }
}
