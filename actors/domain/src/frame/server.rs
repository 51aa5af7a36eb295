//! What the server sends.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::EventView;
use crate::ids::{AgentId, ClientId, ConversationId, Seq, TurnId};
use crate::people::{Author, Role};
use crate::refusal::{Code, Refusal};
use crate::summary::Summary;
use crate::timestamp::Timestamp;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub enum ServerFrame {
    /// The answer to a good `hello`.
    Welcome {
        /// Who the server takes the client for.
        #[serde(rename = "self")]
        me: Me,
        /// A guest's one conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
        /// The server's clock.
        time: Timestamp,
        /// Names the log: it changes when a backup was restored.
        epoch: Uuid,
        /// Which server process answers.
        node: String,
        /// What the client must keep to.
        limits: Limits,
    },
    /// The answer to `open`.
    Opened {
        /// The conversation now.
        conversation: Summary,
        /// Its newest events, or the first of those asked for.
        events: Vec<EventView>,
        /// Without `after`: there are older ones. With it: more follow as `event` frames.
        more: bool,
    },
    /// A stored event.
    Event(EventView),
    /// My `send` or `act` is stored.
    Ack {
        /// My id for it.
        id: ClientId,
        /// Where.
        conversation: ConversationId,
        /// As which event.
        seq: Seq,
    },
    /// Refused; nothing was stored.
    Error {
        /// My id for what is refused, where it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<ClientId>,
        /// The conversation that could not be opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
        /// Why.
        code: Code,
        /// Why, in words.
        message: String,
        /// The least time before another try, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u64>,
    },
    /// Text that the AI has just produced, to be appended to the turn's draft.
    Draft {
        /// Where.
        conversation: ConversationId,
        /// Which attempt.
        turn: TurnId,
        /// The words.
        text: String,
    },
    /// What became of a draft.
    DraftEnd {
        /// Where.
        conversation: ConversationId,
        /// Which attempt.
        turn: TurnId,
        /// What.
        outcome: Outcome,
        /// The event that it became.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<Seq>,
    },
    /// Somebody is writing, or no longer.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Who.
        by: Author,
        /// Whether.
        on: bool,
    },
    /// Somebody has read up to here.
    Read {
        /// Where.
        conversation: ConversationId,
        /// Who.
        by: Author,
        /// The last event read.
        seq: Seq,
    },
    /// To agents: something needs a person's hand, or no longer does.
    Alarm {
        /// What, in words; `null`: it is done.
        message: Option<String>,
    },
    /// Conversations that changed.
    Inbox {
        /// As they are now.
        upserts: Vec<Summary>,
    },
    /// Which agents are here.
    Presence {
        /// All of the property's that are or were just here.
        agents: Vec<Presence>,
    },
    /// The answer to `ping`.
    Pong,
}

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "DraftOutcome"))]
pub enum Outcome {
    /// A message.
    Sent,
    /// A message marked `partial`.
    Cut,
    /// Nothing: take it off the screen.
    Dropped,
}

/// Who the server takes a client for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "Principal", optional_fields))]
pub struct Me {
    /// `guest` or `agent`, the id and the name.
    #[serde(flatten)]
    pub author: Author,
    /// An agent's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// What a client must keep to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Limits {
    /// The longest text, in characters.
    pub text: u32,
}

/// Whether an agent is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "AgentPresence"))]
pub struct Presence {
    /// The agent.
    pub id: AgentId,
    /// The agent's name.
    pub name: String,
    /// Whether any socket of the agent is open.
    pub online: bool,
}

impl ServerFrame {
    /// The frame for a refusal of the client's command `id`, where it had one.
    pub fn refused(id: Option<ClientId>, refusal: Refusal) -> Self {
        let Refusal { code, message, retry_ms } = refusal;
        Self::Error { id, conversation: None, code, message, retry_ms }
    }

    /// The frame for a conversation that could not be opened.
    pub fn refused_in(conversation: ConversationId, refusal: Refusal) -> Self {
        let Refusal { code, message, retry_ms } = refusal;
        Self::Error { id: None, conversation: Some(conversation), code, message, retry_ms }
    }

    /// The frame as JSON text. Every type of the contract can be written, so this cannot fail; should
    /// it ever, the client gets the one frame that is always true.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self)
            .unwrap_or_else(|_| br#"{"type":"error","code":"internal","message":"internal"}"#.to_vec())
    }
}
