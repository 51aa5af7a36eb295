//! Guests who come back at once are looked up together.
//!
//! After an outage thousands of sockets say hello within a second, each with its session. The driver's cost is
//! per statement: so whoever asks while a question is under way waits for the next one, which then is for all of
//! them. A lone one is asked for at once.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;

use crate::store::GuestRow;

use super::fault::Fault;

/// For how many sessions one statement asks.
const GROUP_MAX: usize = 256;
/// How many may wait; more are refused.
const WAITING_MAX: usize = 65_536;
/// Where sessions are looked up.
pub(super) trait Lookup: Send + Sync + 'static {
    /// The guests behind these sessions, by the sessions' digests; of those that there are.
    fn guests(
        &self,
        keys: Vec<SessionKey>,
    ) -> impl Future<Output = Result<HashMap<Vec<u8>, GuestRow>, Fault>> + Send;
}

type Found = Result<Option<GuestRow>, StoreError>;

/// Who asks, and what is under way.
#[derive(Debug)]
pub(super) struct Together<L> {
    lookup: L,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<(SessionKey, oneshot::Sender<Found>)>,
    /// Somebody sees to those who wait.
    asking: bool,
}

impl<L: Lookup> Together<L> {
    pub(super) fn new(lookup: L) -> Arc<Self> {
        Arc::new(Self { lookup, state: Mutex::default() })
    }

    /// The guest behind a session.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] beyond [`WAITING_MAX`]; else what the database said to the group.
    pub(super) async fn find(self: &Arc<Self>, key: SessionKey) -> Found {
        let (reply, found) = oneshot::channel();
        let begins = {
            let mut state = self.state();
            if state.waiting.len() >= WAITING_MAX {
                return Err(StoreError::Overloaded);
            }
            state.waiting.push((key, reply));
            !mem::replace(&mut state.asking, true)
        };
        if begins {
            // By a task of its own: whoever asks may be gone before the others have their answers.
            tokio::spawn(Asking(Arc::clone(self)).run());
        }
        found.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the lookup has failed".to_owned())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those whose turn it is; with none, nobody sees to those who wait any more.
    fn next(&self) -> Vec<(SessionKey, oneshot::Sender<Found>)> {
        let mut state = self.state();
        let count = state.waiting.len().min(GROUP_MAX);
        state.asking = count > 0;
        state.waiting.drain(..count).collect()
    }
}

/// Sees to those who wait. Should it fail, they are told so, and the next one begins anew.
struct Asking<L: Lookup>(Arc<Together<L>>);

impl<L: Lookup> Asking<L> {
    async fn run(self) {
        loop {
            let group = self.0.next();
            if group.is_empty() {
                return;
            }
            match self
                .0
                .lookup
                .guests(group.iter().map(|(key, _)| *key).collect())
                .await
                .map_err(StoreError::from)
            {
                Ok(known) => {
                    for (key, reply) in group {
                        // Two may ask for the same one.
                        let _ = reply.send(Ok(known.get(key.0.as_slice()).cloned()));
                    }
                }
                Err(error) => group.into_iter().for_each(|(_, reply)| {
                    let _ = reply.send(Err(error.clone()));
                }),
            }
        }
    }
}

impl<L: Lookup> Drop for Asking<L> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.state() = State::default();
        }
    }
}
