//! What processes that share a database say to each other. None of it is the truth, which is in the database: a
//! letter that is lost makes things slower and never wrong.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::conversation::{Ack, Command};
use crate::event::Event;
use crate::frame::ServerFrame;
use crate::ids::{AgentId, ConversationId, PropertyId, Seq, TurnId};
use crate::people::{AgentRef, Principal};
use crate::refusal::Refusal;
use crate::summary::Summary;

/// Names a process, and is never used again: a process that starts anew is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub Uuid);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// One letter, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Letter {
    /// To the owner of a conversation.
    Ask {
        /// Who asks, and is to be answered.
        from: NodeId,
        /// Of which conversation.
        conversation: ConversationId,
        /// The asker's number for it.
        ticket: u64,
        /// What.
        ask: Box<Ask>,
    },
    /// The owner's answer.
    Answer {
        /// Of which conversation.
        conversation: ConversationId,
        /// Names the owner's actor: a later one knows nothing of who watches.
        life: Uuid,
        /// The asker's number for the question.
        ticket: u64,
        /// What.
        answer: Box<Answer>,
    },
    /// What the owner of a conversation tells the readers of another process.
    Told {
        /// Which conversation.
        conversation: ConversationId,
        /// Names the owner's actor.
        life: Uuid,
        /// What.
        what: Box<Told>,
    },
    /// A conversation changed: for the lists of agents everywhere.
    Changed(Box<Summary>),
    /// The agents of a property who are here at this process. All of them; said again now and then.
    Present {
        /// Who says so.
        from: NodeId,
        /// Of which property.
        property: PropertyId,
        /// The agents.
        agents: Vec<AgentRef>,
    },
    /// Something that needs a person's hand, in words; `None`: it is done.
    Alarm(Option<String>),
    /// A session was ended: its sockets are to be closed.
    EndSession([u8; 32]),
    /// An agent's rights changed: all of the agent's sockets are to be closed.
    EndAgent(AgentId),
    /// What a hotel knows was changed.
    Knowledge(PropertyId),
    /// A conversation has something to send over its channel.
    Due(ConversationId),
}

/// What is asked of the owner of a conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Decide on this.
    Perform {
        /// Who asks; `None` for the rules themselves.
        who: Option<Principal>,
        /// What.
        command: Box<Command>,
    },
    /// Say how it stands, for a reader of ours, and tell us from now on.
    Join(Principal),
    /// Tell us from now on, or go on doing so. Nobody who does not ask again is told for ever.
    Watch,
    /// A reader of ours writes, or no longer. Not answered.
    Typing {
        /// Who.
        who: Principal,
        /// The reader's number with us; it is not told itself.
        socket: u64,
        /// Whether.
        on: bool,
    },
    /// A reader of ours has read up to here. Not answered.
    Read {
        /// Who.
        who: Principal,
        /// The reader's number with us; it is not told itself.
        socket: u64,
        /// The last event read.
        seq: Seq,
    },
    /// Let go of it: we want to have it.
    Release,
}

/// What the owner answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The command is stored.
    Done(Ack),
    /// The command was refused.
    Refused(Refusal),
    /// How it stands, for the reader who asked.
    Joined {
        /// As that reader may see it.
        summary: Box<Summary>,
        /// Its newest event that this reader may see.
        head: Seq,
        /// What the AI has shown so far, if it is speaking.
        draft: Option<(TurnId, String)>,
        /// The AI is at work.
        ai_typing: bool,
    },
    /// It is not there, or not this reader's.
    NotJoined(Refusal),
    /// We are told.
    Watched,
    /// Nobody has it any more.
    Released,
    /// Whoever has it, it is not the one who was asked.
    NotMine,
}

/// What the owner of a conversation tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Told {
    /// A stored event. Readers see of it what they may.
    Event(Event),
    /// Something passing.
    Notice {
        /// The frame.
        frame: ServerFrame,
        /// The newest event that a guest may see when it was true.
        guest: Seq,
        /// The newest event that an agent may see when it was true.
        agents: Seq,
        /// A reader who is not told.
        except: Option<u64>,
    },
    /// The owner ends: somebody else may have it next.
    Gone,
}

impl Letter {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        // Nothing in a letter fails to be written: there are no maps with other keys than texts.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From bytes.
    ///
    /// # Errors
    /// It is none, or one of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
