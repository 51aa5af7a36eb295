//! What the actors need of the world outside, as traits. The process implements them; the tests fake them.

pub mod whatsapp;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use frontdesk_domain::conversation::{
    CommandKey, Conversation, Enclosed, EndedTurn, FoundFile, InboundRow, Page, Receipt, Snapshot, Turn,
    TurnEnd,
};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId, Seq, TurnId};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::outgoing::Outgoing;
use frontdesk_domain::people::{AgentRef, Audience, Author, GuestProfile};
use frontdesk_domain::pool::{Spent, Tokens};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

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
    /// is [`Acquainted::contested`]. With `make`, a guest whom nobody knows is made, with a conversation, in
    /// the same commit; two at once make one.
    async fn acquaint(&self, person: Person, make: bool) -> Result<Option<Acquainted>, StoreError>;

    /// Notes more names of a guest, and says how many of them are another guest's: those stay there.
    async fn learn(
        &self,
        guest: GuestId,
        property: PropertyId,
        aliases: Vec<Alias>,
        at: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Files that are to be fetched now, at most `limit`.
    async fn due_files(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFile>, StoreError>;

    /// Notes what became of fetching a file.
    async fn put_file(&self, id: Uuid, fate: FileFate) -> Result<(), StoreError>;

    /// An agent of the property to whom conversations may be assigned: enabled, and not only a viewer.
    async fn assignable(&self, property: PropertyId, agent: AgentId) -> Result<Option<AgentRef>, StoreError>;
}

/// Somebody who writes over WhatsApp.
#[derive(Clone, Debug)]
pub struct Person {
    /// To which hotel.
    pub property: PropertyId,
    /// All names, the surest first.
    pub aliases: Vec<Alias>,
    /// The profile, should the guest be new. Its `id` is the new guest's.
    pub profile: GuestProfile,
    /// The conversation, should the guest be new.
    pub conversation: ConversationId,
    /// When.
    pub at: Timestamp,
}

/// A guest whom the store knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquainted {
    /// The guest.
    pub guest: GuestId,
    /// The name that the guest first gave.
    pub name: Option<String>,
    /// The one WhatsApp conversation.
    pub conversation: ConversationId,
    /// Just made.
    pub is_new: bool,
    /// How many of the names are another guest's.
    pub contested: usize,
}

/// A file that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFile {
    /// The file.
    pub id: Uuid,
    /// WhatsApp's id for it.
    pub media: String,
    /// What the sender says it is.
    pub media_type: String,
    /// How often it was tried.
    pub tries: u32,
    /// When its message was stored.
    pub since: Timestamp,
}

/// What became of fetching a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFate {
    /// It is here.
    Kept(KeptFile),
    /// Not yet: again at this time.
    Later(Timestamp),
    /// It will not come.
    Lost,
}

/// A file that is in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// What it is, by content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

/// Why a file was not kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file any more.
    #[error("gone")]
    Gone,
    /// More bytes, or more pixels, than are taken.
    #[error("too large")]
    TooLarge,
    /// It is none of the kinds that are taken, or damaged.
    #[error("not a file that is taken: {0}")]
    Unfit(&'static str),
    /// Not at the moment; later it may go.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// Where guests' files are while they are not here.
#[async_trait]
pub trait MediaSource: Send + Sync + 'static {
    /// Fetches a file whole, if it has at most `max_bytes`.
    async fn fetch(&self, media: &str, max_bytes: u64) -> Result<Bytes, FileError>;
}

/// Where files are kept. What may be kept, and how it is made harmless, is decided there.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Looks at a file and keeps it under `id`, on disk when this returns. With `any`, a kind that is not
    /// known is kept as plain bytes; else it is [`FileError::Unfit`].
    async fn keep(&self, id: Uuid, bytes: Bytes, any: bool) -> Result<KeptFile, FileError>;

    /// A file that was kept, whole.
    async fn read(&self, id: Uuid) -> Result<Bytes, FileError>;
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
    /// Our own limits held it back: nobody's fault.
    #[error("no_room")]
    NoRoom,
}

impl ModelError {
    /// True if the same call may go well a little later.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::RateLimited | Self::Server | Self::Interrupted | Self::Unreachable)
    }
}

/// What a call of the model came to, as its adapter saw it.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The turn, or the lease.
    pub turn: TurnId,
    /// Requests that went out for it.
    pub requests: u32,
    /// The server said no before it read the prompt.
    pub refused: bool,
    /// Characters of the prompt.
    pub prompt_chars: usize,
    /// Characters that came back, shown or not.
    pub answer_chars: usize,
    /// The server's own count of tokens, if it came.
    pub counted: Option<Tokens>,
    /// How long the server asks this call to wait.
    pub retry_after: Option<Duration>,
    /// How long nobody is to call, by the server's headers.
    pub rest: Option<Duration>,
}

/// A call of the model, as it stands in the books.
#[derive(Clone, Debug)]
pub struct ModelCall {
    /// The turn, or the lease.
    pub turn: TurnId,
    /// About which conversation.
    pub conversation: ConversationId,
    /// Of which hotel.
    pub property: PropertyId,
    /// When it ended.
    pub at: Timestamp,
    /// How, as a short code.
    pub outcome: String,
    /// What it took.
    pub tokens: Tokens,
    /// By our own estimate.
    pub estimated: bool,
    /// In millionths of the operator's currency.
    pub cost_micros: u64,
    /// How long it waited in the pool.
    pub queued: Duration,
    /// How long the first word took.
    pub first_word: Option<Duration>,
    /// How long it took as a whole.
    pub whole: Duration,
}

/// A source of answers: a language model, or the embedded answerer.
pub trait Model: Send + Sync + 'static {
    /// Starts an answer. Dropping the stream stops the work and closes what it holds open.
    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<Piece, ModelError>>;
}

/// Tells somebody outside of an alarm that nobody acknowledges.
pub trait Pager: Send + Sync + 'static {
    /// Sends it on its way, without waiting: repeats and time-outs are its own affair.
    fn page(&self, property: PropertyId, conversation: ConversationId, page: &Page);
}

/// One rung of the ladder by which alarms are passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// How long after the alarm was raised.
    pub after: Duration,
    /// To whom, by a name of the operator's.
    pub to: String,
}

/// To whom alarms go that nobody acknowledges.
#[derive(Clone, Default)]
pub struct Ladder {
    /// The rungs, the first one first.
    pub rungs: Vec<Rung>,
    /// Who carries the word; none: the rungs are told in the conversation only.
    pub pager: Option<Arc<dyn Pager>>,
}
