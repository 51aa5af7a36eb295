//! The end of a stand-in: the conversation has another owner, which may be us.

use std::time::Duration;

use uuid::Uuid;

use frontdesk_domain::letter::{Answer, Ask, NodeId};

use crate::messages::{ConversationMsg, ConversationRef, FromNode};

use super::{Elsewhere, OPEN_MAX, Open, State};

/// A stand-in that is younger knows from the database who the owner is; an older one may be behind.
const FRESH_FOR: Duration = Duration::from_millis(500);

impl Elsewhere {
    /// Another node takes us for the owner.
    pub(super) fn on_asked(
        &self,
        myself: &ConversationRef,
        from: NodeId,
        ticket: u64,
        ask: Box<Ask>,
        state: &mut State,
    ) {
        let asked = FromNode::Asked { from, ticket, ask };
        if state.waits_for_lease {
            if state.held.len() < OPEN_MAX {
                state.held.push(asked);
            }
            return;
        }
        if state.begun_at.elapsed() < FRESH_FOR {
            return self.cluster.answer(from, self.id, Uuid::nil(), ticket, Answer::NotMine);
        }
        self.hand_on(myself, state);
        if let Some(successor) = &state.successor {
            let _ = successor.cast(ConversationMsg::FromNode(Box::new(asked)));
        }
    }

    /// Lets a new actor find out whose it is now, passes on to it what was not answered, and ends. Readers join it
    /// when they see us end. Not while its last owner may still show something.
    pub(super) fn hand_on(&self, myself: &ConversationRef, state: &mut State) {
        if state.successor.is_some() || state.waits_for_lease {
            return;
        }
        self.directory.remove(self.id, myself.get_id());
        self.cluster.stand_down(self.id, myself);
        match self.directory.find_or_open(self.id) {
            Ok(successor) => {
                for message in std::mem::take(&mut state.open).into_values().filter_map(Open::again) {
                    let _ = successor.cast(message);
                }
                for asked in std::mem::take(&mut state.held) {
                    let _ = successor.cast(ConversationMsg::FromNode(Box::new(asked)));
                }
                state.successor = Some(successor);
                // What is queued already is passed on first.
                if myself.drain().is_err() {
                    myself.stop(None);
                }
            }
            // The tree is going down: replies answer by themselves.
            Err(_) => myself.stop(None),
        }
    }
}
