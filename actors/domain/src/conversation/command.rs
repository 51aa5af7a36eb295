//! What may be asked of a conversation.

use uuid::Uuid;

use crate::event::Citation;
use crate::frame::Action;
use crate::ids::{ClientId, Seq, TurnId};
use crate::people::{AgentRef, Author};

/// Everything that can change a conversation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Somebody says something.
    Say(Say),
    /// Somebody does something.
    Act(Act),
    /// The AI reports on a turn.
    Turn(TurnId, TurnNews),
    /// The time of a snooze has come.
    Wake,
    /// The conversation was loaded from the store: is a turn left over from before?
    Recover,
}

/// A message or a note.
#[derive(Clone, Debug)]
pub struct Say {
    /// Who; never the AI, which speaks through its turns.
    pub by: Author,
    /// The author's id for it.
    pub id: ClientId,
    /// The words.
    pub text: String,
    /// For staff only.
    pub note: bool,
    /// The message that is answered.
    pub reply_to: Option<Seq>,
    /// Uploads that go with it.
    pub attachments: Vec<Uuid>,
}

/// An action on the conversation.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who.
    pub by: Author,
    /// The author's id for it.
    pub id: ClientId,
    /// What.
    pub action: Action,
    /// For `assign`: the agent behind the id, looked up by the caller.
    pub assignee: Option<AgentRef>,
}

/// What the AI reports.
#[derive(Clone, Debug)]
pub enum TurnNews {
    /// More words.
    Delta(String),
    /// No more words.
    Ended(TurnEnd),
}

/// How a turn ended. What it said is what its deltas said.
#[derive(Clone, Debug)]
pub enum TurnEnd {
    /// Answered.
    Said {
        /// The entries that the answer rests on.
        citations: Vec<Citation>,
        /// Questions to choose from.
        suggestions: Vec<String>,
    },
    /// The AI asks a human to go on.
    HandedOver {
        /// Why, as a short code.
        reason: String,
        /// Somebody must look now.
        urgent: bool,
    },
    /// It broke, perhaps half way.
    Failed {
        /// Why, as a short code.
        reason: String,
    },
}
