//! One group of writes in one transaction, and so in one sync of the server's disk.

use std::collections::HashSet;

use sqlx::{Connection, PgConnection, Postgres, Transaction};

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::letter::NodeId;

use crate::store::jobs::{Pending, Tell, Work, Worked};

use super::commits;
use super::fault::Fault;

/// What came of a group that is on disk.
pub(super) struct Stored {
    /// Of each commit, in order.
    pub(super) commits: Vec<Result<(), StoreError>>,
    /// Whom to tell of the other writes.
    pub(super) works: Vec<Tell>,
}

/// Stores a group. Commits that conflict are left out, and only they.
///
/// # Errors
/// The database failed: nothing of the group may be acknowledged, and the connection is not to be used again.
pub(super) async fn store(
    conn: &mut PgConnection,
    pending: &[Pending],
    works: Vec<Work<PgConnection>>,
    me: Option<NodeId>,
) -> Result<Stored, sqlx::Error> {
    let mut tx = conn.begin().await?;
    let all: Vec<_> = pending.iter().map(|one| &*one.commit).collect();
    let commits = match commits::store(&mut tx, &all, me).await {
        Ok(outcomes) => outcomes,
        Err(fault) => {
            fault.into_break()?;
            // One of them is at fault and it is not known which: again, each by itself. Still one sync for all.
            tx.rollback().await?;
            tx = conn.begin().await?;
            store_each(&mut tx, &all, me).await?
        }
    };
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
    Ok(Stored { commits, works: told })
}

/// Stores commits one by one. What was built on one that is refused must not stand on another one in its place.
async fn store_each(
    tx: &mut Transaction<'_, Postgres>,
    commits: &[&Commit],
    me: Option<NodeId>,
) -> Result<Vec<Result<(), StoreError>>, sqlx::Error> {
    let mut refused = HashSet::new();
    let mut outcomes = Vec::with_capacity(commits.len());
    for commit in commits {
        let id = commit.snapshot.id;
        let outcome = if refused.contains(&id) {
            Err(StoreError::Conflict)
        } else {
            store_alone(tx, commit, me).await?
        };
        if outcome.is_err() {
            refused.insert(id);
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Stores one commit behind a savepoint, so that it can be taken back without the others.
async fn store_alone(
    tx: &mut Transaction<'_, Postgres>,
    commit: &Commit,
    me: Option<NodeId>,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let mut part = tx.begin().await?;
    match commits::store(&mut part, &[commit], me).await {
        Ok(mut outcomes) => {
            part.commit().await?;
            Ok(outcomes.pop().unwrap_or(Err(StoreError::Conflict)))
        }
        Err(fault) => {
            let fault: Fault = fault.into_break()?;
            part.rollback().await?;
            Ok(Err(fault.into()))
        }
    }
}
