//! One group of writes in one transaction, and so in one sync of the disk.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::oneshot;

use frontdesk_actors::ports::{Commit, StoreError};

use super::commits;
use super::fault::Fault;

/// Takes the write lock at once: a transaction that began by reading could find that it may not write.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// A commit and whom to tell.
pub(super) struct Pending {
    pub(super) commit: Box<Commit>,
    pub(super) reply: oneshot::Sender<Result<(), StoreError>>,
}

/// Any other write: done within the group's transaction, and told once that is on disk.
pub(super) type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Worked> + Send>;

/// What came of such a write.
pub(super) enum Worked {
    /// It is written; to be told when the group is on disk. Dropped untold, its caller learns that the
    /// store is not available.
    Done(Box<dyn FnOnce() + Send>),
    /// It was refused, and its caller knows. What it wrote is to be undone.
    Refused,
    /// The database failed.
    Broken(sqlx::Error),
}

/// What came of a group that is on disk.
pub(super) struct Stored {
    /// Of each commit, in order.
    pub(super) commits: Vec<Result<(), StoreError>>,
    /// Whom to tell of the other writes.
    pub(super) works: Vec<Box<dyn FnOnce() + Send>>,
}

/// Stores a group. Commits that conflict are left out, and only they.
///
/// # Errors
/// The database failed: nothing of the group may be acknowledged, and the connection is not to be used again.
pub(super) async fn store(
    conn: &mut SqliteConnection,
    pending: &[Pending],
    works: Vec<Work>,
) -> Result<Stored, sqlx::Error> {
    let mut tx = conn.begin_with(BEGIN).await?;
    let mut outcomes = vec![Ok(()); pending.len()];
    if !pending.is_empty()
        && let Err(fault) = commits::store(&mut tx, pending.iter().map(|one| &*one.commit)).await
    {
        fault.into_break()?;
        // One of them is at fault and it is not known which: again, each by itself. Still one sync for all.
        tx.rollback().await?;
        tx = conn.begin_with(BEGIN).await?;
        let mut refused = HashSet::new();
        for (one, outcome) in pending.iter().zip(&mut outcomes) {
            let conversation = one.commit.snapshot.id;
            // What was built on a commit that is left out must not stand on another one in its place.
            *outcome = if refused.contains(&conversation) {
                Err(StoreError::Conflict)
            } else {
                store_alone(&mut tx, &one.commit).await?
            };
            if outcome.is_err() {
                refused.insert(conversation);
            }
        }
    }
    let mut told = Vec::with_capacity(works.len());
    for work in works {
        let mut part = tx.begin().await?;
        match work(&mut part).await {
            Worked::Done(tell) => {
                part.commit().await?;
                told.push(tell);
            }
            Worked::Refused => part.rollback().await?,
            Worked::Broken(error) => return Err(error),
        }
    }
    tx.commit().await?;
    Ok(Stored { commits: outcomes, works: told })
}

/// Stores one commit behind a savepoint, so that it can be taken back without the others.
async fn store_alone(
    tx: &mut Transaction<'_, Sqlite>,
    commit: &Commit,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let mut part = tx.begin().await?;
    match commits::store(&mut part, std::iter::once(commit)).await {
        Ok(()) => {
            part.commit().await?;
            Ok(Ok(()))
        }
        Err(fault) => {
            let fault: Fault = fault.into_break()?;
            part.rollback().await?;
            Ok(Err(fault.into()))
        }
    }
}
