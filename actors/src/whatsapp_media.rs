//! Fetches the files that came over WhatsApp, after their messages are stored.
//!
//! Started by the root supervisor.
//! Owns the fetches that are under way; what is to be fetched is in the store.
//! Waits for the store, and nothing else: each fetch is a task of its own.
//! Killed by a bug only; the next one looks into the store.
//! The world sees then: pictures that come a little later.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use uuid::Uuid;

use crate::clock;
use crate::messages::WhatsAppMediaMsg;
use crate::ports::{DueFile, FileError, FileFate, Files, MediaSource, Store};

/// How many files are fetched at once: each is held in memory whole.
const FETCHES_MAX: usize = 2;
/// How many files the store is asked for: those under way are among them.
const DUE_MAX: u32 = 8;
/// The largest file that is fetched, in bytes: what WhatsApp takes for audio and video.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// How often the store is asked for files whose next try has come.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// The pause after the first try that failed, in milliseconds; doubled each time.
const REST_LEAST_MILLIS: i64 = 2_000;
/// The longest pause between two tries, in milliseconds.
const REST_MOST_MILLIS: i64 = 3_600_000;
/// When a file is given up, in milliseconds: WhatsApp keeps it for a week.
const GIVEN_UP_AFTER_MILLIS: i64 = 7 * 24 * 3_600_000;

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
        if state.under_way.len() >= FETCHES_MAX {
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
                let (plan, store, to) = (plan.clone(), Arc::clone(&self.store), myself.clone());
                let id = file.id;
                let fetch = tokio::spawn(async move { fetch(&plan, store.as_ref(), file).await });
                tokio::spawn(async move {
                    // A fetch that panicked is over as well.
                    let _ = fetch.await;
                    let _ = to.cast(WhatsAppMediaMsg::Ended(id));
                });
            }
        }
    }
}

async fn fetch(plan: &MediaPlan, store: &dyn Store, file: DueFile) {
    let kept = match plan.source.fetch(&file.media, FILE_MAX_BYTES).await {
        Ok(bytes) => plan.files.keep(file.id, bytes, true).await,
        Err(error) => Err(error),
    };
    let fate = match kept {
        Ok(kept) => FileFate::Kept(kept),
        Err(FileError::Unavailable(reason)) => next_try(&file, &reason),
        Err(error) => {
            tracing::warn!(file = %file.id, %error, "a guest's file is lost");
            FileFate::Lost
        }
    };
    if let Err(error) = store.put_file(file.id, fate).await {
        // It stays due, and is fetched again: not at once, while nothing can be noted.
        tracing::warn!(file = %file.id, %error, "what became of a file was not noted");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn next_try(file: &DueFile, reason: &str) -> FileFate {
    let now = clock::now();
    let age = now.0 - file.since.0;
    if age > GIVEN_UP_AFTER_MILLIS {
        tracing::warn!(file = %file.id, reason, "a guest's file is given up");
        return FileFate::Lost;
    }
    let rest = REST_LEAST_MILLIS.saturating_mul(1 << file.tries.min(16)).min(REST_MOST_MILLIS);
    // Spread by the file's own id, so that many do not come back at once.
    let spread = i64::from(file.id.as_bytes()[15]) * rest / 1024;
    FileFate::Later(now.plus_millis(rest + spread))
}
