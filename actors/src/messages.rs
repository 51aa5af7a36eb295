//! Every message that actors send each other, on one page.
//!
//! Requests are imperative, facts past tense; a variant that is answered ends with `reply`.

use bytes::Bytes;
use ractor::{ActorRef, RpcReplyPort};
use tokio::sync::OwnedSemaphorePermit;

use frontdesk_domain::conversation::{Ack, Command, TurnNews};
use frontdesk_domain::frame::{ClientFrame, Close};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, PropertyId, Seq, TurnId};
use frontdesk_domain::people::{AgentRef, Author, Principal};
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::summary::Summary;

use crate::outbox::Outbox;

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

/// A place among the commands that one socket may have under way. Held from the reader pump until the
/// command is answered, so that a sender is never further ahead than its window.
pub type Permit = Option<OwnedSemaphorePermit>;

/// To whom the answer to a command goes.
#[derive(Debug)]
pub enum ReplyTo {
    /// A socket, which tells its client.
    Socket {
        /// The socket.
        socket: SocketRef,
        /// The client's id for the command.
        id: ClientId,
        /// Freed when the answer is on its way.
        permit: Permit,
    },
    /// A caller that waits.
    Caller(RpcReplyPort<Result<Ack, Refusal>>),
    /// Nobody: the rules' own commands.
    Nobody,
}

/// To a conversation.
#[derive(Debug)]
pub enum ConversationMsg {
    /// Read yourself from the store. Sent by itself, first of all.
    Load,
    /// Decide on this.
    Perform {
        /// Who asks; `None` for the rules themselves.
        who: Option<Box<Principal>>,
        /// What.
        command: Box<Command>,
        /// Whom to answer.
        reply: ReplyTo,
    },
    /// Tell this socket what happens. Answered with [`SocketMsg::Joined`] or [`SocketMsg::NotJoined`].
    Join {
        /// The socket's name.
        id: SocketId,
        /// The socket.
        socket: SocketRef,
        /// Who reads there.
        who: Principal,
    },
    /// No more.
    Leave {
        /// The socket's name.
        id: SocketId,
    },
    /// Somebody is writing, or no longer.
    Typing {
        /// The socket that says so; it is not told.
        from: SocketId,
        /// Who.
        by: Author,
        /// Whether.
        on: bool,
    },
    /// Somebody has read up to here.
    Read {
        /// The socket that says so; it is not told.
        from: SocketId,
        /// Who.
        by: Author,
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
    /// The time of a snooze has come.
    Wake,
    /// Is anybody still here? Sent by itself, now and then.
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
        /// The conversation.
        conversation: ConversationRef,
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
    /// A stored event, encoded for this reader's audience.
    Event {
        /// Where.
        conversation: ConversationId,
        /// Its place.
        seq: Seq,
        /// The place of the one before it that this reader may see.
        prev: Seq,
        /// The frame.
        frame: Bytes,
    },
    /// Something passing about a conversation: drafts, typing, read marks.
    Notice {
        /// Where.
        conversation: ConversationId,
        /// The frame.
        frame: Bytes,
    },
    /// Something for this client whatever it reads: inbox, presence.
    Tell {
        /// The frame.
        frame: Bytes,
    },
    /// The answer to a command.
    Answered {
        /// The client's id for it.
        id: ClientId,
        /// Where.
        conversation: ConversationId,
        /// Stored, or refused.
        result: Result<Ack, Refusal>,
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
        /// The socket.
        reply: RpcReplyPort<Result<SocketRef, Refusal>>,
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
    /// Wake the snoozed ones whose time has come. Sent by itself.
    WakeSnoozed,
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
        /// The socket.
        socket: SocketRef,
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
    /// Tell what was gathered. Sent by itself.
    Flush,
}

/// To the ingress of the web channel.
#[derive(Debug)]
pub enum WebIngressMsg {
    /// A guest says something or rates.
    Admit {
        /// Who.
        who: Box<Principal>,
        /// What.
        command: Box<Command>,
        /// Whom to answer.
        reply: ReplyTo,
    },
    /// A guest's socket wants its conversation.
    Join {
        /// The socket's name.
        id: SocketId,
        /// The socket.
        socket: SocketRef,
        /// Who.
        who: Principal,
    },
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
}

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
    /// Nobody wants this turn's answer any more.
    Cancel(TurnId),
    /// A worker is done. Sent by the worker's own watcher.
    WorkerEnded {
        /// With which turn.
        turn: TurnId,
        /// It panicked.
        crashed: bool,
    },
    /// Look at the queue again. Sent by itself.
    Pump,
}
