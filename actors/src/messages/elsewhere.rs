//! What a conversation is told by other processes, as its owner or as what stands in for one.

use uuid::Uuid;

use frontdesk_domain::letter::{Answer, Ask, NodeId, Told};

use crate::ports::Standing;

use super::SocketId;

/// From another process.
#[derive(Debug)]
pub enum FromNode {
    /// It asks, and takes us for the owner.
    Asked {
        /// Which process.
        from: NodeId,
        /// Its number for the question.
        ticket: u64,
        /// What.
        ask: Box<Ask>,
    },
    /// The owner answers.
    Answered {
        /// Names the owner's actor.
        life: Uuid,
        /// Our number for the question.
        ticket: u64,
        /// What.
        answer: Box<Answer>,
    },
    /// The owner tells our readers something.
    Told {
        /// Names the owner's actor.
        life: Uuid,
        /// What.
        what: Box<Told>,
    },
    /// How it stands in the database. Sent by the pulse.
    Standing(Standing),
    /// It was taken from us. Sent by the pulse.
    Lost,
    /// Was this answered? Sent by itself.
    Overdue {
        /// Our number for the question.
        ticket: u64,
    },
    /// The time is over in which the last owner may still show something. Sent by itself.
    LeaseOver,
}

/// Which reader something comes from, so that it is not told itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// At which process; `None`: here.
    pub node: Option<NodeId>,
    /// The reader's number there.
    pub socket: SocketId,
}

impl Origin {
    /// A reader here.
    pub fn here(socket: SocketId) -> Self {
        Self { node: None, socket }
    }
}
