//! To the AI pool.

use std::time::Duration;

use ractor::{ActorRef, RpcReplyPort};
use tokio::time::Instant;

use frontdesk_domain::ids::{ConversationId, PropertyId, Seq, TurnId};
use frontdesk_domain::pool::Class;

use crate::ports::{Bill, Prompt};
use crate::trace::Trace;

use super::{Attempt, Busy, ConversationRef, Lease};

/// A turn that the AI is to answer.
#[derive(Clone, Debug)]
pub struct TurnRequest {
    /// Which.
    pub turn: TurnId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Of which hotel.
    pub property: PropertyId,
    /// The guest's language, where known.
    pub locale: Option<String>,
    /// It answers what the guest said after this place …
    pub after: Seq,
    /// … up to and with this one.
    pub through: Seq,
    /// How long the guest has waited already.
    pub waited: Duration,
    /// No model is to be asked: the guest wants a person, or somebody must look at once.
    pub direct: bool,
    /// Where it belongs.
    pub trace: Trace,
}

/// The AI pool.
pub type AiPoolRef = ActorRef<AiPoolMsg>;

/// To the AI pool.
#[derive(Debug)]
pub enum AiPoolMsg {
    /// Have a turn answered; its news goes to `reply`.
    Ask {
        /// What.
        request: TurnRequest,
        /// The conversation.
        reply: ConversationRef,
    },
    /// The conversation was read. Sent by itself.
    Prepared {
        /// For which turn.
        turn: TurnId,
        /// What the model is shown; `None`: it could not be read.
        prompt: Option<Box<Prompt>>,
        /// Tokens of its lines.
        tokens: u64,
    },
    /// Somebody wants to call the model: help for an agent, or work that nobody waits for.
    Lease {
        /// A new id for the call.
        id: TurnId,
        /// About which conversation.
        conversation: ConversationId,
        /// Of which hotel.
        property: PropertyId,
        /// What for.
        class: Class,
        /// Tokens of what is to be sent.
        tokens: u64,
        /// How long it may wait.
        within: Duration,
        /// The place, once there is one.
        reply: RpcReplyPort<Result<Lease, Busy>>,
    },
    /// A lease was dropped. Sent by itself.
    LeaseEnded {
        /// Which.
        id: TurnId,
        /// How its call went.
        attempt: Attempt,
    },
    /// Nobody wants this turn's answer any more.
    Cancel(TurnId),
    /// The model said its first word. Sent by the worker.
    FirstWord {
        /// Of which turn.
        turn: TurnId,
    },
    /// A call that has its place wants to send another request.
    Again {
        /// Which.
        turn: TurnId,
        /// Tokens of what is to be sent.
        tokens: u64,
        /// How long it may wait.
        by: Instant,
        /// True: it may. Dropped if the call is over.
        reply: RpcReplyPort<bool>,
    },
    /// What a call came to. Sent by the model's adapter before the call's task ends.
    Bill(Box<Bill>),
    /// A worker is done. Sent by the worker's own watcher.
    WorkerEnded {
        /// With which turn.
        turn: TurnId,
        /// How.
        attempt: Attempt,
    },
    /// The pause before another try is over. Sent by itself.
    TryAgain(TurnId),
    /// Look at the queue again. Sent by itself.
    Pump,
    /// Write the books. Sent by itself.
    Flush,
}
