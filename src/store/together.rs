//! Guests who come back at once are looked up together.
//!
//! After an outage thousands of sockets say hello within a second, each with its session. The driver's cost is
//! per statement: so whoever asks while a question is under way waits for the next one, which then is for all of
//! them. A lone one is asked for at once.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{Row, SqlitePool};
use tokio::sync::oneshot;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;

use crate::store::GuestRow;

use super::fault::Fault;
use super::guests;

/// For how many sessions one statement asks.
const GROUP_MAX: usize = 256;
/// How many may wait; more are refused.
const WAITING_MAX: usize = 65_536;
/// The length of a session's digest, in bytes.
const DIGEST: usize = 32;

/// `?1`: where in `?2`, counted from 1, a digest begins.
const BY_SESSIONS: &str = "
    SELECT guest_sessions.digest, guests.id, guests.property, guests.profile, guest_sessions.conversation
      FROM json_each(?1) AS asked
     CROSS JOIN guest_sessions ON guest_sessions.digest = substr(?2, asked.value, 32)
      JOIN guests ON guests.id = guest_sessions.guest";

type Found = Result<Option<GuestRow>, StoreError>;

/// Who asks, and what is under way.
#[derive(Debug)]
pub(super) struct Together {
    readers: SqlitePool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<(SessionKey, oneshot::Sender<Found>)>,
    /// Somebody sees to those who wait.
    asking: bool,
}

impl Together {
    pub(super) fn new(readers: SqlitePool) -> Arc<Self> {
        Arc::new(Self { readers, state: Mutex::default() })
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
        found.await.unwrap_or_else(|_| Err(super::closed()))
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

    async fn ask(&self, keys: impl Iterator<Item = SessionKey>) -> Result<HashMap<Vec<u8>, GuestRow>, Fault> {
        let heap: Vec<u8> = keys.flat_map(|key| key.0).collect();
        let places: Vec<usize> = (0..heap.len()).step_by(DIGEST).map(|at| at + 1).collect();
        let places = super::rows::json(&places)?;
        let rows = sqlx::query(BY_SESSIONS).bind(places).bind(heap).fetch_all(&self.readers).await?;
        let known = rows.iter().map(|row| Ok((row.try_get("digest")?, guests::row(row)?)));
        Ok(known.collect::<Result<_, sqlx::Error>>()?)
    }
}

/// Sees to those who wait. Should it fail, they are told so, and the next one begins anew.
struct Asking(Arc<Together>);

impl Asking {
    async fn run(self) {
        loop {
            let group = self.0.next();
            if group.is_empty() {
                return;
            }
            match self.0.ask(group.iter().map(|(key, _)| *key)).await.map_err(StoreError::from) {
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

impl Drop for Asking {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.state() = State::default();
        }
    }
}
