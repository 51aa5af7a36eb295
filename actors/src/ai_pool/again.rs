//! Another request of a call that is under way: the model wants to look something up.

use std::time::Duration;

use ractor::RpcReplyPort;
use tokio::time::Instant;

use frontdesk_domain::ids::TurnId;
use frontdesk_domain::pool::Tokens;

use crate::clock;
use crate::messages::{AiPoolMsg, AiPoolRef};

use super::gate::Stop;
use super::{AiPool, State};

impl AiPool {
    /// Breaker, rates and budget are asked as for the first request. Its slot it has.
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
        let more = Tokens { prompt: tokens, completion: state.estimator.estimate(0).completion };
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
                let _ = reply.send(false);
            }
        }
    }
}
