//! What the rules say is to happen.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::Event;
use crate::frame::Outcome;
use crate::ids::{ClientId, Seq, TurnId};
use crate::inbound::Expected;
use crate::outgoing::Outgoing;
use crate::people::Author;
use crate::timestamp::Timestamp;

use super::ended::EndedTurn;
use super::state::Turn;

/// What is to happen, in this order: store `events` and `turn` in one commit, apply them, tell the
/// events and then the notices, answer the sender with `ack`, cast the effects.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// What is to be stored.
    pub events: Vec<Event>,
    /// What becomes of the AI's turn.
    pub turn: TurnStep,
    /// What came in over WhatsApp, to be found again by its id there.
    pub inbound: Option<InboundRow>,
    /// Uploads that one of the events names: nobody else may from now on.
    pub enclosed: Vec<Enclosed>,
    /// The turns that are over: stored for good.
    pub ended: Vec<EndedTurn>,
    /// What its messages become on a channel that is not ours: stored in the same commit.
    pub deliveries: Vec<Outgoing>,
    /// What readers are told without its being stored.
    pub notices: Vec<Notice>,
    /// What is to be done elsewhere.
    pub effects: Vec<Effect>,
    /// The sender's answer.
    pub ack: Option<Ack>,
}

impl Decision {
    /// True if the store has nothing to do.
    pub fn is_volatile(&self) -> bool {
        self.events.is_empty()
            && self.ended.is_empty()
            && matches!(self.turn, TurnStep::Keep | TurnStep::Show(..) | TurnStep::Asked(_))
    }
}

/// An event that came in over WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    /// The event.
    pub seq: Seq,
    /// WhatsApp's id for it.
    pub wamid: String,
    /// Its files, which are to be fetched.
    pub files: Vec<Expected>,
}

/// An upload, and the event that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enclosed {
    /// The upload.
    pub attachment: Uuid,
    /// The event.
    pub seq: Seq,
}

/// A command is stored as this event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The author's id for it.
    pub id: ClientId,
    /// The event.
    pub seq: Seq,
}

/// What becomes of the AI's turn.
#[derive(Clone, Debug, Default)]
pub enum TurnStep {
    /// Nothing.
    #[default]
    Keep,
    /// It begins, begins anew, or is to answer more. Stored until it is closed, so that a crash does not forget it.
    Open(Turn),
    /// The AI was asked. Not stored.
    Asked(Timestamp),
    /// More of it was shown at this time. Not stored.
    Show(String, Timestamp),
    /// It is over.
    Close,
}

/// What readers are told without its being stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Words of the AI.
    Draft {
        /// Which attempt.
        turn: TurnId,
        /// The words.
        text: String,
    },
    /// What became of them.
    DraftEnd {
        /// Which attempt.
        turn: TurnId,
        /// What.
        outcome: Outcome,
        /// The event that they became.
        seq: Option<Seq>,
    },
    /// Somebody is writing, or no longer.
    Typing {
        /// Who.
        by: Author,
        /// Whether.
        on: bool,
    },
}

/// What is to be done elsewhere, after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Have the AI answer.
    Ask(TurnId),
    /// Come back at this time with [`super::Command::Quiet`].
    QuietAt(TurnId, Timestamp),
    /// Have it stop.
    Cancel(TurnId),
    /// An alarm was raised at this time: come back with [`super::Command::Escalate`] as the ladder says.
    Alarm(Timestamp),
    /// Somebody outside is to be told of the alarm.
    Page(Page),
    /// Come back at this time with [`super::Command::Wake`].
    WakeAt(Timestamp),
}

/// An alarm that is passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// When it was raised.
    pub since: Timestamp,
    /// Which rung of the ladder this is, counted from 1.
    pub rung: u32,
    /// To whom.
    pub to: String,
    /// Why it was raised, as a short code.
    pub reason: String,
}
