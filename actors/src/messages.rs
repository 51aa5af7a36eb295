//! Every message that actors send each other, on one page; what goes along and has a life of its own is below.
//!
//! Requests are imperative, facts past tense; a variant that is answered ends with `reply`.

mod lease;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorRef, RpcReplyPort};

use frontdesk_domain::conversation::{Command, TurnNews};
use frontdesk_domain::frame::{ClientFrame, Close};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, PropertyId, Seq, TurnId};
use frontdesk_domain::inbound::Parcel;
pub use frontdesk_domain::inbound::{DeliveryFailure, DeliveryReport};
use frontdesk_domain::people::{AgentRef, Author, Principal};
use frontdesk_domain::pool::Class;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::summary::Summary;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::outbox::{Delivery, Outbox};
use crate::ports::{Bill, Prompt, whatsapp};
use crate::socket::Voice;
use crate::trace::Trace;

pub use lease::{Attempt, Busy, Lease};
pub use reply::{Permit, Reply};

/// A conversation.
pub type ConversationRef = ActorRef<ConversationMsg>;
/// A socket.
pub type SocketRef = ActorRef<SocketMsg>;

/// A socket's name within the process, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// A login or guest session, by the digest of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey(pub [u8; 32]);

/// A socket and who is at its other end.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The socket's name.
    pub id: SocketId,
    /// The socket.
    pub socket: SocketRef,
    /// Where it is told.
    pub delivery: Delivery,
    /// Who reads there.
    pub who: Arc<Principal>,
}

/// To a conversation.
#[derive(Debug)]
pub enum ConversationMsg {
    /// Decide on this.
    Perform {
        /// Who asks; `None` for the rules themselves.
        who: Option<Arc<Principal>>,
        /// What.
        command: Box<Command>,
        /// Whom to answer.
        reply: Reply,
    },
    /// Decide on all that is waiting: what was queued before this shares a commit. Sent by itself.
    Flush,
    /// Tell this socket what happens. Answered with [`SocketMsg::Joined`] or [`SocketMsg::NotJoined`].
    Join(Reader),
    /// No more.
    Leave {
        /// The socket's name.
        id: SocketId,
    },
    /// Somebody is writing, or no longer.
    Typing {
        /// The socket that says so; it is not told.
        from: Reader,
        /// Whether.
        on: bool,
    },
    /// Somebody has read up to here.
    Read {
        /// The socket that says so; it is not told.
        from: Reader,
        /// The last event read.
        seq: Seq,
    },
    /// The AI reports on a turn.
    TurnNews {
        /// Which.
        turn: TurnId,
        /// What.
        news: TurnNews,
    },
    /// Has the turn that was open some time ago come to an end? Sent by itself.
    CheckTurn {
        /// Which.
        turn: TurnId,
    },
    /// The moment of quiet that was to end at this time is over. Sent by itself.
    Quiet {
        /// Of which turn.
        turn: TurnId,
        /// The time, as the rules named it.
        due: Timestamp,
    },
    /// Erase what anybody said.
    Erase {
        /// Who says so.
        by: Author,
        /// Answered when it is gone from the store.
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
    /// Has anybody acknowledged the alarm of this time? Sent by itself.
    Escalate {
        /// When it was raised.
        since: Timestamp,
        /// Which rung of the ladder is due, counted from 1.
        rung: u32,
    },
    /// The time of a snooze has come.
    Wake,
    /// Is anybody still here? Sent by the supervisor, now and then.
    CheckIdle,
    /// Nobody was: stop. Sent by itself once nobody can find it any more.
    Retire,
}

/// To a socket.
#[derive(Debug)]
pub enum SocketMsg {
    /// The client sent a frame of the contract.
    Frame {
        /// The frame.
        frame: ClientFrame,
        /// Its place in the window.
        permit: Permit,
    },
    /// The client sent something else.
    BadFrame {
        /// Its id, where one could be read.
        id: Option<ClientId>,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// The connection has ended.
    Ended,
    /// Close the connection.
    Close(Close),
    /// Read and written as one of the conversation's readers from now on.
    Joined {
        /// Which.
        conversation: ConversationId,
        /// Its actor.
        actor: ConversationRef,
        /// As it stands.
        summary: Box<Summary>,
        /// Its newest event that this reader may see: what comes live is newer.
        head: Seq,
        /// What the AI has shown so far, if it is speaking.
        draft: Option<(TurnId, String)>,
        /// The AI is at work.
        ai_typing: bool,
    },
    /// It is not there, or not this reader's.
    NotJoined {
        /// Which.
        conversation: ConversationId,
        /// Why.
        refusal: Refusal,
    },
    /// Go on reading what this client has missed. Sent by itself.
    CatchUp {
        /// Where.
        conversation: ConversationId,
    },
    /// Open again what was lost with its actor. Sent by itself.
    Rejoin {
        /// Where.
        conversation: ConversationId,
    },
    /// Join the inbox, again if it was restarted. Sent by itself.
    JoinInbox,
}

/// To the supervisor of the sockets.
#[derive(Debug)]
pub enum SocketsMsg {
    /// A client said a good `hello`: start its socket.
    Attach {
        /// Who.
        who: Principal,
        /// By which session.
        session: SessionKey,
        /// What is due to it.
        outbox: Outbox,
        /// For a guest: what it holds of its conversation.
        after: Option<Seq>,
        /// The way in for what the client sends.
        reply: RpcReplyPort<Result<Voice, Refusal>>,
    },
    /// A session was ended: close its sockets.
    EndSession(SessionKey),
    /// An agent's rights changed: close all of the agent's sockets.
    EndAgent(AgentId),
    /// The server is going away: close all sockets, and answer when none is left.
    Drain(RpcReplyPort<()>),
}

/// To the supervisor of the conversations.
#[derive(Debug)]
pub enum ConversationsMsg {
    /// Wake the snoozed ones whose time has come. Sent by itself, now and then.
    WakeSnoozed,
    /// Ask some of the live ones if anybody is still there. Sent by itself, now and then.
    Sweep,
    /// Open one again that failed. Sent by itself.
    Reopen(ConversationId),
    /// Open those whose turn a crash left open.
    Recover,
    /// The server is going away: answer when every command so far is stored.
    Drain(RpcReplyPort<()>),
}

/// To the inbox.
#[derive(Debug)]
pub enum InboxMsg {
    /// An agent's socket wants to know.
    Join {
        /// The socket's name.
        id: SocketId,
        /// Where it is told.
        delivery: Delivery,
        /// Of which property.
        property: PropertyId,
        /// Which agent.
        agent: AgentRef,
    },
    /// No more.
    Leave {
        /// The socket's name.
        id: SocketId,
    },
    /// A conversation changed.
    Changed(Box<Summary>),
    /// Something that needs a person's hand, in words; `None`: it is done.
    Alarm(Option<String>),
    /// Tell what was gathered. Sent by itself.
    Flush,
}

/// To the ingress of the web channel.
#[derive(Debug)]
pub enum WebIngressMsg {
    /// A guest says something or rates.
    Admit {
        /// Who.
        who: Arc<Principal>,
        /// What.
        command: Box<Command>,
        /// Whom to answer.
        reply: Reply,
    },
    /// A guest's socket wants its conversation.
    Join(Reader),
}

/// To the ingress of the WhatsApp channel.
#[derive(Debug)]
pub enum WhatsAppIngressMsg {
    /// A webhook brought something.
    Admit {
        /// What, from one person.
        parcel: Box<Parcel>,
        /// Where this belongs.
        trace: Trace,
        /// Answered when all of it is on disk.
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
}

/// To the one who fetches guests' files.
#[derive(Debug)]
pub enum WhatsAppMediaMsg {
    /// There may be files to fetch. Also sent by itself, now and then.
    Look,
    /// A file was fetched, or not. Sent by the fetch itself.
    Ended(Uuid),
}

/// To the outbox of the WhatsApp channel.
#[derive(Debug)]
pub enum WhatsAppOutboxMsg {
    /// WhatsApp reports on a message.
    Status {
        /// What.
        report: Box<DeliveryReport>,
        /// Answered when it is on disk.
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
    /// A conversation has something to send.
    Due(ConversationId),
    /// What this conversation sends next belongs here. Said only where somebody traces.
    Traced(ConversationId, Trace),
    /// Look into the table. Sent by itself, now and then.
    Look,
    /// What the table holds. Sent by the look itself.
    Found(Vec<whatsapp::Delivery>),
    /// What is first in a conversation. Sent by the read itself.
    Head {
        /// Where.
        conversation: ConversationId,
        /// Nothing: all of it is done.
        head: Option<Box<whatsapp::Delivery>>,
    },
    /// A try has ended. Sent by the try itself.
    Attempted(Box<Attempted>),
    /// A report may have settled what a conversation waits for. Sent by itself.
    Settled(ConversationId),
    /// Tell conversations what became of their messages: one, or all. Sent by itself.
    TellNews(Option<ConversationId>),
    /// Staff have read the guest's messages up to here, or an answer to them is being written.
    Seen {
        /// Where.
        conversation: ConversationId,
        /// The last event read.
        seq: Seq,
        /// An answer is being written.
        typing: bool,
    },
    /// A read mark is done with, or given up. Sent by itself.
    Marked(ConversationId),
    /// See what may be sent now. Sent by itself.
    Pump,
}

/// How a try to send something ended, and what that means for others.
#[derive(Debug)]
pub struct Attempted {
    /// Where.
    pub conversation: ConversationId,
    /// What is first there now.
    pub next: Option<Box<whatsapp::Delivery>>,
    /// WhatsApp took it.
    pub taken: bool,
    /// Staff are to be told something.
    pub news: bool,
    /// The table did not answer: what is first there now is not known.
    pub table_failed: bool,
    /// This guest gets nothing for so long.
    pub guest_waits: Option<Duration>,
    /// The number sends nothing for so long.
    pub number_waits: Option<Duration>,
    /// The number sends nothing until a person has done something, and why.
    pub stopped: Option<String>,
}

impl Attempted {
    /// A try of which nothing is known.
    pub fn lost(conversation: ConversationId) -> Self {
        Self {
            conversation,
            next: None,
            taken: false,
            news: false,
            table_failed: true,
            guest_waits: None,
            number_waits: None,
            stopped: None,
        }
    }
}

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
