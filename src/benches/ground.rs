//! A real database file with conversations, and commits for them made beforehand, so that only the store is
//! measured.

#![allow(dead_code, reason = "each program uses its part")]

use std::path::Path;
use std::time::{Duration, Instant};

use frontdesk::store::sqlite::SqliteStore;
use frontdesk::store::{Accounts, GuestRow, Guests};
use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::{Commit, Store, TurnRow};
use frontdesk_domain::conversation::{Act, Command, Conversation, Say};
use frontdesk_domain::event::Channel;
use frontdesk_domain::frame::Action;
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::{AgentRef, Author, GuestProfile};
use frontdesk_domain::timestamp::Timestamp;
use futures_util::future::join_all;
use nix::time::{ClockId, clock_gettime};
use uuid::Uuid;

/// About 200 bytes, as a guest writes.
const WORDS: &str = "Good evening! We arrive tomorrow with the late train, at about half past eleven. Is somebody \
                     at the desk then, or is there a code for the door? And may we park our two bicycles inside?";

/// What a stretch of work took.
pub struct Took {
    /// Time of all processors, of this process.
    pub cpu: Duration,
    /// Time of the clock.
    pub wall: Duration,
}

/// Processor time of this process so far, user and system.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("a clock").into()
}

/// Measures a stretch of work.
pub async fn measure(work: impl Future<Output = ()>) -> Took {
    let (cpu_before, before) = (cpu(), Instant::now());
    work.await;
    Took { cpu: cpu() - cpu_before, wall: before.elapsed() }
}

/// Opens the store and makes its hotel.
pub async fn open(path: &Path) -> (SqliteStore, PropertyId) {
    let store = SqliteStore::open(path).await.expect("opens");
    let property = store.property("default", "Hotel").await.expect("a hotel").0;
    (store, property)
}

/// Adds conversations in which people answer, so that no turn of the AI begins.
pub async fn conversations(store: &SqliteStore, property: PropertyId, count: usize) -> Vec<Conversation> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let some = join_all((0..(count - all.len()).min(1_000)).map(|_| conversation(store, property)));
        all.extend(some.await);
    }
    all
}

async fn conversation(store: &SqliteStore, property: PropertyId) -> Conversation {
    let (id, conversation) = (GuestId(Uuid::now_v7()), ConversationId(Uuid::now_v7()));
    let profile = GuestProfile {
        id: Some(id),
        name: Some("Ana Nova".to_owned()),
        room: Some("12".to_owned()),
        ..GuestProfile::default()
    };
    let mut key = [0; 32];
    key[..16].copy_from_slice(id.0.as_bytes());
    let guest = GuestRow { id, property, profile: profile.clone(), conversation };
    store.add_guest(guest, Channel::Web, SessionKey(key), Timestamp(1_000)).await.expect("added");
    let mut state = Conversation::new(conversation, property, Channel::Web, profile, Timestamp(1_000));
    let agent = AgentRef { id: AgentId(Uuid::now_v7()), name: "Ben".to_owned() };
    let act = Act { by: Author::agent(&agent), id: client_id(), action: Action::TakeOver, assignee: None };
    let taken = commit(&mut state, Command::Act(act), 1_000);
    store.append(taken).await.expect("stored");
    state
}

fn client_id() -> ClientId {
    ClientId::try_from(Uuid::now_v7().to_string()).expect("an id")
}

fn commit(state: &mut Conversation, command: Command, at: i64) -> Commit {
    let decision = state.decide(command, Timestamp(at), TurnId(Uuid::nil())).expect("allowed");
    let snapshot = state.after(&decision);
    state.apply(&decision, snapshot.clone());
    Commit { events: decision.events, snapshot, turn: TurnRow::Keep, inbound: None, enclosed: Vec::new() }
}

/// The commit of the guest's next message, applied.
pub fn say(state: &mut Conversation, at: i64) -> Commit {
    let by = Author::guest(state.guest_id().expect("a guest"), Some("Ana Nova".to_owned()));
    let text = WORDS.to_owned();
    let files = Vec::new();
    let say = Say { by, id: client_id(), text, note: false, reply_to: None, attachments: Vec::new(), files };
    commit(state, Command::Say(say), at)
}

/// Stores what each of those who wait has to store, one commit after the other.
pub async fn store_all(store: &SqliteStore, work: Vec<Vec<Commit>>) {
    join_all(work.into_iter().map(|commits| async move {
        for commit in commits {
            store.append(commit).await.expect("stored");
        }
    }))
    .await;
}
