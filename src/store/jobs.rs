//! What a store's one writer is asked for, whichever database it writes to.

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant};

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::Seq;

use super::fault::Fault;

/// How many writes may wait. Beyond, they are refused as [`StoreError::Overloaded`].
pub(super) const QUEUE_MAX: usize = 8_192;
/// How many writes share one transaction at most: bounds what a failure takes back, and how long a group takes.
pub(super) const GROUP_MAX: usize = 1_024;
/// How long the database is left alone after it failed; doubled each time.
const REST_LEAST: Duration = Duration::from_millis(50);
/// So that all is well within two seconds after what was in the way is gone.
const REST_MOST: Duration = Duration::from_secs(1);

/// A commit and whom to tell.
pub(super) struct Pending {
    pub(super) commit: Box<Commit>,
    pub(super) reply: oneshot::Sender<Result<(), StoreError>>,
}

/// Any other write: done within the group's transaction, and told once that is on disk.
pub(super) type Work<C> = Box<dyn for<'c> FnOnce(&'c mut C) -> BoxFuture<'c, Worked> + Send>;

/// What came of such a write.
pub(super) enum Worked {
    /// It is written; to be told when the group is on disk. Dropped untold, its caller learns that the
    /// store is not available.
    Done(Tell),
    /// It was refused, and its caller knows. What it wrote is to be undone.
    Refused,
    /// The database failed.
    Broken(sqlx::Error),
}

/// Tells the caller of a write that it is on disk.
pub(super) type Tell = Box<dyn FnOnce() + Send>;

/// A write as a job for the writer, and where its outcome is told.
pub(super) fn work<C, T, F>(write: F) -> (Work<C>, oneshot::Receiver<Result<T, Fault>>)
where
    C: Send,
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut C) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
{
    let (reply, told) = oneshot::channel();
    let work: Work<C> = Box::new(move |conn| {
        Box::pin(async move {
            match write(conn).await.map_err(Fault::into_break) {
                Ok(value) => Worked::Done(Box::new(move || {
                    let _ = reply.send(Ok(value));
                })),
                Err(Ok(refusal)) => {
                    let _ = reply.send(Err(refusal));
                    Worked::Refused
                }
                Err(Err(broken)) => Worked::Broken(broken),
            }
        })
    });
    (work, told)
}

/// Where a commit begins: the last event before its first.
///
/// # Errors
/// [`StoreError::Conflict`] if its events do not lead from there to where its snapshot stands.
pub(super) fn begins_after(commit: &Commit) -> Result<Seq, StoreError> {
    let snapshot = &commit.snapshot;
    let first = snapshot.last_seq.checked_sub(commit.events.len() as Seq).ok_or(StoreError::Conflict)?;
    let fits = |(event, seq): (&Event, Seq)| event.seq == seq && event.conversation == snapshot.id;
    if commit.events.iter().zip(first + 1..).all(fits) { Ok(first) } else { Err(StoreError::Conflict) }
}

/// What is told by a queue that takes no job.
pub(super) fn not_taken<T>(error: &mpsc::error::TrySendError<T>) -> StoreError {
    match error {
        mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
        mpsc::error::TrySendError::Closed(_) => closed(),
    }
}

/// What is told when there is no writer.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the writer has failed or is closed".to_owned())
}

/// Counts commits that were not stored.
pub(super) fn failed(error: &StoreError, count: usize) {
    let reason = match error {
        StoreError::Overloaded => "overloaded",
        StoreError::Unavailable(_) => "unavailable",
        StoreError::Conflict => "conflict",
    };
    if count > 0 {
        metrics::counter!("frontdesk_commit_failures_total", "reason" => reason).increment(count as u64);
    }
}

/// Between half of it and all: those who failed together do not come back together.
pub(super) fn about(wait: Duration) -> Duration {
    let mut random = [0];
    // Without randomness all of it is right as well.
    let _ = getrandom::fill(&mut random);
    wait.mul_f64(1.0 - f64::from(random[0]) / 512.0)
}

/// A database that failed is left alone for a while: whoever writes meanwhile is told at once and does not wait.
#[derive(Debug)]
pub(super) struct Rest {
    next: Duration,
    until: Option<Instant>,
}

impl Default for Rest {
    fn default() -> Self {
        Self { next: REST_LEAST, until: None }
    }
}

impl Rest {
    /// It failed. Says for how long it is left alone.
    pub(super) fn begin(&mut self) -> Duration {
        let rest = about(self.next);
        self.until = Some(Instant::now() + rest);
        self.next = (self.next * 2).min(REST_MOST);
        rest
    }

    /// True while it is to be left alone.
    pub(super) fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// All is well.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}
