//! Records of the AI's turns, and a conversation as it happened.

use std::time::Duration;

use uuid::Uuid;

use frontdesk_actors::ports::{ModelCall, Store};
use frontdesk_domain::ids::{ConversationId, PropertyId, TurnId};
use frontdesk_domain::timestamp::Timestamp;

use super::{Place, conversation, hotel, on_both, say};
use crate::store::records::{RECORDS_KEPT, TurnRecord};
use crate::store::{Accounts, Records};

on_both!(a_conversation_is_replayed, the_newest_records_stay);

pub(in crate::store) fn record(
    property: PropertyId,
    conversation: ConversationId,
    turn: TurnId,
) -> TurnRecord {
    TurnRecord {
        turn,
        conversation,
        property,
        by: "model".to_owned(),
        model: None,
        question: "what Rosalind asked".to_owned(),
        prompt: Vec::new(),
        sources: Vec::new(),
        calls: Vec::new(),
        said: "\u{0}".to_owned(),
        outcome: "said".to_owned(),
        reason: None,
        at: Timestamp(5),
        first_word_ms: Some(4),
        whole_ms: 9,
    }
}

async fn a_conversation_is_replayed<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let elsewhere = store.property("other", "Other").await.expect("made").0;
    let mut state = conversation(&store, property).await;
    store.append(say(&mut state, "when is breakfast?", 2_000)).await.expect("stored");
    store.append(say(&mut state, "hello?", 3_000)).await.expect("stored");
    let turn = TurnId(Uuid::now_v7());
    store.add_records(vec![record(property, state.id(), turn)]).await.expect("written");
    let call = ModelCall {
        turn,
        conversation: state.id(),
        property,
        at: Timestamp(6),
        outcome: "said".to_owned(),
        tokens: frontdesk_domain::pool::Tokens { prompt: 3, completion: 4 },
        estimated: true,
        cost_micros: 12,
        queued: Duration::ZERO,
        first_word: None,
        whole: Duration::from_millis(9),
    };
    store.book(vec![call]).await.expect("booked");
    let replay = store.replay(property, state.id()).await.expect("reads").expect("is there");
    assert_eq!(replay.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((replay.turns.len(), replay.cost_micros), (0, 12));
    assert!(store.replay(elsewhere, state.id()).await.expect("reads").is_none());
    assert!(store.recorded(property, 10).await.expect("reads").is_empty(), "no turn has ended");
    P::close(&store).await;
}

async fn the_newest_records_stay<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let state = conversation(&store, property).await;
    let turn = || TurnId(Uuid::now_v7());
    let many = (0..RECORDS_KEPT + 5).map(|_| record(property, state.id(), turn())).collect();
    store.add_records(many).await.expect("written");
    let data = crate::store::Privacy::export_guest(&store, state.guest_id().expect("a guest")).await;
    let data = data.expect("reads").expect("is there");
    let kept = data["tables"]["turn_records"].as_array().map(Vec::len);
    assert_eq!(kept, usize::try_from(RECORDS_KEPT).ok());
    P::close(&store).await;
}
