//! The one task that writes.
//!
//! It takes all that queued while the last group was being synced, and stores it as the next group. There
//! is no timer: alone, a message waits for one sync; in a crowd hundreds share one.

use std::fs::File;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use frontdesk_actors::ports::StoreError;

use super::group::{self, Pending, Stored, Work};

/// How many writes may wait. Beyond, they are refused as [`StoreError::Overloaded`].
pub(super) const QUEUE_MAX: usize = 8_192;
/// How many writes share one transaction at most: bounds what a failure takes back, and how long a group takes.
const GROUP_MAX: usize = 1_024;
/// How long the database is left alone after it failed; doubled each time.
const REST_LEAST: Duration = Duration::from_millis(50);
const REST_MOST: Duration = Duration::from_secs(5);

/// What the writer is asked for.
pub(super) enum Job {
    /// Store a commit.
    Commit(Pending),
    /// Do another write.
    Work(Work),
    /// Write what is queued before this, tidy up and end.
    Close(oneshot::Sender<()>),
}

/// The writer's own state.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    /// None after a failure: what a connection has cached may differ from what the disk holds.
    conn: Option<SqliteConnection>,
    rest: Duration,
    rest_until: Option<Instant>,
    /// Held as long as anything may be written: no other server opens the file meanwhile.
    _lock: File,
}

impl Writer {
    pub(super) fn new(options: SqliteConnectOptions, conn: SqliteConnection, lock: File) -> Self {
        Self { options, conn: Some(conn), rest: REST_LEAST, rest_until: None, _lock: lock }
    }

    /// Writes until it is told to close, or until nobody is left who could ask.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP_MAX);
        let mut closing = None;
        while closing.is_none() && queue.recv_many(&mut jobs, GROUP_MAX).await > 0 {
            #[expect(clippy::cast_precision_loss, reason = "both are a few thousand at most")]
            {
                metrics::gauge!("frontdesk_writer_queue").set((queue.len() + jobs.len()) as f64);
                metrics::histogram!("frontdesk_commit_group_size").record(jobs.len() as f64);
            }
            let mut pending = Vec::with_capacity(jobs.len());
            let mut works = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(one) => pending.push(one),
                    Job::Work(work) => works.push(work),
                    Job::Close(reply) => closing = Some(reply),
                }
            }
            self.store(pending, works).await;
        }
        // Whoever asks from here on is told so by the closed queue.
        drop(queue);
        self.end().await;
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    async fn store(&mut self, pending: Vec<Pending>, works: Vec<Work>) {
        let started = Instant::now();
        match self.try_store(&pending, works).await {
            Ok(stored) => {
                metrics::histogram!("frontdesk_commit_seconds").record(started.elapsed().as_secs_f64());
                tell(pending, stored);
            }
            Err(reason) => {
                failed("unavailable", pending.len());
                for one in pending {
                    let _ = one.reply.send(Err(StoreError::Unavailable(reason.clone())));
                }
            }
        }
    }

    async fn try_store(&mut self, pending: &[Pending], works: Vec<Work>) -> Result<Stored, String> {
        let mut conn = self.connection().await?;
        match group::store(&mut conn, pending, works).await {
            Ok(stored) => {
                self.conn = Some(conn);
                self.rest = REST_LEAST;
                Ok(stored)
            }
            Err(error) => {
                // The connection goes: nothing is acknowledged on it after a sync that failed.
                drop(conn);
                Err(self.rest(&error))
            }
        }
    }

    /// The connection, opened anew where the last one failed. While the database is left alone there is
    /// none: the callers are told at once and do not wait.
    async fn connection(&mut self) -> Result<SqliteConnection, String> {
        if let Some(conn) = self.conn.take() {
            return Ok(conn);
        }
        if self.rest_until.is_some_and(|until| Instant::now() < until) {
            return Err("it failed a moment ago".to_owned());
        }
        self.options.connect().await.map_err(|error| self.rest(&error))
    }

    fn rest(&mut self, error: &sqlx::Error) -> String {
        let rest_ms = self.rest.as_millis();
        tracing::error!(error = %error, rest_ms, "the database failed; nothing of this group is acknowledged");
        self.rest_until = Some(Instant::now() + self.rest);
        self.rest = (self.rest * 2).min(REST_MOST);
        error.to_string()
    }

    /// Moves the write-ahead log into the database, so that one file is the whole of it.
    async fn end(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let checkpoint = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await;
        if let Err(error) = checkpoint.and(conn.close().await) {
            tracing::warn!(error = %error, "the database was not closed cleanly; nothing is lost");
        }
    }
}

fn tell(pending: Vec<Pending>, stored: Stored) {
    let mut conflicts = 0;
    let mut unavailable = 0;
    let all = pending.len();
    for (one, outcome) in pending.into_iter().zip(stored.commits) {
        match outcome {
            Ok(()) => {}
            Err(StoreError::Conflict) => conflicts += 1,
            Err(_) => unavailable += 1,
        }
        // A caller that no longer waits reads it from the log later.
        let _ = one.reply.send(outcome);
    }
    for tell in stored.works {
        tell();
    }
    metrics::counter!("frontdesk_commits_total").increment((all - conflicts - unavailable) as u64);
    failed("conflict", conflicts);
    failed("unavailable", unavailable);
}

/// Counts commits that were not stored.
pub(super) fn failed(reason: &'static str, count: usize) {
    if count > 0 {
        metrics::counter!("frontdesk_commit_failures_total", "reason" => reason).increment(count as u64);
    }
}
