//! One group of writes in one transaction, and so in one sync of the disk.

use std::collections::HashMap;

use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::ids::{ConversationId, Seq};

use crate::store::jobs::{Pending, Tell, Work, Worked};

use super::fault::Fault;
use super::heads::{Ahead, Heads};
use super::tail::Parts;
use super::{commits, fold};

/// Takes the write lock at once: a transaction that began by reading could find that it may not write.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// What came of a group that is on disk.
pub(super) struct Stored {
    /// Of each commit, in order: the position of the log before its first event.
    pub(super) commits: Vec<Result<i64, StoreError>>,
    /// Whom to tell of the other writes.
    pub(super) works: Vec<Tell>,
    /// Where the conversations and the log end now.
    pub(super) moved: (HashMap<ConversationId, Seq>, i64),
}

/// Stores a group; with `fold`, which is then the whole tail, the tables catch up with the log as it was before
/// the group. Commits that conflict are left out, and only they.
///
/// # Errors
/// The database failed: nothing of the group may be acknowledged, and the connection is not to be used again.
pub(super) async fn store(
    conn: &mut SqliteConnection,
    heads: &mut Heads,
    pending: &[Pending],
    works: Vec<Work<SqliteConnection>>,
    fold: Option<&Parts>,
) -> Result<Stored, sqlx::Error> {
    let mut tx = conn.begin_with(BEGIN).await?;
    heads.learn(pending.iter().map(|one| one.commit.snapshot.id), &mut tx).await?;
    let mut ahead = Ahead::of(heads);
    let mut commits: Vec<_> = pending.iter().map(|one| ahead.follow(&one.commit)).collect();
    let placed =
        pending.iter().zip(&commits).filter_map(|(one, at)| Some((&*one.commit, *at.as_ref().ok()?)));
    if let Err(fault) = commits::store(&mut tx, placed).await {
        fault.into_break()?;
        // One of them is at fault and it is not known which: again, each by itself. Still one sync for all.
        tx.rollback().await?;
        tx = conn.begin_with(BEGIN).await?;
        ahead = Ahead::of(heads);
        for (one, outcome) in pending.iter().zip(&mut commits) {
            *outcome = store_alone(&mut tx, &mut ahead, &one.commit).await?;
        }
    }
    if let Some(parts) = fold {
        fold::fold(&mut tx, parts.iter(), heads.position()).await.map_err(Fault::into_sql)?;
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
    Ok(Stored { commits, works: told, moved: ahead.into_moved() })
}

/// Stores one commit behind a savepoint, so that it can be taken back without the others. What was built on one
/// that is taken back conflicts.
async fn store_alone(
    tx: &mut Transaction<'_, Sqlite>,
    ahead: &mut Ahead<'_>,
    commit: &Commit,
) -> Result<Result<i64, StoreError>, sqlx::Error> {
    let before = match ahead.follow(commit) {
        Ok(before) => before,
        Err(error) => return Ok(Err(error)),
    };
    let mut part = tx.begin().await?;
    match commits::store(&mut part, std::iter::once((commit, before))).await {
        Ok(()) => {
            part.commit().await?;
            Ok(Ok(before))
        }
        Err(fault) => {
            let fault: Fault = fault.into_break()?;
            part.rollback().await?;
            ahead.take_back(commit);
            Ok(Err(fault.into()))
        }
    }
}
