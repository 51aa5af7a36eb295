//! What became of a turn: the line that is kept of it for good.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, Seq, TurnId};
use crate::timestamp::Timestamp;

/// How a turn ended. Every message that the guest says to the AI is settled by exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnOutcome {
    /// With an answer.
    Answered,
    /// With a question back.
    Clarified,
    /// The AI asked a human to go on.
    HandedOver,
    /// A department was asked to do something.
    RequestCreated,
    /// It is none of the hotel's matters.
    Declined,
    /// With a courtesy.
    Smalltalk,
    /// Something else took its place: newer words of the guest, or people.
    Superseded,
    /// It broke, and people were asked.
    FailedToHuman,
}

impl TurnOutcome {
    /// The outcome as a word, as it is stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Clarified => "clarified",
            Self::HandedOver => "handed_over",
            Self::RequestCreated => "request_created",
            Self::Declined => "declined",
            Self::Smalltalk => "smalltalk",
            Self::Superseded => "superseded",
            Self::FailedToHuman => "failed_to_human",
        }
    }
}

/// A turn that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedTurn {
    /// Which.
    pub turn: TurnId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// In which episode: counted up each time that people give the conversation back to the AI.
    pub episode: u32,
    /// It was to answer what the guest said after this place …
    pub after: Seq,
    /// … up to and with this one.
    pub through: Seq,
    /// How it ended.
    pub outcome: TurnOutcome,
    /// Why, as a short code.
    pub reason: Option<String>,
    /// The guest's messages went on to the next turn: this one settles none of them.
    pub carried: bool,
    /// The message that it left, whole or partial.
    pub answer: Option<Seq>,
    /// When it was opened: the guest's first message.
    pub opened_at: Timestamp,
    /// When the AI was asked, if it came to that.
    pub asked_at: Option<Timestamp>,
    /// When the guest saw the first word, if any.
    pub first_word_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How often it had been started anew because the guest went on writing.
    pub restarts: u8,
    /// How often it had been taken up again after a crash.
    pub recoveries: u8,
}
