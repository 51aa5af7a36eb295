//! SQLite: the default database, one file on one machine.
//!
//! One connection writes, owned by one task ([`writer`]); four read. What is acknowledged is synced. A commit
//! only adds to the end of the log; the tables that are made of it follow ([`tail`], [`fold`]).

mod access;
mod accounts;
mod aliases;
mod attachments;
mod audit;
mod books;
mod commits;
mod copy;
mod deliveries;
mod fault;
mod fold;
mod group;
mod guests;
mod heads;
mod help;
mod identities;
mod knowledge;
mod links;
mod listing;
mod log;
mod logins;
mod open;
mod privacy;
mod records;
mod redact;
mod rehearsal;
mod reservations;
mod rows;
mod sheet;
mod tail;
#[cfg(test)]
pub(super) mod tests;
mod values;
mod verified;
mod vitals;
mod webhooks;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use frontdesk_actors::ports::{Commit, StoreError};

use crate::store::jobs::{Pending, QUEUE_MAX, closed, failed, not_taken, work};
use crate::store::together::Together;

pub use audit::{newest_audit, verify_audit};
pub use copy::{carry_erasures, copy, renew, verify};
pub use open::{OpenError, known_schema, lock};
pub use privacy::export_from;
pub use records::replay_file;
pub use rehearsal::recorded_file;

use fault::Fault;
pub(super) use fault::{breaks_a_rule, is_about_rows};
use tail::Tail;
use writer::{Job, Writer};

/// How many reads run at once; more wait for their turn.
const READERS: u32 = 4;
/// How long a read waits for its turn before it is refused.
const READER_WAIT: Duration = Duration::from_secs(5);
/// How long a list waits for the tables to catch up with the log. Then it shows how things stood a moment ago:
/// reading goes on while the disk is slow or full.
const SETTLE_WAIT: Duration = Duration::from_millis(500);

/// The database in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    together: Arc<Together<SqlitePool>>,
    tail: Arc<Tail>,
    jobs: mpsc::Sender<Job>,
    /// Changes whenever events were stored.
    moves: watch::Receiver<()>,
}

impl SqliteStore {
    /// Opens the database, made if there is none, and brings it to this version's schema. To be called
    /// within a tokio runtime, on which the writer then runs.
    ///
    /// # Errors
    /// See [`OpenError`]. A database of a newer version is left as it is.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let (store, writer, queue) = Self::prepare(path, QUEUE_MAX).await?;
        tokio::spawn(writer.run(queue));
        Ok(store)
    }

    /// Everything but the start of the writer.
    async fn prepare(
        path: &Path,
        queue_max: usize,
    ) -> Result<(Self, Writer, mpsc::Receiver<Job>), OpenError> {
        let lock = lock(path)?;
        let opened = open::writer(path).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READER_WAIT)
            // It is a file: a connection does not go stale, and to ask it costs a hop to its thread.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(open::options(path).read_only(true));
        let (jobs, queue) = mpsc::channel(queue_max);
        let tail = Arc::new(Tail::default());
        let (moved, moves) = watch::channel(());
        let writer = Writer::new(open::writer_options(path), opened, Arc::clone(&tail), moved, lock);
        let together = Together::new(readers.clone());
        Ok((Self { readers, together, tail, jobs, moves }, writer, queue))
    }

    /// Writes what is queued, moves the write-ahead log into the database file and lets go of it. What is
    /// asked for afterwards is refused as unavailable.
    pub async fn close(&self) {
        self.readers.close().await;
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }

    fn queue(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.try_send(job).map_err(|error| not_taken(&error))
    }

    /// Has the writer store a commit. On disk when this returns `Ok`.
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let (reply, stored) = oneshot::channel();
        self.queue(Job::Commit(Pending { commit: Box::new(commit), reply }))
            .inspect_err(|error| failed(error, 1))?;
        stored.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Has the tables catch up with everything that was acknowledged, for lists that are read from them.
    async fn settle(&self) {
        if self.tail.is_empty() {
            return;
        }
        let (reply, folded) = oneshot::channel();
        if self.queue(Job::Fold(reply)).is_ok() {
            let _ = timeout(SETTLE_WAIT, folded).await;
        }
    }

    /// Has the tables catch up with everything that was acknowledged, however long that takes.
    async fn fold(&self) -> Result<(), StoreError> {
        let (reply, folded) = oneshot::channel();
        self.queue(Job::Fold(reply))?;
        folded.await.map_err(|_| closed())
    }

    /// Has the writer pack the database: what was deleted is nowhere in its files any more.
    async fn pack(&self) -> Result<(), StoreError> {
        let (reply, packed) = oneshot::channel();
        self.queue(Job::Pack(reply))?;
        packed.await.map_err(|_| closed())?
    }

    /// Has the writer do any other write, all of it or nothing. On disk when this returns `Ok`. Not for what
    /// commits write: events, turns, and the rows of conversations that have events.
    async fn write<T, F>(&self, write: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        let (work, told) = work(write);
        self.queue(Job::Work(work))?;
        told.await.unwrap_or_else(|_| Err(closed().into()))
    }
}
