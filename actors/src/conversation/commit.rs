//! What is stored of decisions: one commit for one of them or for several.

use std::sync::Arc;

use frontdesk_domain::conversation::{Decision, Snapshot, TurnStep};

use crate::ports::{Commit, TurnRow};

/// Nothing but the conversation as it will be.
pub(super) fn empty_commit(snapshot: Arc<Snapshot>) -> Commit {
    Commit {
        events: Vec::new(),
        snapshot,
        turn: TurnRow::Keep,
        inbound: None,
        enclosed: Vec::new(),
        ended: Vec::new(),
        deliveries: Vec::new(),
    }
}

/// Adds what is to be stored of a decision to a commit, behind what is in there.
pub(super) fn add(commit: &mut Commit, decision: &Decision) {
    commit.events.extend_from_slice(&decision.events);
    commit.enclosed.extend_from_slice(&decision.enclosed);
    commit.ended.extend_from_slice(&decision.ended);
    commit.deliveries.extend_from_slice(&decision.deliveries);
    match &decision.turn {
        TurnStep::Keep | TurnStep::Show(..) | TurnStep::Asked(_) => {}
        TurnStep::Open(turn) => commit.turn = TurnRow::Open(turn.clone()),
        TurnStep::Close => commit.turn = TurnRow::Close,
    }
    // There is at most one: such a command is by itself.
    if decision.inbound.is_some() {
        commit.inbound.clone_from(&decision.inbound);
    }
}
