//! Every message that actors send each other: here those of the core, below those of the AI pool and of WhatsApp,
//! and what goes along and has a life of its own.
//!
//! Requests are imperative, facts past tense; a variant that is answered ends with `reply`.

mod elsewhere;
mod lease;
mod pool;
mod reply;
mod whatsapp;

use std::sync::Arc;

use ractor::{ActorRef, RpcReplyPort};

use frontdesk_domain::conversation::{Command, TurnNews};
use frontdesk_domain::frame::{ClientFrame, Close};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, PropertyId, Seq, TurnId};
pub use frontdesk_domain::inbound::{DeliveryFailure, DeliveryReport};
use frontdesk_domain::letter::NodeId;
use frontdesk_domain::people::{AgentRef, Author, Principal};
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::summary::Summary;
use frontdesk_domain::timestamp::Timestamp;

use crate::outbox::{Delivery, Outbox};
use crate::socket::Voice;

pub use elsewhere::{FromNode, Origin};
pub use lease::{Attempt, Busy, Lease};
pub use pool::{AiPoolMsg, AiPoolRef, TurnRequest};
pub use reply::{Permit, Reply};
pub use whatsapp::{Attempted, WhatsAppIngressMsg, WhatsAppMediaMsg, WhatsAppOutboxMsg};

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
    /// Does its owner live, wherever that is? Sent by the supervisor where somebody must mind it.
    CheckOwner,
    /// Another process says something of it.
    FromNode(Box<FromNode>),
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
    /// A conversation of ours changed.
    Changed(Box<Summary>),
    /// A conversation that another process has changed.
    ChangedElsewhere(Box<Summary>),
    /// These agents of a property are at another process.
    Present {
        /// Which.
        node: NodeId,
        /// Of which property.
        property: PropertyId,
        /// All of them.
        agents: Vec<AgentRef>,
    },
    /// Say again who is here, and forget processes that no longer do. Sent by itself.
    Roll,
    /// Something that needs a person's hand, in words; `None`: it is done.
    Alarm(Option<String>),
    /// The same, from another process.
    AlarmElsewhere(Option<String>),
    /// Tell what was gathered. Sent by itself.
    Flush,
}

/// To the pulse.
#[derive(Debug)]
pub enum PulseMsg {
    /// Look into the database. Sent by itself.
    Look,
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
