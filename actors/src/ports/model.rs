//! Sources of answers, and what a call of one comes to.

use std::time::Duration;

use futures_util::stream::BoxStream;

use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::ids::{ConversationId, PropertyId, TurnId};
use frontdesk_domain::people::Author;
use frontdesk_domain::pool::Tokens;
use frontdesk_domain::timestamp::Timestamp;

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
    /// Our own limits held another request of it back: nobody's fault.
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
