//! Where a model's adapter says what each call came to; the pool keeps the books.

use std::sync::OnceLock;

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

    pub(crate) fn connect(&self, pool: Address<AiPoolMsg>) {
        let _ = self.pool.set(pool);
    }
}
