//! A log in memory that can be told to fail.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use frontdesk_actors::ports::{
    Acquainted, Commit, DueFile, FileFate, OddNames, PassedNumber, Person, Span, Store, StoreError, TurnRow,
};
use frontdesk_domain::conversation::{
    CommandKey, Conversation, EndedTurn, FoundFile, Receipt, Snapshot, Turn,
};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId, Seq};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::people::{AgentRef, Audience};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

#[derive(Default)]
pub struct MemoryLog {
    conversations: Mutex<HashMap<ConversationId, Stored>>,
    /// What the next appends are answered with instead.
    faults: Mutex<Vec<StoreError>>,
    fails_after_next: Mutex<Option<StoreError>>,
    pub loads: AtomicUsize,
    /// How many commits were asked for.
    pub appends: AtomicUsize,
    /// Held for writing by a test, no commit is answered.
    pub held: tokio::sync::RwLock<()>,
    /// How often the receipt of an id was asked for.
    pub asked: AtomicUsize,
}

struct Stored {
    snapshot: Snapshot,
    events: Vec<Event>,
    turn: Option<Turn>,
    ended: Vec<EndedTurn>,
}

impl MemoryLog {
    pub fn add(&self, conversation: Conversation) {
        let stored = Stored {
            snapshot: conversation.snapshot().clone(),
            events: Vec::new(),
            turn: None,
            ended: Vec::new(),
        };
        self.conversations.lock().unwrap().insert(conversation.id(), stored);
    }

    pub fn fail_next(&self, error: StoreError) {
        self.faults.lock().unwrap().push(error);
    }

    /// The next append is let through, the one after it fails.
    pub fn fail_after_next(&self, error: StoreError) {
        *self.fails_after_next.lock().unwrap() = Some(error);
    }

    pub fn events_of(&self, id: ConversationId) -> Vec<Event> {
        self.conversations.lock().unwrap()[&id].events.clone()
    }

    pub fn ended_of(&self, id: ConversationId) -> Vec<EndedTurn> {
        self.conversations.lock().unwrap()[&id].ended.clone()
    }

    /// An event that is in the log and that its conversation has not told.
    pub fn store_untold(&self, event: Event) {
        let mut all = self.conversations.lock().unwrap();
        all.get_mut(&event.conversation).unwrap().events.push(event);
    }

    pub fn turn_of(&self, id: ConversationId) -> Option<Turn> {
        self.conversations.lock().unwrap()[&id].turn.clone()
    }
}

#[async_trait]
impl Store for MemoryLog {
    async fn load(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let all = self.conversations.lock().unwrap();
        let Some(stored) = all.get(&id) else { return Ok(None) };
        let receipts = stored.events.iter().filter_map(|event| {
            let receipt = Receipt { seq: event.seq, fingerprint: event.fingerprint? };
            Some(((event.by.key(), event.id.clone()?), receipt))
        });
        let turn = stored.turn.clone().map(|turn| Turn { shown: String::new(), ..turn });
        Ok(Some(Conversation::restore(stored.snapshot.clone(), turn, receipts.collect())))
    }

    async fn receipt(&self, id: ConversationId, key: &CommandKey) -> Result<Option<Receipt>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let all = self.conversations.lock().unwrap();
        let Some(stored) = all.get(&id) else { return Ok(None) };
        let mut own = stored
            .events
            .iter()
            .filter(|event| (event.by.key(), event.id.clone()) == (key.0, Some(key.1.clone())));
        Ok(own.next().and_then(|event| Some(Receipt { seq: event.seq, fingerprint: event.fingerprint? })))
    }

    async fn append(&self, commit: Commit) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        self.appends.fetch_add(1, Ordering::SeqCst);
        let _not_held = self.held.read().await;
        if let Some(fault) = self.faults.lock().unwrap().pop() {
            return Err(fault);
        }
        if let Some(fault) = self.fails_after_next.lock().unwrap().take() {
            self.fail_next(fault);
        }
        let mut all = self.conversations.lock().unwrap();
        let stored = all.get_mut(&commit.snapshot.id).ok_or(StoreError::Conflict)?;
        let next = stored.events.last().map_or(1, |event| event.seq + 1);
        if commit.events.first().is_some_and(|event| event.seq != next) {
            return Err(StoreError::Conflict);
        }
        stored.events.extend(commit.events);
        stored.snapshot = commit.snapshot;
        stored.ended.extend(commit.ended);
        match commit.turn {
            TurnRow::Keep => {}
            TurnRow::Open(turn) => stored.turn = Some(turn),
            TurnRow::Close => stored.turn = None,
        }
        Ok(())
    }

    async fn events(
        &self,
        id: ConversationId,
        audience: Audience,
        span: Span,
    ) -> Result<Vec<Event>, StoreError> {
        tokio::task::yield_now().await;
        let all = self.conversations.lock().unwrap();
        let Some(stored) = all.get(&id) else { return Ok(Vec::new()) };
        let seen: Vec<Event> =
            stored.events.iter().filter(|event| event.kind.seen_by(audience)).cloned().collect();
        Ok(match span {
            Span::After { after, limit } => {
                seen.into_iter().filter(|event| event.seq > after).take(limit as usize).collect()
            }
            Span::Newest { before, limit } => {
                let mut newest: Vec<Event> =
                    seen.into_iter().filter(|event| before.is_none_or(|end| event.seq < end)).collect();
                newest.drain(..newest.len().saturating_sub(limit as usize));
                newest
            }
        })
    }

    async fn open_turns(&self) -> Result<Vec<ConversationId>, StoreError> {
        let all = self.conversations.lock().unwrap();
        Ok(all.iter().filter(|(_, stored)| stored.turn.is_some()).map(|(id, _)| *id).collect())
    }

    async fn due_snoozes(&self, now: Timestamp) -> Result<Vec<ConversationId>, StoreError> {
        let all = self.conversations.lock().unwrap();
        let due = |stored: &Stored| stored.snapshot.until.is_some_and(|until| until <= now);
        Ok(all.iter().filter(|(_, stored)| due(stored)).map(|(id, _)| *id).collect())
    }

    async fn files(&self, _: Vec<Uuid>) -> Result<Vec<FoundFile>, StoreError> {
        Ok(Vec::new())
    }

    async fn message_of(&self, _: &str) -> Result<Option<(ConversationId, Seq)>, StoreError> {
        Ok(None)
    }

    async fn acquaint(&self, _: Person, _: bool) -> Result<Option<Acquainted>, StoreError> {
        Ok(None)
    }

    async fn learn(
        &self,
        _: GuestId,
        _: PropertyId,
        _: Vec<Alias>,
        _: Timestamp,
    ) -> Result<OddNames, StoreError> {
        Ok(OddNames::default())
    }

    async fn passed_numbers(&self, _: u32) -> Result<Vec<PassedNumber>, StoreError> {
        Ok(Vec::new())
    }

    async fn told_of(&self, _: PassedNumber) -> Result<(), StoreError> {
        Ok(())
    }

    async fn due_files(&self, _: Timestamp, _: u32) -> Result<Vec<DueFile>, StoreError> {
        Ok(Vec::new())
    }

    async fn put_file(&self, _: Uuid, _: FileFate) -> Result<(), StoreError> {
        Ok(())
    }

    async fn assignable(&self, _: PropertyId, agent: AgentId) -> Result<Option<AgentRef>, StoreError> {
        Ok(Some(AgentRef { id: agent, name: "assigned".into() }))
    }
}
