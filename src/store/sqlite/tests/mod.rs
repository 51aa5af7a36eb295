//! The store on real files.

mod accounts;
mod catching_up;
mod deliveries;
mod listing;
mod log;
mod opening;
mod plain_loop;
mod privacy;
mod upgrading;
mod writing;

use std::path::PathBuf;

use tempfile::TempDir;
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::{Commit, Store, TurnRow};
use frontdesk_domain::conversation::{Conversation, Decision, TurnStep};
use frontdesk_domain::event::{Channel, Event, EventKind, Message};
use frontdesk_domain::ids::{ClientId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::{Audience, Author, GuestProfile};
use frontdesk_domain::timestamp::Timestamp;

use super::SqliteStore;
use crate::store::{Accounts, GuestRow, Guests};

/// A folder with a database.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("frontdesk.db")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.expect("opens")
    }
}

async fn hotel(store: &SqliteStore) -> PropertyId {
    store.property("default", "Hotel").await.expect("a property").0
}

fn session() -> SessionKey {
    let mut key = [0; 32];
    key[..16].copy_from_slice(Uuid::now_v7().as_bytes());
    SessionKey(key)
}

async fn conversation_of(store: &SqliteStore, property: PropertyId, profile: GuestProfile) -> Conversation {
    let id = ConversationId(Uuid::now_v7());
    let guest = GuestRow { id: GuestId(Uuid::now_v7()), property, profile, conversation: id };
    store.add_guest(guest, Channel::Web, session(), Timestamp(1_000)).await.expect("a guest");
    store.load(id).await.expect("reads").expect("is there")
}

async fn conversation(store: &SqliteStore, property: PropertyId) -> Conversation {
    conversation_of(store, property, GuestProfile::default()).await
}

fn event(state: &Conversation, ahead: u64, by: Author, at: i64, kind: EventKind) -> Event {
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
fn commit(state: &mut Conversation, events: Vec<Event>, turn: TurnStep) -> Commit {
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

fn change(state: &mut Conversation, at: i64, kind: EventKind) -> Commit {
    let event = event(state, 1, Author::system(), at, kind);
    commit(state, vec![event], TurnStep::Keep)
}

/// The guest says something.
fn say(state: &mut Conversation, text: &str, at: i64) -> Commit {
    let by = Author::guest(state.guest_id().expect("a guest"), Some("Ana \"Nova\"".to_owned()));
    let mut event = event(state, 1, by, at, EventKind::Message(Message::new(text, Channel::Web)));
    event.id = Some(ClientId::try_from(Uuid::now_v7().to_string()).expect("an id"));
    event.fingerprint = Some(u64::MAX - 7);
    commit(state, vec![event], TurnStep::Keep)
}
