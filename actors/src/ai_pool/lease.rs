//! Places for calls that somebody else makes: help for agents, work in the background. Guests come first: such a
//! place is given when there is one, and taken back when a guest finds none.

use std::sync::Arc;
use std::time::Duration;

use ractor::RpcReplyPort;
use tokio::time::Instant;

use frontdesk_domain::ids::{ConversationId, PropertyId, TurnId};
use frontdesk_domain::pool::{Class, Tokens};

use crate::clock;
use crate::messages::{AiPoolMsg, AiPoolRef, Attempt, Busy, Lease};

use super::gate::Stop;
use super::job::Client;
use super::outcome::{release, remove};
use super::{AiPool, State, add};

impl AiPool {
    pub(super) fn on_lease(
        &self,
        myself: &AiPoolRef,
        id: TurnId,
        (conversation, property, class, tokens, within): (ConversationId, PropertyId, Class, u64, Duration),
        reply: RpcReplyPort<Result<Lease, Busy>>,
        state: &mut State,
    ) {
        if self.model.is_none() || state.queue.len() >= self.limits.queue {
            let _ = reply.send(Err(Busy));
            return;
        }
        let deadline = Instant::now() + within;
        add(id, Client::Lease { conversation, property, reply: Some(reply) }, class, deadline, state);
        if let Some(job) = state.jobs.get_mut(&id) {
            job.lines = tokens;
        }
        self.enqueue(id, false, state);
        self.come_back(myself, deadline, state);
        self.pump(myself, state);
    }

    /// Whoever held it tells how the call went: the breaker, the slots and the books are as much concerned as by
    /// a guest's turn. There are no second tries: whoever asked for help may ask again.
    pub(super) fn on_lease_ended(&self, myself: &AiPoolRef, id: TurnId, attempt: Attempt, state: &mut State) {
        self.settle(myself, id, attempt, state);
        remove(id, state);
        self.pump(myself, state);
    }
}

impl AiPool {
    /// Another request of a call: the rates, the breaker and the budget are asked as for the first. Its slot it has.
    pub(super) fn on_again(
        &self,
        myself: &AiPoolRef,
        turn: TurnId,
        (tokens, by): (u64, Instant),
        reply: RpcReplyPort<bool>,
        state: &mut State,
    ) {
        if reply.is_closed() || !state.calls.contains_key(&turn) {
            return;
        }
        let more = Tokens { prompt: tokens, completion: self.limits.answer_tokens };
        match state.gate.again(turn, more, state.now(), clock::now()) {
            Ok(()) => {
                if let Some(call) = state.calls.get_mut(&turn) {
                    call.estimate.prompt = call.estimate.prompt.saturating_add(tokens);
                }
                let _ = reply.send(true);
            }
            Err(Stop::Until(at)) if state.began + Duration::from_millis(at) < by => {
                // A call asks once at a time, so no more of these are under way than there are calls.
                let wait = Duration::from_millis(at.saturating_sub(state.now()).max(1));
                myself.send_after(wait, move || AiPoolMsg::Again { turn, tokens, by, reply });
            }
            Err(_) => {
                metrics::counter!("frontdesk_ai_fallbacks_total", "reason" => "limited").increment(1);
                let _ = reply.send(false);
            }
        }
    }
}

/// Takes one place back, of the background first. True if there was one.
pub(super) fn make_room(state: &mut State) -> bool {
    let held = state.calls.iter().filter(|(_, call)| call.class != Class::Guest && !call.released);
    let least = held.max_by_key(|(_, call)| (call.class == Class::Background, call.began));
    let Some((&id, _)) = least else { return false };
    if let Some(revoke) = state.calls.get(&id).and_then(|call| call.revoke.as_ref()) {
        revoke.notify_one();
    }
    metrics::counter!("frontdesk_ai_help_revoked_total").increment(1);
    release(id, state);
    true
}

/// What a lease is told by that it is taken back.
pub(super) type Revoke = Arc<tokio::sync::Notify>;
