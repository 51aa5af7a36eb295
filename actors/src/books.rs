//! Where a model's adapter says what each call came to; the pool keeps the books.

use std::sync::OnceLock;

use frontdesk_domain::ids::TurnId;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::address::Address;
use crate::messages::AiPoolMsg;
use crate::ports::Bill;

/// Passes bills on to the pool, once there is one. Made before it, for the model is made before it.
#[derive(Default)]
pub struct Books {
    pool: OnceLock<Address<AiPoolMsg>>,
}

impl Books {
    /// Books a call. Does not wait.
    pub fn bill(&self, bill: Bill) {
        if let Some(pool) = self.pool.get() {
            pool.cast(AiPoolMsg::Bill(Box::new(bill)));
        }
    }

    /// Asks for another request of a call that is under way, of so many tokens; waits until `by` at most. Without a
    /// pool there is nothing to keep to.
    pub async fn again(&self, turn: TurnId, tokens: u64, by: Instant) -> bool {
        let Some(pool) = self.pool.get().and_then(Address::get) else { return true };
        let (reply, answer) = oneshot::channel();
        let asked = pool.cast(AiPoolMsg::Again { turn, tokens, by, reply: reply.into() });
        asked.is_ok() && matches!(timeout_at(by, answer).await, Ok(Ok(true)))
    }

    pub(crate) fn connect(&self, pool: Address<AiPoolMsg>) {
        let _ = self.pool.set(pool);
    }
}
