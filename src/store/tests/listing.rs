use std::collections::HashSet;

use uuid::Uuid;

use frontdesk_actors::ports::Store;
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::{EventKind, Status};
use frontdesk_domain::ids::{AgentId, ConversationId, PropertyId};
use frontdesk_domain::people::{AgentRef, GuestProfile};

use super::{Place, change, conversation, conversation_of, hotel, on_both, say};
use crate::store::{ConversationQuery, Database, ListError, Listing, PageRequest, View};

on_both!(
    each_view_in_its_order,
    paging_has_no_hole_and_no_repeat,
    found_by_tag_and_by_text,
    a_cursor_that_is_not_ours_is_refused,
);

pub(super) fn status(status: Status) -> EventKind {
    EventKind::Status { status, until: None, reason: None }
}

pub(super) async fn list(
    store: &impl Database,
    property: PropertyId,
    query: ConversationQuery,
    limit: u32,
) -> Vec<ConversationId> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit, cursor };
        let page = store.conversations(property, query.clone(), page).await.expect("reads");
        assert!(page.items.len() <= limit as usize);
        ids.extend(page.items.iter().map(|summary| summary.id));
        cursor = page.next;
        if cursor.is_none() {
            return ids;
        }
    }
}

fn view(view: View) -> ConversationQuery {
    ConversationQuery { view, ..ConversationQuery::default() }
}

async fn each_view_in_its_order<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let agent = AgentRef { id: AgentId(Uuid::now_v7()), name: "Ben".to_owned() };
    conversation(&store, property).await; // without events: never listed
    let mut made: Vec<Conversation> = Vec::new();
    for at in [10, 20, 30, 40, 50] {
        let mut state = conversation(&store, property).await;
        store.append(say(&mut state, "hello", at)).await.expect("stored");
        made.push(state);
    }
    let assigned = EventKind::Assigned { agent: Some(agent.clone()) };
    store.append(change(&mut made[1], 60, assigned.clone())).await.expect("stored");
    store.append(change(&mut made[4], 55, status(Status::Waiting))).await.expect("stored");
    store.append(change(&mut made[3], 70, status(Status::Waiting))).await.expect("stored");
    store.append(change(&mut made[3], 71, assigned)).await.expect("stored");
    store.append(change(&mut made[0], 80, status(Status::Closed))).await.expect("stored");
    let ids: Vec<_> = made.iter().map(Conversation::id).collect();

    // 3 waits since 40, 4 since 50; then what changed last.
    assert_eq!(list(&store, property, view(View::All), 2).await, [ids[3], ids[4], ids[1], ids[2]]);
    assert_eq!(list(&store, property, view(View::Mine(agent.id)), 1).await, [ids[3], ids[1]]);
    assert_eq!(list(&store, property, view(View::Unassigned), 200).await, [ids[4], ids[2]]);
    assert_eq!(list(&store, property, view(View::Waiting), 1).await, [ids[3], ids[4]]);
    assert_eq!(list(&store, property, view(View::Closed), 9).await, [ids[0]]);
    let stranger = AgentId(Uuid::now_v7());
    assert!(list(&store, property, view(View::Mine(stranger)), 9).await.is_empty());

    let elsewhere = store_property(&store).await;
    assert!(list(&store, elsewhere, view(View::All), 9).await.is_empty());
    assert_eq!(store.summary(property, ids[0]).await.expect("reads"), Some(made[0].summary()));
    assert_eq!(store.summary(elsewhere, ids[0]).await.expect("reads"), None);
}

async fn store_property(store: &impl Database) -> PropertyId {
    crate::store::Accounts::property(store, "other", "Other").await.expect("made").0
}

async fn paging_has_no_hole_and_no_repeat<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut states: Vec<Conversation> =
        futures_util::future::join_all((0..500).map(|_| conversation(&store, property))).await;
    // Many share a time, so that the id must decide.
    let firsts: Vec<_> =
        states.iter_mut().enumerate().map(|(n, state)| say(state, "hi", n as i64 / 7)).collect();
    for outcome in futures_util::future::join_all(firsts.into_iter().map(|one| store.append(one))).await {
        outcome.expect("stored");
    }
    let wait: Vec<_> =
        states.iter_mut().step_by(5).map(|state| change(state, 900, status(Status::Waiting))).collect();
    for outcome in futures_util::future::join_all(wait.into_iter().map(|one| store.append(one))).await {
        outcome.expect("stored");
    }
    for limit in [1, 7, 200] {
        let seen = list(&store, property, view(View::All), limit).await;
        assert_eq!(seen.len(), 500);
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 500);
        let first: HashSet<_> = states.iter().step_by(5).map(Conversation::id).collect();
        assert!(seen[..100].iter().all(|id| first.contains(id)), "those waiting come first");
    }
    // The limit is kept within 1 to 200.
    let page = PageRequest { limit: 0, cursor: None };
    assert_eq!(store.conversations(property, view(View::All), page).await.expect("reads").items.len(), 1);
    let page = PageRequest { limit: 9_999, cursor: None };
    assert_eq!(store.conversations(property, view(View::All), page).await.expect("reads").items.len(), 200);
}

async fn found_by_tag_and_by_text<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let profile = GuestProfile {
        name: Some("Zoë Ångström".to_owned()),
        email: Some("zoe_a@example.com".to_owned()),
        phone: Some("+49 170".to_owned()),
        room: Some("12b".to_owned()),
        ..GuestProfile::default()
    };
    let mut zoe = conversation_of(&store, property, profile).await;
    store.append(say(&mut zoe, "A 20% discount, \"please\"; it's DUE", 10)).await.expect("stored");
    store
        .append(change(&mut zoe, 11, EventKind::Tags { tags: vec!["vip".into(), "späte Anreise".into()] }))
        .await
        .expect("stored");
    let mut other = conversation(&store, property).await;
    store.append(say(&mut other, "hello there", 12)).await.expect("stored");

    let q = async |text: &str| {
        let query = ConversationQuery { q: Some(text.to_owned()), ..ConversationQuery::default() };
        list(&store, property, query, 10).await
    };
    for text in ["zoë", "ÅNG", "ZOE_A", "+49", "12B", "20%", "\"please\"", "it's due", "VIP", "spÄte"] {
        assert_eq!(q(text).await, [zoe.id()], "{text}");
    }
    for text in ["%", "_", "'"] {
        assert_eq!(q(text).await, [zoe.id()], "{text} stands for itself");
    }
    for text in ["z%e", "hell_", "' OR 1=1 --", "\\%", "angstrom"] {
        assert!(q(text).await.is_empty(), "{text}");
    }
    assert_eq!(q("").await.len(), 2);

    let tag = async |text: &str| {
        let query = ConversationQuery { tag: Some(text.to_owned()), ..ConversationQuery::default() };
        list(&store, property, query, 10).await
    };
    assert_eq!(tag("vip").await, [zoe.id()]);
    assert_eq!(tag("späte Anreise").await, [zoe.id()]);
    for text in ["vi", "v%", "_ip", "\"vip\"", "' OR 1=1 --"] {
        assert!(tag(text).await.is_empty(), "{text}");
    }
}

async fn a_cursor_that_is_not_ours_is_refused<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    for cursor in ["", "x", "####", "YQ", "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M", &"A".repeat(20_000)] {
        let page = PageRequest { limit: 10, cursor: Some(cursor.to_owned()) };
        let outcome = store.conversations(property, view(View::All), page).await;
        assert!(matches!(outcome, Err(ListError::BadCursor)), "{cursor}");
    }
}
