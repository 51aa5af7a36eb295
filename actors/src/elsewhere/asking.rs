//! Questions to the owner, and what becomes of those that it does not answer.

use std::time::{Duration, Instant};

use uuid::Uuid;

use frontdesk_domain::letter::{Answer, Ask};
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Refusal;

use crate::cluster::{ANSWER_WITHIN, JOIN_WITHIN, LEASE_OVER};
use crate::messages::{ConversationMsg, ConversationRef, FromNode, Reader, SocketMsg};
use crate::ports::Claim;

use super::{Elsewhere, OPEN_MAX, Open, State};

impl Elsewhere {
    /// Asks the owner, and looks again when an answer is overdue.
    pub(super) fn ask(&self, myself: &ConversationRef, open: Open, state: &mut State) {
        if state.open.len() >= OPEN_MAX {
            return open.refuse(self, Refusal::overloaded());
        }
        state.asked_at = Instant::now();
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        let within = if matches!(open, Open::Join(_)) { JOIN_WITHIN } else { ANSWER_WITHIN };
        self.cluster.ask(state.owner, self.id, ticket, open.ask());
        state.open.insert(ticket, open);
        // Where nothing can go there is nothing to wait for.
        let wait = if self.cluster.is_connected() { within } else { Duration::ZERO };
        myself.send_after(wait, move || ConversationMsg::FromNode(Box::new(FromNode::Overdue { ticket })));
    }

    pub(super) fn on_answer(
        &self,
        myself: &ConversationRef,
        life: Uuid,
        ticket: u64,
        answer: Answer,
        state: &mut State,
    ) {
        if let Answer::NotMine = answer {
            return self.hand_on(myself, state);
        }
        let known = *state.life.get_or_insert(life);
        match (state.open.remove(&ticket), answer) {
            (Some(Open::Perform { reply, .. }), Answer::Done(ack)) => reply.send(Ok(ack)),
            (Some(Open::Perform { reply, .. }), Answer::Refused(refusal)) => reply.send(Err(refusal)),
            (Some(Open::Join(reader)), Answer::Joined { summary, head, draft, ai_typing }) => {
                state.readers.join(self.id, &reader);
                state.known = state.known.max(head);
                let (conversation, actor) = (self.id, myself.clone());
                let joined = SocketMsg::Joined { conversation, actor, summary, head, draft, ai_typing };
                let _ = reader.socket.cast(joined);
            }
            (Some(Open::Join(reader)), Answer::NotJoined(refusal)) => self.not_joined(&reader, refusal),
            (Some(erase @ Open::Erase { .. }), Answer::Released) => {
                state.open.insert(ticket, erase);
                return self.hand_on(myself, state);
            }
            // Answered twice, or too late, or by way of being there.
            _ => {}
        }
        if known != life {
            self.hand_on(myself, state);
        }
    }

    /// The owner has not answered: whoever only wants to read is served from the store; for what is to be stored the
    /// conversation is taken.
    pub(super) async fn on_overdue(&self, myself: &ConversationRef, ticket: u64, state: &mut State) {
        match state.open.remove(&ticket) {
            None => {}
            Some(Open::Join(reader)) => self.join_from_store(myself, reader, state).await,
            Some(open) => {
                state.open.insert(ticket, open);
                self.seize(myself, state).await;
            }
        }
    }

    async fn seize(&self, myself: &ConversationRef, state: &mut State) {
        if state.waits_for_lease {
            return;
        }
        match self.cluster.owners().seize(self.id, state.owner).await {
            Ok(Claim::Ours { turn_open }) => {
                tracing::warn!(conversation = %self.id, node = %state.owner, "a node does not answer: its conversation is taken");
                if !turn_open {
                    return self.hand_on(myself, state);
                }
                // It may be speaking there until its lease is over.
                state.waits_for_lease = true;
                myself.send_after(LEASE_OVER, || ConversationMsg::FromNode(Box::new(FromNode::LeaseOver)));
            }
            Ok(Claim::Theirs(_)) => self.hand_on(myself, state),
            Ok(Claim::Nobodys) => self.refuse_all(state, &Refusal::not_found()),
            Err(error) => {
                tracing::warn!(conversation = %self.id, %error, "a conversation could not be taken from a node that does not answer");
                self.refuse_all(state, &Refusal::unavailable());
            }
        }
    }

    fn refuse_all(&self, state: &mut State, refusal: &Refusal) {
        for open in std::mem::take(&mut state.open).into_values() {
            open.refuse(self, refusal.clone());
        }
    }

    /// How it stands for a reader, as far as the store knows: what the AI is saying is not there.
    async fn join_from_store(&self, myself: &ConversationRef, reader: Reader, state: &mut State) {
        let rules = match self.store.load(self.id).await {
            Ok(Some(rules)) if rules.admits(&reader.who) => rules,
            Ok(_) => return self.not_joined(&reader, Refusal::not_found()),
            Err(_) => return self.not_joined(&reader, Refusal::unavailable()),
        };
        let audience = reader.who.audience();
        let head = rules.head(audience);
        state.readers.join(self.id, &reader);
        state.known = state.known.max(rules.snapshot().last_seq);
        let _ = reader.socket.cast(SocketMsg::Joined {
            conversation: self.id,
            actor: myself.clone(),
            summary: Box::new(rules.summary().seen_by(audience)),
            head,
            draft: None,
            ai_typing: rules.turn().is_some(),
        });
        // Should it hear us after all, it is to tell us.
        self.cluster.ask(state.owner, self.id, 0, Ask::Watch);
    }

    fn not_joined(&self, reader: &Reader, refusal: Refusal) {
        let _ = reader.socket.cast(SocketMsg::NotJoined { conversation: self.id, refusal });
    }
}

impl Open {
    fn ask(&self) -> Ask {
        match self {
            Self::Perform { who, command, .. } => {
                let who = who.as_deref().cloned();
                Ask::Perform { who, command: command.clone() }
            }
            Self::Join(reader) => Ask::Join(Principal::clone(&reader.who)),
            Self::Watch => Ask::Watch,
            Self::Erase { .. } => Ask::Release,
        }
    }

    /// As it came in, for who has the conversation by now.
    pub(super) fn again(self) -> Option<ConversationMsg> {
        Some(match self {
            Self::Perform { who, command, reply } => ConversationMsg::Perform { who, command, reply },
            Self::Join(reader) => ConversationMsg::Join(reader),
            Self::Erase { by, reply } => ConversationMsg::Erase { by, reply },
            Self::Watch => return None,
        })
    }

    fn refuse(self, stand_in: &Elsewhere, refusal: Refusal) {
        match self {
            Self::Perform { reply, .. } => reply.send(Err(refusal)),
            Self::Join(reader) => stand_in.not_joined(&reader, refusal),
            Self::Erase { reply, .. } => {
                let _ = reply.send(Err(refusal));
            }
            Self::Watch => {}
        }
    }
}
