//! The answer that is owed for a command: exactly one is given, whatever becomes of who owes it.

use std::sync::Arc;
use std::time::Instant;

use ractor::RpcReplyPort;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Span;
use uuid::Uuid;

use frontdesk_domain::conversation::Ack;
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ClientId, ConversationId};
use frontdesk_domain::letter::{Answer, NodeId};
use frontdesk_domain::refusal::Refusal;

use crate::cluster::Cluster;
use crate::metering;
use crate::outbox::Delivery;
use crate::trace::Trace;

/// A place among the commands that one socket may have under way. Held from the reader pump until the
/// command is answered, so that a sender is never further ahead than its window.
pub type Permit = Option<OwnedSemaphorePermit>;

/// The answer that is owed for a command. Dropped unanswered (its actor died, or was gone already), it
/// answers `unavailable` by itself, so that nobody waits for ever; the sender repeats with the same id.
#[derive(Debug, Default)]
pub struct Reply {
    to: Option<ReplyTo>,
    /// Where somebody traces. Boxed: messages are moved about a lot, and mostly nobody does.
    traced: Option<Box<Traced>>,
}

#[derive(Debug)]
struct Traced {
    /// Where what it is owed for belongs.
    trace: Trace,
    /// The span of the client's frame: it ends when the frame is answered.
    span: Option<Span>,
}

#[derive(Debug)]
enum ReplyTo {
    Socket {
        delivery: Delivery,
        conversation: ConversationId,
        id: ClientId,
        permit: Permit,
        /// A guest's place among all guests' messages, see [`crate::admission`].
        place: Permit,
        since: Instant,
    },
    Caller(RpcReplyPort<Result<Ack, Refusal>>),
    Node(Box<ToNode>),
}

/// Another process is owed the answer.
struct ToNode {
    cluster: Arc<Cluster>,
    node: NodeId,
    conversation: ConversationId,
    life: Uuid,
    ticket: u64,
}

impl std::fmt::Debug for ToNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToNode")
            .field("node", &self.node)
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// A socket is owed the answer, for the client's id. The permit is freed when it is on its way.
    pub fn to_socket(delivery: Delivery, conversation: ConversationId, id: ClientId, permit: Permit) -> Self {
        let since = Instant::now();
        Self::owed(ReplyTo::Socket { delivery, conversation, id, permit, place: None, since })
    }

    /// It holds this place until it is given.
    #[must_use]
    pub fn admitted(mut self, admitted: OwnedSemaphorePermit) -> Self {
        if let Some(ReplyTo::Socket { place, .. }) = &mut self.to {
            *place = Some(admitted);
        }
        self
    }

    /// A caller waits for the answer.
    pub fn to_caller(port: RpcReplyPort<Result<Ack, Refusal>>) -> Self {
        Self::owed(ReplyTo::Caller(port))
    }

    /// Another process is owed the answer, for its question with this number.
    pub fn to_node(
        cluster: &Arc<Cluster>,
        node: NodeId,
        conversation: ConversationId,
        life: Uuid,
        ticket: u64,
    ) -> Self {
        let cluster = Arc::clone(cluster);
        Self::owed(ReplyTo::Node(Box::new(ToNode { cluster, node, conversation, life, ticket })))
    }

    /// Nobody is owed an answer: for the rules' own commands.
    pub fn to_nobody() -> Self {
        Self::default()
    }

    /// It is owed for the frame of this span.
    #[must_use]
    pub fn of(mut self, span: Span) -> Self {
        if !span.is_disabled() {
            self.traced = Some(Box::new(Traced { trace: Trace::of(&span), span: Some(span) }));
        }
        self
    }

    /// What it is owed for belongs here.
    #[must_use]
    pub fn below(mut self, trace: Trace) -> Self {
        if trace.is_some() {
            self.traced = Some(Box::new(Traced { trace, span: None }));
        }
        self
    }

    /// Where what it is owed for belongs.
    pub fn trace(&self) -> Trace {
        self.traced.as_ref().map(|traced| traced.trace).unwrap_or_default()
    }

    fn owed(to: ReplyTo) -> Self {
        Self { to: Some(to), traced: None }
    }

    /// Answers.
    pub fn send(mut self, result: Result<Ack, Refusal>) {
        self.answer(result);
    }

    fn answer(&mut self, result: Result<Ack, Refusal>) {
        if let Some(span) = self.traced.take().and_then(|traced| traced.span) {
            let code = result.as_ref().err().map(|refusal| refusal.code.as_str());
            span.record("refused", code);
        }
        match self.to.take() {
            None => {}
            Some(ReplyTo::Caller(port)) => {
                // A caller that no longer waits knows why.
                let _ = port.send(result);
            }
            Some(ReplyTo::Node(to)) => {
                let answer = result.map_or_else(Answer::Refused, Answer::Done);
                to.cluster.answer(to.node, to.conversation, to.life, to.ticket, answer);
            }
            Some(ReplyTo::Socket { delivery, conversation, id, permit, place, since }) => {
                let frame = match result {
                    Ok(ack) => {
                        metering::acknowledged(since);
                        ServerFrame::Ack { id: ack.id, conversation, seq: ack.seq }
                    }
                    Err(refusal) => {
                        metering::refused("socket", refusal.code);
                        ServerFrame::refused(Some(id), refusal)
                    }
                };
                delivery.push(&frame.encode());
                drop((permit, place));
            }
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.answer(Err(Refusal::unavailable()));
    }
}
