//! PostgreSQL: for when one machine is not enough.
//!
//! One task writes, on a connection of its own ([`writer`]), in groups; the others read. What is acknowledged is
//! synced. The tables that are made of the log are written with it, so that every read sees how things stand.
//!
//! One server has the database, or several that know of each other share it ([`owners`]): a lock that ends with the
//! writer's connection keeps all others away. Nothing else here leans on that: a commit is refused unless it begins
//! where its conversation ends, whoever else writes, and what is read to decide a write is locked first.

mod access;
mod accounts;
mod aliases;
mod attachments;
mod audit;
mod beside;
mod books;
mod commits;
mod deliveries;
mod dump;
mod export;
mod fault;
mod group;
mod guests;
mod heads;
mod help;
mod identities;
mod knowledge;
mod lead;
mod links;
mod listing;
mod locks;
mod log;
mod logins;
mod open;
mod owners;
mod pack;
mod privacy;
mod records;
mod redact;
mod rehearsal;
mod renumber;
mod reservations;
mod restore;
mod rows;
#[cfg(test)]
pub(super) mod tests;
mod tools;
mod turns;
mod verified;
mod vitals;
mod webhooks;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot, watch};

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::letter::NodeId;

use crate::store::jobs::{Pending, QUEUE_MAX, closed, failed, not_taken, work};
use crate::store::together::Together;

pub use audit::{newest_audit, verify_audit};
pub use dump::{dump, verify_dump};
pub use export::export_from;
pub use open::{OpenError, known_schema};
pub use records::replay_from;
pub use rehearsal::recorded_from;
pub use restore::restore;

use fault::Fault;
pub(super) use fault::{breaks_a_rule, is_about_rows};
use writer::{Job, Writer};

/// How many reads run at once; more wait for their turn.
const READERS: u32 = 8;
/// How long a read waits for its turn, or for the server to come back, before it is refused.
const READER_WAIT: Duration = Duration::from_secs(5);

/// The database in a PostgreSQL server.
#[derive(Debug)]
pub struct PostgresStore {
    /// For what only reads.
    readers: PgPool,
    together: Arc<Together<PgPool>>,
    jobs: mpsc::Sender<Job>,
    /// Changes whenever events were stored.
    moved: watch::Sender<()>,
    /// Our name among the processes that share the database; `None`: we have it alone.
    node: Option<NodeId>,
    options: PgConnectOptions,
}

impl PostgresStore {
    /// Takes the database, and brings it to this version's schema. To be called within a tokio runtime, on which
    /// the writer then runs.
    ///
    /// # Errors
    /// See [`OpenError`]. A database of a newer version, or that another server has, is left as it is.
    pub async fn open(url: &SecretString) -> Result<Self, OpenError> {
        Self::open_as(url, None).await
    }

    /// The same as one of several processes that share the database, with this name.
    ///
    /// # Errors
    /// See [`PostgresStore::open`].
    pub async fn open_as(url: &SecretString, node: Option<NodeId>) -> Result<Self, OpenError> {
        let (store, writer, queue) = Self::prepare(url, node, QUEUE_MAX).await?;
        tokio::spawn(writer.run(queue));
        Ok(store)
    }

    /// Everything but the start of the writer.
    async fn prepare(
        url: &SecretString,
        node: Option<NodeId>,
        queue_max: usize,
    ) -> Result<(Self, Writer, mpsc::Receiver<Job>), OpenError> {
        let lock = open::Lock::of(node);
        let options = open::of_one(open::options(url)?, lock);
        let conn = open::writer(&options, lock).await?;
        let readers = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READER_WAIT)
            // A connection that was cut meanwhile is found out before somebody's read is lost on it.
            .test_before_acquire(true)
            .connect_lazy_with(options.clone());
        let (jobs, queue) = mpsc::channel(queue_max);
        let moved = watch::Sender::new(());
        let writer = Writer::new(options.clone(), node, conn, moved.clone());
        let together = Together::new(readers.clone());
        Ok((Self { readers, together, jobs, moved, node, options }, writer, queue))
    }

    /// Writes what is queued and lets go of the database. What is asked for afterwards is refused as unavailable.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
        self.readers.close().await;
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

    /// Has the writer do any other write, all of it or nothing. On disk when this returns `Ok`. Not for what
    /// commits write: events, turns, and the rows of conversations that have events.
    async fn write<T, F>(&self, write: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        let (work, told) = work(write);
        self.queue(Job::Work(work))?;
        told.await.unwrap_or_else(|_| Err(closed().into()))
    }
}
