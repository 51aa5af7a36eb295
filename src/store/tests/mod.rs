//! What holds of the store, whichever database it is on.

pub(in crate::store) mod accounts;
pub(in crate::store) mod audit;
mod deliveries;
mod links;
mod listing;
mod log;
mod logins;
mod plain_loop;
mod privacy;
mod records;
mod stays;
pub(in crate::store) mod webhooks;
mod writing;

use frontdesk_actors::ports::whatsapp::Deliveries;
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::{Commit, TurnRow};
use frontdesk_domain::conversation::{Conversation, Decision, TurnStep};
use frontdesk_domain::event::{Channel, Event, EventKind, Message};
use frontdesk_domain::ids::{ClientId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::{Audience, Author, GuestProfile};
use frontdesk_domain::timestamp::Timestamp;

use super::{Database, GuestRow};

/// A database of one's own.
pub(in crate::store) trait Place {
    type Store: Database + Deliveries;

    /// A new one.
    async fn new() -> Self;
    async fn open(&self) -> Self::Store;
    async fn close(store: &Self::Store);
}

/// Makes tests of functions that are given the kind of place.
macro_rules! on_both {
    ($($(#[$how:meta])* $name:ident),* $(,)?) => {
        mod sqlite {
            $($(#[$how])* #[tokio::test] async fn $name() {
                super::$name::<crate::store::sqlite::tests::File>().await;
            })*
        }
        mod postgres {
            $($(#[$how])* #[tokio::test] #[ignore = "needs PostgreSQL: make test-postgres"] async fn $name() {
                super::$name::<crate::store::postgres::tests::Fresh>().await;
            })*
        }
    };
}
use on_both;

pub(in crate::store) async fn hotel(store: &impl Database) -> PropertyId {
    store.property("default", "Hotel").await.expect("a property").0
}

pub(in crate::store) fn session() -> SessionKey {
    let mut key = [0; 32];
    key[..16].copy_from_slice(Uuid::now_v7().as_bytes());
    SessionKey(key)
}

pub(in crate::store) async fn conversation_of(
    store: &impl Database,
    property: PropertyId,
    profile: GuestProfile,
) -> Conversation {
    let id = ConversationId(Uuid::now_v7());
    let guest = GuestRow { id: GuestId(Uuid::now_v7()), property, profile, conversation: id };
    store.add_guest(guest, Channel::Web, session(), Timestamp(1_000)).await.expect("a guest");
    store.load(id).await.expect("reads").expect("is there")
}

pub(in crate::store) async fn conversation(store: &impl Database, property: PropertyId) -> Conversation {
    conversation_of(store, property, GuestProfile::default()).await
}

pub(in crate::store) fn event(
    state: &Conversation,
    ahead: u64,
    by: Author,
    at: i64,
    kind: EventKind,
) -> Event {
    Event {
        conversation: state.id(),
        seq: state.last_seq() + ahead,
        guest_prev: state.head(Audience::Guest),
        id: None,
        fingerprint: None,
        at: Timestamp(at),
        by,
        kind,
    }
}

/// The commit for these events, applied.
pub(in crate::store) fn commit(state: &mut Conversation, events: Vec<Event>, turn: TurnStep) -> Commit {
    let decision = Decision { events, turn, ..Decision::default() };
    let snapshot = state.after(&decision);
    state.apply(&decision, snapshot.clone());
    let turn = match decision.turn {
        TurnStep::Open(turn) => TurnRow::Open(turn),
        TurnStep::Close => TurnRow::Close,
        TurnStep::Keep | TurnStep::Show(..) | TurnStep::Asked(_) => TurnRow::Keep,
    };
    Commit {
        events: decision.events,
        snapshot,
        turn,
        inbound: None,
        enclosed: Vec::new(),
        ended: decision.ended,
        deliveries: Vec::new(),
    }
}

pub(in crate::store) fn change(state: &mut Conversation, at: i64, kind: EventKind) -> Commit {
    let event = event(state, 1, Author::system(), at, kind);
    commit(state, vec![event], TurnStep::Keep)
}

/// The guest says something.
pub(in crate::store) fn say(state: &mut Conversation, text: &str, at: i64) -> Commit {
    let by = Author::guest(state.guest_id().expect("a guest"), Some("Ana \"Nova\"".to_owned()));
    let mut event = event(state, 1, by, at, EventKind::Message(Message::new(text, Channel::Web)));
    event.id = Some(ClientId::try_from(Uuid::now_v7().to_string()).expect("an id"));
    event.fingerprint = Some(u64::MAX - 7);
    commit(state, vec![event], TurnStep::Keep)
}
