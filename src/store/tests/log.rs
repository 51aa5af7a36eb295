use std::sync::Arc;

use frontdesk_actors::ports::{Span, Store, StoreError, TurnRow};
use frontdesk_domain::conversation::{Turn, TurnStep};
use frontdesk_domain::event::{EventKind, Status};
use frontdesk_domain::ids::{ConversationId, TurnId};
use frontdesk_domain::people::{Audience, Author};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::{Place, change, commit, conversation, event, hotel, on_both, say};

on_both!(
    what_is_stored_is_read_again_also_after_a_new_start,
    spans_name_what_is_wanted,
    of_an_unknown_conversation_there_is_nothing,
    snoozes_are_due_in_their_time,
);

const ALL: Span = Span::After { after: 0, limit: 1_000 };

async fn what_is_stored_is_read_again_also_after_a_new_start<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    assert_eq!(state.last_seq(), 0);

    let words = "Is there parking? \u{1F697} \"quotes\" \\ ' % _ \n\t שלום";
    let mut stored = Vec::new();
    let mut first = say(&mut state, words, 2_000);
    let turn = Turn { restarts: 1, recoveries: 1, ..Turn::new(TurnId(Uuid::now_v7()), Timestamp(2_000)) };
    first.turn = TurnRow::Open(turn.clone());
    stored.extend(first.events.clone());
    store.append(first).await.expect("stored");
    let note = change(&mut state, 3_000, EventKind::Note { text: "a regular".to_owned() });
    stored.extend(note.events.clone());
    store.append(note).await.expect("stored");
    let two = vec![
        event(&state, 1, Author::ai(), 4_000, EventKind::Tags { tags: vec!["vip".to_owned()] }),
        event(
            &state,
            2,
            Author::system(),
            4_000,
            EventKind::Status { status: Status::Waiting, until: None, reason: None },
        ),
    ];
    let two = commit(&mut state, two, TurnStep::Open(turn));
    stored.extend(two.events.clone());
    store.append(two).await.expect("stored");

    P::close(&store).await;
    let store = place.open().await;
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state.clone()));
    assert_eq!(store.events(state.id(), Audience::Agents, ALL).await.expect("reads"), stored);
    let seen: Vec<_> = stored.iter().filter(|event| event.kind.seen_by(Audience::Guest)).cloned().collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(store.events(state.id(), Audience::Guest, ALL).await.expect("reads"), seen);
    assert_eq!(store.open_turns().await.expect("reads"), [state.id()]);

    let done = commit(&mut state, Vec::new(), TurnStep::Close);
    store.append(done).await.expect("stored");
    assert!(store.open_turns().await.expect("reads").is_empty());
    assert_eq!(store.load(state.id()).await.expect("reads"), Some(state));
}

async fn spans_name_what_is_wanted<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    for n in 1..=9 {
        let one = if n % 3 == 0 {
            change(&mut state, n, EventKind::Note { text: "n".to_owned() })
        } else {
            say(&mut state, "m", n)
        };
        store.append(one).await.expect("stored");
    }
    let read = async |audience, span| {
        let events = store.events(state.id(), audience, span).await.expect("reads");
        events.iter().map(|event| event.seq).collect::<Vec<_>>()
    };
    assert_eq!(read(Audience::Agents, Span::After { after: 2, limit: 3 }).await, [3, 4, 5]);
    assert_eq!(read(Audience::Guest, Span::After { after: 2, limit: 3 }).await, [4, 5, 7]);
    assert_eq!(read(Audience::Agents, Span::Newest { before: None, limit: 2 }).await, [8, 9]);
    assert_eq!(read(Audience::Guest, Span::Newest { before: None, limit: 2 }).await, [7, 8]);
    assert_eq!(read(Audience::Guest, Span::Newest { before: Some(7), limit: 10 }).await, [1, 2, 4, 5]);
    assert!(read(Audience::Agents, Span::After { after: 9, limit: 5 }).await.is_empty());
}

async fn of_an_unknown_conversation_there_is_nothing<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let unknown = ConversationId(Uuid::now_v7());
    assert_eq!(store.load(unknown).await.expect("reads"), None);
    assert!(store.events(unknown, Audience::Agents, ALL).await.expect("reads").is_empty());

    let property = hotel(&store).await;
    let mut state = conversation(&store, property).await;
    let mut stray = say(&mut state, "lost", 1);
    Arc::make_mut(&mut stray.snapshot).id = unknown;
    stray.events[0].conversation = unknown;
    assert!(matches!(store.append(stray).await, Err(StoreError::Conflict)));
}

async fn snoozes_are_due_in_their_time<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut ids = Vec::new();
    for until in [5_000, 3_000, 9_000] {
        let mut state = conversation(&store, property).await;
        let status = Status::Snoozed;
        let kind = EventKind::Status { status, until: Some(Timestamp(until)), reason: None };
        store.append(change(&mut state, 2_000, kind)).await.expect("stored");
        ids.push(state.id());
        if until == 9_000 {
            let kind = EventKind::Status { status: Status::Closed, until: None, reason: None };
            store.append(change(&mut state, 2_001, kind)).await.expect("stored");
        }
    }
    assert!(store.due_snoozes(Timestamp(2_999)).await.expect("reads").is_empty());
    assert_eq!(store.due_snoozes(Timestamp(9_999)).await.expect("reads"), [ids[1], ids[0]]);
}
