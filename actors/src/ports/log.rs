//! The log of all conversations, and what is read beside it.

use async_trait::async_trait;
use uuid::Uuid;

use frontdesk_domain::conversation::{
    CommandKey, Conversation, Enclosed, EndedTurn, FoundFile, InboundRow, Receipt, Snapshot, Turn,
};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId, Seq};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::outgoing::Outgoing;
use frontdesk_domain::people::{AgentRef, Audience};
use frontdesk_domain::pool::Spent;
use frontdesk_domain::timestamp::Timestamp;

use crate::ports::{Acquainted, DueFile, FileFate, ModelCall, OddNames, PassedNumber, Person};

/// One conversation's part of a durable commit: all of it is stored, or none.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The new events, in order; may be empty.
    pub events: Vec<Event>,
    /// The conversation after them.
    pub snapshot: Snapshot,
    /// What becomes of the row of its open turn.
    pub turn: TurnRow,
    /// What of it came in over WhatsApp.
    pub inbound: Option<InboundRow>,
    /// Uploads that its events name. An upload that another message names already is a conflict.
    pub enclosed: Vec<Enclosed>,
    /// The turns that are over.
    pub ended: Vec<EndedTurn>,
    /// What its messages become on their way to a phone.
    pub deliveries: Vec<Outgoing>,
}

/// What becomes of the row that remembers an open turn.
#[derive(Clone, Debug)]
pub enum TurnRow {
    /// It stays as it is.
    Keep,
    /// It is written, in the place of an older one.
    Open(Turn),
    /// It goes.
    Close,
}

/// Why the store did not do as it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Its queue is full. Nothing was stored.
    #[error("the store's queue is full")]
    Overloaded,
    /// It cannot at the moment. Nothing was acknowledged; a later append will tell if it is there.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// An event with this place exists: somebody else wrote to the conversation, or an append that was
    /// reported as failed had been stored after all. Whoever gets this must read the conversation again.
    #[error("the conversation was changed by somebody else")]
    Conflict,
}

/// Which events of a conversation are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Those after `after`, oldest first.
    After {
        /// The last one not wanted.
        after: Seq,
        /// At most so many.
        limit: u32,
    },
    /// The newest before `before` (all, if `None`), oldest first.
    Newest {
        /// The first one not wanted.
        before: Option<Seq>,
        /// At most so many.
        limit: u32,
    },
}

/// The log of all conversations.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A conversation as it stands, or `None` if there is no such.
    async fn load(&self, conversation: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// What became of the command with this id, if there was one. Asked of old ids only, and of a conversation
    /// that is not written to meanwhile.
    async fn receipt(
        &self,
        conversation: ConversationId,
        key: &CommandKey,
    ) -> Result<Option<Receipt>, StoreError>;

    /// Stores one commit. When this returns `Ok`, it is on disk (synced).
    async fn append(&self, commit: Commit) -> Result<(), StoreError>;

    /// Events that `audience` may see, oldest first.
    async fn events(
        &self,
        conversation: ConversationId,
        audience: Audience,
        span: Span,
    ) -> Result<Vec<Event>, StoreError>;

    /// Takes the words out of a conversation's events up to `through`, for good; what is left is
    /// [`Event::erased`]. May be asked again. On disk when this returns `Ok`.
    async fn redact(&self, conversation: ConversationId, through: Seq) -> Result<(), StoreError> {
        let _ = (conversation, through);
        Err(StoreError::Unavailable("this store does not erase".to_owned()))
    }

    /// Conversations whose turn was left open, for instance by a crash.
    async fn open_turns(&self) -> Result<Vec<ConversationId>, StoreError>;

    /// Conversations whose alarm may still ring: found again after a restart.
    async fn alarms(&self) -> Result<Vec<ConversationId>, StoreError> {
        Ok(Vec::new())
    }

    /// Writes calls of the model into the books.
    async fn book(&self, calls: Vec<ModelCall>) -> Result<(), StoreError> {
        drop(calls);
        Ok(())
    }

    /// What the books say was spent since then.
    async fn spent(&self, since: Timestamp) -> Result<Spent, StoreError> {
        let _ = since;
        Ok(Spent::default())
    }

    /// Snoozed conversations whose time has come, at most 1,000.
    async fn due_snoozes(&self, now: Timestamp) -> Result<Vec<ConversationId>, StoreError>;

    /// Uploads as they are stored, those that there are.
    async fn files(&self, ids: Vec<Uuid>) -> Result<Vec<FoundFile>, StoreError>;

    /// Where the message with this WhatsApp id is, ours or the guest's.
    async fn message_of(&self, wamid: &str) -> Result<Option<(ConversationId, Seq)>, StoreError>;

    /// The WhatsApp guest with these names. What of them is new is noted, unless it is another guest's: that
    /// is [`OddNames::contested`]. A number that WhatsApp shows beside another user id than before passes to
    /// that user id's guest, and is [`OddNames::taken`]. With `make`, a guest whom nobody knows is made, with
    /// a conversation, in the same commit; two at once make one.
    async fn acquaint(&self, person: Person, make: bool) -> Result<Option<Acquainted>, StoreError>;

    /// Notes more names of a guest, which are the newest unless the guest was seen by others since `at`.
    async fn learn(
        &self,
        guest: GuestId,
        property: PropertyId,
        aliases: Vec<Alias>,
        at: Timestamp,
    ) -> Result<OddNames, StoreError>;

    /// Numbers that passed on of which staff are not told yet, at most `limit`. Each is written in the commit by
    /// which it passes on; of WhatsApp's own id beside the number there is none.
    async fn passed_numbers(&self, limit: u32) -> Result<Vec<PassedNumber>, StoreError>;

    /// Staff were told of it.
    async fn told_of(&self, number: PassedNumber) -> Result<(), StoreError>;

    /// Files that are to be fetched now, at most `limit`.
    async fn due_files(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFile>, StoreError>;

    /// Notes what became of fetching a file.
    async fn put_file(&self, id: Uuid, fate: FileFate) -> Result<(), StoreError>;

    /// An agent of the property to whom conversations may be assigned: enabled, and not only a viewer.
    async fn assignable(&self, property: PropertyId, agent: AgentId) -> Result<Option<AgentRef>, StoreError>;
}
