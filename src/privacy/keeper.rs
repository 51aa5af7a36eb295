//! The task that erases: whom somebody named, and whose time is over.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::people::{AgentRef, Author};
use frontdesk_domain::refusal::Refusal;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use crate::attachments::Folder;
use crate::audit::{Action, Actor, Audit};
use crate::http::now;
use crate::store::Database;
use crate::store::privacy::Erasure;

/// How long from one look for what is over to the next.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// The first look comes this long after the start: the start has other things to do.
const LOOK_FIRST: Duration = Duration::from_secs(60);
/// How long after a failure it is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// How often the database is packed at most: commits wait meanwhile.
const PACK_TRIES: u32 = 20;
/// The pause between these.
const PACK_AGAIN: Duration = Duration::from_millis(250);
/// The longest that reservations without a guest are kept after they were last heard of, in milliseconds: a year.
const RESERVATIONS_KEPT_MILLIS: i64 = 366 * 24 * 3_600_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;

/// Says that somebody is to be erased, and tells when somebody was. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Nudge {
    wanted: Arc<Notify>,
    done: watch::Sender<u64>,
}

impl Default for Nudge {
    fn default() -> Self {
        Self { wanted: Arc::default(), done: watch::Sender::new(0) }
    }
}

impl Nudge {
    /// Somebody is to be erased: now.
    pub fn now(&self) {
        self.wanted.notify_one();
    }

    /// Changes whenever all that was asked for was done.
    pub fn done(&self) -> watch::Receiver<u64> {
        self.done.subscribe()
    }
}

/// What erases.
pub struct Keeper {
    /// The way to the conversations.
    pub hub: Hub,
    /// The tables.
    pub db: Arc<dyn Database>,
    /// The bytes of attachments.
    pub files: Folder,
    /// Wakes it.
    pub nudge: Nudge,
    /// Who did what.
    pub audit: Audit,
}

/// Why an erasure is not done yet. It is tried again.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a conversation says: {0:?}")]
    Refused(Refusal),
}

impl Keeper {
    /// Erases for ever. What a crash cut short is taken up again.
    pub async fn run(self) {
        let mut look_at = Instant::now() + LOOK_FIRST;
        loop {
            let mut wait = look_at.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                self.look().await;
                look_at = Instant::now() + LOOK_EVERY;
                wait = LOOK_EVERY;
            }
            if let Err(error) = self.erase_all().await {
                tracing::error!(%error, "an erasure is not done yet");
                wait = wait.min(AGAIN_AFTER);
            }
            tokio::select! {
                () = self.nudge.wanted.notified() => {}
                () = sleep(wait) => {}
            }
        }
    }

    async fn erase_all(&self) -> Result<(), Undone> {
        let mut any = false;
        loop {
            let open = self.db.open_erasures().await?;
            if open.is_empty() {
                break;
            }
            any = true;
            for erasure in open {
                self.erase(&erasure).await?;
            }
        }
        if any {
            self.pack().await?;
        }
        self.nudge.done.send_modify(|done| *done += 1);
        Ok(())
    }

    /// One guest. Each step may be done again.
    async fn erase(&self, erasure: &Erasure) -> Result<(), Undone> {
        let guest = erasure.guest;
        for session in self.db.end_guest_sessions(guest).await? {
            self.hub.end_session(session);
        }
        let by = erasure.agent.map_or_else(Author::system, |id| Author {
            name: None,
            ..Author::agent(&AgentRef { id, name: String::new() })
        });
        let conversations = self.db.conversations_of(erasure.property, guest).await?;
        for conversation in conversations.unwrap_or_default() {
            self.hub.erase(conversation, by.clone()).await.map_err(Undone::Refused)?;
        }
        // The bytes before the rows that say which they are.
        let files = self.db.files_of(guest).await?;
        self.files.remove(files).await;
        self.db.wipe_guest(guest, now()).await?;
        metrics::counter!("frontdesk_erasures_total").increment(1);
        tracing::info!(%guest, by_agent = erasure.agent.is_some(), "a guest was erased");
        Ok(())
    }

    /// A reader may hold on to the file as it was for a moment.
    async fn pack(&self) -> Result<(), StoreError> {
        let mut tries = 1;
        loop {
            match self.db.pack().await {
                Err(StoreError::Overloaded) if tries < PACK_TRIES => {
                    tries += 1;
                    sleep(PACK_AGAIN).await;
                }
                done => return done,
            }
        }
    }

    /// Looks for what is over, at each property.
    async fn look(&self) {
        let properties = match self.db.private_properties().await {
            Ok(properties) => properties,
            Err(error) => return tracing::error!(%error, "nobody looked for what is over"),
        };
        for property in properties {
            if let Err(error) = self.look_at(property).await {
                tracing::error!(%error, %property, "what is over was not thrown away");
            }
        }
        let before = now().plus_millis(-RESERVATIONS_KEPT_MILLIS);
        if let Err(error) = self.db.prune_reservations(before).await {
            tracing::error!(%error, "old reservations were not thrown away");
        }
    }

    async fn over(&self, property: PropertyId, what: String) {
        let actor = Actor::server().within(property);
        self.audit.record_detail(&actor, Action::RetentionApplied, "", what).await;
    }

    async fn look_at(&self, property: PropertyId) -> Result<(), StoreError> {
        let settings = self.db.privacy(property).await?;
        let past = |days: u32| now().plus_millis(-DAY_MILLIS * i64::from(days));
        if let Some(days) = settings.attachment_days {
            loop {
                let files = self.db.files_past(property, past(days)).await?;
                if files.is_empty() {
                    break;
                }
                tracing::info!(files = files.len(), %property, "files whose time is over are removed");
                self.files.remove(files.clone()).await;
                self.over(property, format!("{} files", files.len())).await;
                self.db.lose_files(files).await?;
            }
        }
        if let Some(days) = settings.conversation_days {
            loop {
                let guests = self.db.guests_past(property, past(days)).await?;
                if guests.is_empty() {
                    break;
                }
                self.over(property, format!("{} guests", guests.len())).await;
                for guest in guests {
                    let erasure = Erasure { guest, property, agent: None, asked_at: now(), done_at: None };
                    self.db.ask_erasure(erasure).await?;
                }
            }
        }
        Ok(())
    }
}
