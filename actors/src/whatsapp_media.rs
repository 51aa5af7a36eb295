//! Fetches the files that came over WhatsApp, after their messages are stored.
//!
//! Started by the root supervisor.
//! Owns the fetches that are under way; what is to be fetched is in the store.
//! Waits for the store, and nothing else: each fetch is a task of its own.
//! Killed by a bug only; the next one looks into the store.
//! The world sees then: pictures that come a little later.

mod fetch;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use uuid::Uuid;

use crate::clock;
use crate::directory::Directory;
use crate::messages::WhatsAppMediaMsg;
use crate::ports::{Files, Lead, MediaSource, Store};

use fetch::Fetch;

/// How many files are fetched at once: of each there may be 16 MiB in memory.
const FETCHES_MAX: usize = 2;
/// How many files the store is asked for: those under way are among them.
const DUE_MAX: u32 = 8;
/// How often the store is asked for files whose next try has come.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Where files come from and where they go.
#[derive(Clone)]
pub struct MediaPlan {
    /// Where they come from.
    pub source: Arc<dyn MediaSource>,
    /// Where they go.
    pub files: Arc<dyn Files>,
}

/// The actor.
pub struct WhatsAppMedia {
    /// What is to be fetched.
    pub store: Arc<dyn Store>,
    /// Where staff are told of a file that will not come.
    pub directory: Directory,
    /// One process fetches.
    pub lead: Lead,
    /// None: there is no channel that brings files.
    pub plan: Option<MediaPlan>,
}

/// What changes.
#[derive(Default)]
pub struct State {
    under_way: HashSet<Uuid>,
}

impl Actor for WhatsAppMedia {
    type Msg = WhatsAppMediaMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<WhatsAppMediaMsg>,
        (): (),
    ) -> Result<State, ActorProcessingErr> {
        if self.plan.is_some() {
            let _ = myself.cast(WhatsAppMediaMsg::Look);
            myself.send_interval(LOOK_EVERY, || WhatsAppMediaMsg::Look);
        }
        Ok(State::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<WhatsAppMediaMsg>,
        message: WhatsAppMediaMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        if let WhatsAppMediaMsg::Ended(id) = message {
            state.under_way.remove(&id);
        }
        self.look(&myself, state).await;
        Ok(())
    }
}

impl WhatsAppMedia {
    /// Starts what is due, as far as there is room.
    async fn look(&self, myself: &ActorRef<WhatsAppMediaMsg>, state: &mut State) {
        let Some(plan) = &self.plan else { return };
        if state.under_way.len() >= FETCHES_MAX || !self.lead.is_ours() {
            return;
        }
        let due = match self.store.due_files(clock::now(), DUE_MAX).await {
            Ok(due) => due,
            Err(error) => {
                return tracing::warn!(%error, "files that are due were not found; tried again soon");
            }
        };
        for file in due {
            if state.under_way.len() < FETCHES_MAX && state.under_way.insert(file.id) {
                let (id, to) = (file.id, myself.clone());
                let fetch = Fetch {
                    plan: plan.clone(),
                    store: Arc::clone(&self.store),
                    directory: self.directory.clone(),
                    file,
                };
                let fetch = tokio::spawn(fetch.run());
                tokio::spawn(async move {
                    // A fetch that panicked is over as well.
                    let _ = fetch.await;
                    let _ = to.cast(WhatsAppMediaMsg::Ended(id));
                });
            }
        }
    }
}
