//! What became of a turn, for the pool's books. Every turn is reported, cancelled ones too: a cancelled
//! stream never delivers its count of tokens, so what was seen of it must be booked in its place.

use std::fmt;
use std::time::Duration;

use frontdesk_domain::ids::TurnId;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::failure::Failure;
use super::limits::Limits;

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// With an answer.
    Said,
    /// With a hand-over.
    HandedOver,
    /// Not at all.
    Failed(Failure),
    /// The stream was dropped by its listener.
    Cancelled,
}

/// Tokens as the server counted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub prompt: u64,
    /// Of the answer.
    pub completion: u64,
}

/// One turn.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Which.
    pub turn: TurnId,
    /// How it ended.
    pub outcome: Outcome,
    /// Requests sent for it: more than one only if the server refused a field, or something was looked up.
    pub requests: u32,
    /// Characters of the prompt.
    pub prompt_chars: usize,
    /// Characters that came back, shown or not.
    pub answer_chars: usize,
    /// The server's own count, if it came.
    pub usage: Option<Usage>,
    /// What the headers say of limits.
    pub limits: Limits,
    /// From the request to the first word.
    pub first_word: Option<Duration>,
    /// From the request to the end.
    pub whole: Duration,
}

/// Takes reports. Called once for each turn, on whatever task dropped or ended it: must not block.
pub trait Watcher: Send + Sync + 'static {
    /// A turn is over.
    fn turn_over(&self, report: &Report);

    /// May a turn send another request, of so many tokens? Waits until `by` at most.
    fn may_ask_again(&self, _turn: TurnId, _tokens: u64, _by: Instant) -> BoxFuture<'static, bool> {
        Box::pin(std::future::ready(true))
    }
}

/// Takes no notice.
pub(super) struct Nobody;

impl Watcher for Nobody {
    fn turn_over(&self, _: &Report) {}
}

impl fmt::Debug for dyn Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}
