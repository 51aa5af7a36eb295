//! A place for one call of the model, lent by the pool to whoever makes the call.

use std::sync::Arc;

use tokio::sync::Notify;

use frontdesk_domain::ids::TurnId;

use crate::messages::{AiPoolMsg, AiPoolRef};
use crate::ports::ModelError;

/// How one attempt at a turn ended.
#[derive(Clone, Copy, Debug)]
pub enum Attempt {
    /// With an end that was reported, after so many characters.
    Done {
        /// Characters of the answer.
        chars: usize,
    },
    /// It failed before the guest saw a word.
    Untouched(ModelError),
    /// It failed half way, which was reported.
    Broken {
        /// Why.
        error: ModelError,
        /// Characters that the guest saw.
        chars: usize,
    },
    /// Nobody wanted it any more.
    Cancelled,
    /// It panicked.
    Panicked,
}

/// There is no place for a call, or no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// A place for one call of the model, admitted by the pool. Dropping it frees the place; whoever made the call
/// says how it went by [`Self::ended`].
#[derive(Debug)]
pub struct Lease {
    id: TurnId,
    pool: AiPoolRef,
    revoked: Arc<Notify>,
    attempt: Attempt,
}

impl Lease {
    /// For the pool alone.
    pub(crate) fn new(id: TurnId, pool: AiPoolRef) -> Self {
        Self { id, pool, revoked: Arc::default(), attempt: Attempt::Cancelled }
    }

    /// For the pool alone: what takes the place back.
    pub(crate) fn revoke(&self) -> Arc<Notify> {
        Arc::clone(&self.revoked)
    }

    /// The call must carry this as its turn, for its bill to be booked.
    pub fn id(&self) -> TurnId {
        self.id
    }

    /// Returns when a guest needs the place: the call is to be dropped then, and the lease with it.
    pub async fn revoked(&self) {
        self.revoked.notified().await;
    }

    /// The model said its first word.
    pub fn first_word(&self) {
        let _ = self.pool.cast(AiPoolMsg::FirstWord { turn: self.id });
    }

    /// The call is over, like this.
    pub fn ended(mut self, attempt: Attempt) {
        self.attempt = attempt;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = self.pool.cast(AiPoolMsg::LeaseEnded { id: self.id, attempt: self.attempt });
    }
}
