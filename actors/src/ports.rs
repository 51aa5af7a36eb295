//! What the actors need of the world outside, as traits. The process implements them; the tests fake them.

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use frontdesk_domain::conversation::{Conversation, Snapshot, Turn, TurnEnd};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{AgentId, ConversationId, PropertyId, Seq, TurnId};
use frontdesk_domain::people::{AgentRef, Audience, Author};
use frontdesk_domain::timestamp::Timestamp;

/// One conversation's part of a durable commit: all of it is stored, or none.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The new events, in order; may be empty.
    pub events: Vec<Event>,
    /// The conversation after them.
    pub snapshot: Snapshot,
    /// What becomes of the row of its open turn.
    pub turn: TurnRow,
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

    /// Stores one commit. When this returns `Ok`, it is on disk (synced).
    async fn append(&self, commit: Commit) -> Result<(), StoreError>;

    /// Events that `audience` may see, oldest first.
    async fn events(
        &self,
        conversation: ConversationId,
        audience: Audience,
        span: Span,
    ) -> Result<Vec<Event>, StoreError>;

    /// Conversations whose turn was left open, for instance by a crash.
    async fn open_turns(&self) -> Result<Vec<ConversationId>, StoreError>;

    /// Snoozed conversations whose time has come, at most 1,000.
    async fn due_snoozes(&self, now: Timestamp) -> Result<Vec<ConversationId>, StoreError>;

    /// An agent of the property to whom conversations may be assigned: enabled, and not only a viewer.
    async fn assignable(&self, property: PropertyId, agent: AgentId) -> Result<Option<AgentRef>, StoreError>;
}

/// What the AI is to answer.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The hotel.
    pub property: PropertyId,
    /// The conversation, for correlation only.
    pub conversation: ConversationId,
    /// The turn, for correlation only.
    pub turn: TurnId,
    /// What the guest has seen, oldest first; the last lines are the guest's and unanswered.
    pub lines: Vec<Line>,
    /// The guest's language, where known.
    pub locale: Option<String>,
}

/// One message that the guest has seen.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who.
    pub by: Author,
    /// What.
    pub text: String,
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub enum Piece {
    /// More words.
    Text(String),
    /// The end. A stream that ends without one was interrupted.
    End(TurnEnd),
}

/// Why a model gave no (whole) answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Too many requests or tokens; later it may go.
    #[error("rate_limited")]
    RateLimited,
    /// A fault on the other side.
    #[error("server_error")]
    Server,
    /// No money, or no key that opens.
    #[error("refused")]
    Refused,
    /// It did not understand us, or we it.
    #[error("bad_answer")]
    BadAnswer,
    /// The stream broke off.
    #[error("interrupted")]
    Interrupted,
    /// It could not be reached.
    #[error("unreachable")]
    Unreachable,
    /// It took too long.
    #[error("timed_out")]
    TimedOut,
}

/// A source of answers: a language model, or the embedded answerer.
pub trait Model: Send + Sync + 'static {
    /// Starts an answer. Dropping the stream stops the work and closes what it holds open.
    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<Piece, ModelError>>;
}
