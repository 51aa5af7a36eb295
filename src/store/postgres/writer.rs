//! The one task that writes.
//!
//! It takes all that queued while the last group was being committed, and stores it as the next group. There is
//! no timer: alone, a message waits for one sync; in a crowd hundreds share one.
//!
//! Its connection holds the lock of the database, so what is written is written by who has it. A connection that
//! was lost is opened anew, with the lock; until then nothing is written, and whoever asks is told so. A group
//! whose commit was not answered may be stored or not: it is reported as not, and who tries again finds out.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use frontdesk_actors::metering;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::letter::NodeId;

use crate::store::jobs::{GROUP_MAX, Pending, Rest, Work, failed};

use super::group::{self, Stored};
use super::open;

/// How long a group may take before its connection is given up: longer than the server lets a statement run.
const GROUP_WAIT: Duration = Duration::from_secs(40);
/// How long nothing is written before the connection is looked at: with it, the lock may be lost.
const IDLE: Duration = Duration::from_secs(5);
/// How long that may take.
const PING_WAIT: Duration = Duration::from_secs(5);

/// What the writer is asked for.
pub(super) enum Job {
    /// Store a commit.
    Commit(Pending),
    /// Do another write.
    Work(Work<PgConnection>),
    /// Write what is queued before this and end.
    Close(oneshot::Sender<()>),
}

/// The writer's own state.
pub(super) struct Writer {
    options: PgConnectOptions,
    /// As which process it writes, among others; `None`: alone.
    me: Option<NodeId>,
    /// Holds the lock. None after a failure.
    conn: Option<PgConnection>,
    /// Told when the log has grown.
    moved: watch::Sender<()>,
    rest: Rest,
}

impl Writer {
    pub(super) fn new(
        options: PgConnectOptions,
        me: Option<NodeId>,
        conn: PgConnection,
        moved: watch::Sender<()>,
    ) -> Self {
        Self { options, me, conn: Some(conn), moved, rest: Rest::default() }
    }

    /// Writes until it is told to close, or until nobody is left who could ask.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(GROUP_MAX);
        let mut closing = None;
        while closing.is_none() {
            match timeout(IDLE, queue.recv_many(&mut jobs, GROUP_MAX)).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => {
                    self.look().await;
                    continue;
                }
            }
            metering::queue("writes", queue.len() + jobs.len(), queue.max_capacity() + GROUP_MAX);
            metrics::histogram!("frontdesk_commit_group_size").record(metering::count(jobs.len()));
            let mut pending = Vec::with_capacity(jobs.len());
            let mut works = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(one) => pending.push(one),
                    Job::Work(work) => works.push(work),
                    Job::Close(reply) => closing = Some(reply),
                }
            }
            if !pending.is_empty() || !works.is_empty() {
                self.store(pending, works).await;
            }
        }
        // Whoever asks from here on is told so by the closed queue.
        drop(queue);
        if let Some(conn) = self.conn.take()
            && let Err(error) = conn.close().await
        {
            tracing::warn!(error = %error, "the database was not closed cleanly; nothing is lost");
        }
        // Who was told that this is closed may open it anew.
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    /// Stores a group and tells everybody.
    async fn store(&mut self, pending: Vec<Pending>, works: Vec<Work<PgConnection>>) {
        let started = Instant::now();
        match self.try_store(&pending, works).await {
            Ok(stored) => {
                metrics::histogram!("frontdesk_commit_seconds").record(started.elapsed().as_secs_f64());
                self.tell(pending, stored);
            }
            Err(reason) => {
                let error = StoreError::Unavailable(reason);
                failed(&error, pending.len());
                for one in pending {
                    let _ = one.reply.send(Err(error.clone()));
                }
            }
        }
    }

    async fn try_store(
        &mut self,
        pending: &[Pending],
        works: Vec<Work<PgConnection>>,
    ) -> Result<Stored, String> {
        let mut conn = self.connection().await?;
        let error = match timeout(GROUP_WAIT, group::store(&mut conn, pending, works, self.me)).await {
            Ok(Ok(stored)) => {
                self.conn = Some(conn);
                self.rest.end();
                return Ok(stored);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it did not answer in time".to_owned(),
        };
        // The connection goes: nobody knows what became of the group on it.
        drop(conn);
        Err(self.failed(error))
    }

    /// Tells who waits for what is on disk now.
    fn tell(&self, pending: Vec<Pending>, stored: Stored) {
        let mut count = 0;
        for (one, outcome) in pending.into_iter().zip(stored.commits) {
            match &outcome {
                Ok(()) => count += 1,
                Err(error) => failed(error, 1),
            }
            // A caller that no longer waits reads it from the log later.
            let _ = one.reply.send(outcome);
        }
        if count > 0 {
            self.moved.send_replace(());
        }
        for tell in stored.works {
            tell();
        }
        metrics::counter!("frontdesk_commits_total").increment(count);
    }

    /// The connection, opened anew where the last one failed. While the database is left alone there is none: the
    /// callers are told at once and do not wait.
    async fn connection(&mut self) -> Result<PgConnection, String> {
        if let Some(conn) = self.conn.take() {
            return Ok(conn);
        }
        if self.rest.is_on() {
            return Err("it failed a moment ago".to_owned());
        }
        let taken = open::take(&self.options, open::Lock::of(self.me))
            .await
            .map_err(|error| self.failed(error.to_string()))?;
        tracing::info!("the database is there again");
        Ok(taken)
    }

    /// Looks after the connection while nothing is written.
    async fn look(&mut self) {
        let Ok(mut conn) = self.connection().await else { return };
        match timeout(PING_WAIT, conn.ping()).await {
            Ok(Ok(())) => self.conn = Some(conn),
            Ok(Err(error)) => drop(self.failed(error.to_string())),
            Err(_) => drop(self.failed("it did not answer in time".to_owned())),
        }
    }

    fn failed(&mut self, error: String) -> String {
        let rest_ms = self.rest.begin().as_millis();
        tracing::error!(error, rest_ms, "the database failed; nothing of this group is acknowledged");
        error
    }
}
