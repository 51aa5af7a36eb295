//! The one task that writes.
//!
//! It takes all that queued while the last group was being synced, and stores it as the next group. There
//! is no timer: alone, a message waits for one sync; in a crowd hundreds share one. Now and then the tables
//! that are made of the log catch up with it, in the transaction of a group or when there is nothing else to do.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use frontdesk_actors::metering;
use frontdesk_actors::ports::StoreError;

use crate::store::jobs::{GROUP_MAX, Pending, Rest, Tell, Work, failed};

use super::fold;
use super::group;
use super::heads::Heads;
use super::tail::{Part, Tail};

/// How many events may be in the log before the tables catch up: the longer, the more events of a conversation
/// share the writing of its row, and the more memory the tail takes and a start after a crash.
const FOLD_AT: usize = 8_192;
/// They also catch up when nothing was written for so long.
const FOLD_IDLE: Duration = Duration::from_secs(1);

/// What the writer is asked for.
pub(super) enum Job {
    /// Store a commit.
    Commit(Pending),
    /// Do another write.
    Work(Work<SqliteConnection>),
    /// Have the tables catch up with what was acknowledged before this.
    Fold(oneshot::Sender<()>),
    /// Write the whole file anew, without what was deleted.
    Pack(oneshot::Sender<Result<(), StoreError>>),
    /// Write what is queued before this, tidy up and end.
    Close(oneshot::Sender<()>),
}

/// The writer's own state.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    /// None after a failure: what a connection has cached may differ from what the disk holds.
    conn: Option<SqliteConnection>,
    /// As read when the connection was opened, and kept since.
    heads: Heads,
    tail: Arc<Tail>,
    /// Told when the log has grown.
    moved: watch::Sender<()>,
    rest: Rest,
    /// Held as long as anything may be written: no other server opens the file meanwhile.
    _lock: File,
}

impl Writer {
    pub(super) fn new(
        options: SqliteConnectOptions,
        (conn, heads): (SqliteConnection, Heads),
        tail: Arc<Tail>,
        moved: watch::Sender<()>,
        lock: File,
    ) -> Self {
        Self { options, conn: Some(conn), heads, tail, moved, rest: Rest::default(), _lock: lock }
    }

    /// Writes until it is told to close, or until nobody is left who could ask.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP_MAX);
        let mut closing = None;
        while closing.is_none() {
            match self.next(&mut queue, &mut jobs).await {
                Some(0) => break,
                Some(_) => {}
                None => {
                    self.store(Vec::new(), Vec::new(), true).await;
                    continue;
                }
            }
            metering::queue("writes", queue.len() + jobs.len(), queue.max_capacity() + GROUP_MAX);
            metrics::histogram!("frontdesk_commit_group_size").record(metering::count(jobs.len()));
            let mut pending = Vec::with_capacity(jobs.len());
            let mut works = Vec::new();
            let mut folds = Vec::new();
            let mut packs = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(one) => pending.push(one),
                    Job::Work(work) => works.push(work),
                    Job::Fold(reply) => folds.push(reply),
                    Job::Pack(reply) => packs.push(reply),
                    Job::Close(reply) => closing = Some(reply),
                }
            }
            let fold = !folds.is_empty() || self.tail.len() >= FOLD_AT;
            if self.store(pending, works, fold).await {
                for reply in folds {
                    let _ = reply.send(());
                }
            }
            if !packs.is_empty() {
                let packed = self.pack().await;
                for reply in packs {
                    let _ = reply.send(packed.clone());
                }
            }
        }
        // Whoever asks from here on is told so by the closed queue.
        drop(queue);
        self.end().await;
        // The lock goes before the answer: who was told that this is closed may open it anew.
        drop(self);
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    /// Waits for jobs. `None` if there are none and the tables can catch up meanwhile.
    async fn next(&self, queue: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) -> Option<usize> {
        let some = queue.recv_many(jobs, GROUP_MAX);
        if self.tail.is_empty() { Some(some.await) } else { timeout(FOLD_IDLE, some).await.ok() }
    }

    /// Stores a group and tells everybody. True if it is on disk.
    async fn store(&mut self, pending: Vec<Pending>, works: Vec<Work<SqliteConnection>>, fold: bool) -> bool {
        let started = Instant::now();
        match self.try_store(&pending, works, fold).await {
            Ok(outcome) => {
                metrics::histogram!("frontdesk_commit_seconds").record(started.elapsed().as_secs_f64());
                self.tell(pending, outcome);
                true
            }
            Err(reason) => {
                let error = StoreError::Unavailable(reason);
                failed(&error, pending.len());
                for one in pending {
                    let _ = one.reply.send(Err(error.clone()));
                }
                false
            }
        }
    }

    async fn try_store(
        &mut self,
        pending: &[Pending],
        works: Vec<Work<SqliteConnection>>,
        fold: bool,
    ) -> Result<Outcome, String> {
        let mut conn = self.connection().await?;
        let parts = fold.then(|| self.tail.all()).filter(|parts| parts.iter().next().is_some());
        let folded = parts.is_some();
        match group::store(&mut conn, &mut self.heads, pending, works, parts.as_deref()).await {
            Ok(stored) => {
                self.conn = Some(conn);
                self.rest.end();
                let (moved, position) = stored.moved;
                self.heads.advance(folded, moved, position);
                Ok(Outcome { folded, commits: stored.commits, works: stored.works })
            }
            Err(error) => {
                // The connection goes: nothing is acknowledged on it after a sync that failed.
                drop(conn);
                Err(self.rest(&error))
            }
        }
    }

    /// Shows readers what is on disk now, and then tells who waits for it.
    fn tell(&self, pending: Vec<Pending>, outcome: Outcome) {
        let mut stored = Vec::with_capacity(pending.len());
        let mut replies = Vec::with_capacity(pending.len());
        for (one, outcome) in pending.into_iter().zip(outcome.commits) {
            let outcome = outcome.map(|before| {
                let commit = *one.commit;
                stored.push(Part {
                    snapshot: commit.snapshot,
                    events: (before + 1..).zip(commit.events).collect(),
                });
            });
            if let Err(error) = &outcome {
                failed(error, 1);
            }
            replies.push((one.reply, outcome));
        }
        metrics::counter!("frontdesk_commits_total").increment(stored.len() as u64);
        let grown = !stored.is_empty();
        self.tail.advance(outcome.folded, stored.into_iter());
        if grown {
            self.moved.send_replace(());
        }
        for (reply, outcome) in replies {
            // A caller that no longer waits reads it from the log later.
            let _ = reply.send(outcome);
        }
        for tell in outcome.works {
            tell();
        }
    }

    /// The connection, opened anew where the last one failed. While the database is left alone there is
    /// none: the callers are told at once and do not wait.
    async fn connection(&mut self) -> Result<SqliteConnection, String> {
        if let Some(conn) = self.conn.take() {
            return Ok(conn);
        }
        if self.rest.is_on() {
            return Err("it failed a moment ago".to_owned());
        }
        let opened = async {
            let mut conn = self.options.connect().await?;
            // A group that was reported as failed may be in the log after all.
            let heads = fold::catch_up(&mut conn).await?;
            Ok((conn, heads))
        };
        let (conn, heads) = opened.await.map_err(|error: sqlx::Error| self.rest(&error))?;
        self.heads = heads;
        self.tail.advance(true, std::iter::empty());
        Ok(conn)
    }

    fn rest(&mut self, error: &sqlx::Error) -> String {
        let rest_ms = self.rest.begin().as_millis();
        tracing::error!(error = %error, rest_ms, "the database failed; nothing of this group is acknowledged");
        error.to_string()
    }

    /// Writes the whole file anew and empties the write-ahead log. Commits wait meanwhile.
    async fn pack(&mut self) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut conn = self.connection().await.map_err(StoreError::Unavailable)?;
        let packed = async {
            sqlx::query("VACUUM").execute(&mut conn).await?;
            sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut conn).await
        };
        match packed.await {
            Ok(busy) => {
                self.conn = Some(conn);
                tracing::info!(millis = started.elapsed().as_millis(), "the database was packed");
                // Somebody still reads the file as it was.
                if busy == 0 { Ok(()) } else { Err(StoreError::Overloaded) }
            }
            Err(error) => Err(StoreError::Unavailable(self.rest(&error))),
        }
    }

    /// Has the tables catch up and moves the write-ahead log into the database, so that one file is the whole
    /// of it.
    async fn end(&mut self) {
        if !self.tail.is_empty() {
            self.store(Vec::new(), Vec::new(), true).await;
        }
        let Some(mut conn) = self.conn.take() else { return };
        let checkpoint = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await;
        if let Err(error) = checkpoint.and(conn.close().await) {
            tracing::warn!(error = %error, "the database was not closed cleanly; nothing is lost");
        }
    }
}

/// What came of a group that is on disk.
struct Outcome {
    /// The tables have caught up.
    folded: bool,
    /// Of each commit: the position before its first event.
    commits: Vec<Result<i64, StoreError>>,
    /// Whom to tell of the other writes.
    works: Vec<Tell>,
}
