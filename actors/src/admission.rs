//! How much of what guests send may be under way in the whole server.
//!
//! What is admitted is stored and acknowledged, so it must not wait for long: once more comes than can be stored, the
//! rest is refused at once, before it costs anything, and comes again. Without this bound each socket's own window
//! would let through as much as there are sockets, and everybody would wait.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use frontdesk_domain::refusal::Refusal;

/// How many messages of guests may be under way: as many as the store writes in one group. So those that wait while a
/// group is written all fit in the next one.
pub const UNDER_WAY_MAX: usize = 1_024;

/// The places that all guests share. Agents, webhooks and the AI need none: they are few, and go before guests.
#[derive(Clone, Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
}

impl Default for Admission {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(UNDER_WAY_MAX)) }
    }
}

impl Admission {
    /// A place for one message, held until it is answered.
    ///
    /// # Errors
    /// `overloaded` when all are taken: nothing was done, the sender repeats.
    pub fn admit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::overloaded())
    }

    /// How many are under way, and how many may be.
    pub fn fill(&self) -> (usize, usize) {
        (UNDER_WAY_MAX.saturating_sub(self.places.available_permits()), UNDER_WAY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_is_refused_until_one_is_answered() {
        let admission = Admission::default();
        let mut places: Vec<_> = (0..UNDER_WAY_MAX).map(|_| admission.admit().unwrap()).collect();
        assert_eq!(admission.admit().unwrap_err().code.as_str(), "overloaded");
        places.pop();
        assert!(admission.admit().is_ok());
    }
}
