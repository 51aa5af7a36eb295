//! Whole copies of the database file: taken while others write, looked over, and made a log of their own.

use std::fs::File;
use std::path::Path;

use sqlx::{ConnectOptions, Connection, SqliteConnection};
use uuid::Uuid;

use crate::store::copy::{CopyError, Facts};

use super::open;

/// Everything, packed, as of one moment: writers go on meanwhile.
const COPY: &str = "VACUUM INTO ?1";
const FAULTS: &str = "PRAGMA integrity_check(1)";
const ORPHANS: &str = "SELECT count(*) FROM pragma_foreign_key_check";
const EPOCH: &str = "SELECT value FROM meta WHERE key = 'epoch'";
const COUNTS: &str = "
    SELECT (SELECT count(*) FROM conversations),
           (SELECT count(*) FROM events),
           (SELECT coalesce(max(version), 0) FROM _sqlx_migrations)";
/// Conversations whose events are not exactly 1 to the last one, or have no conversation. What the row says of
/// a conversation may be older than its events, never newer.
const HOLES: &str = "
    WITH logged AS (SELECT conversation, count(*) AS events, count(DISTINCT seq) AS seqs, max(seq) AS last_seq
                      FROM events
                     GROUP BY conversation)
    SELECT count(*)
      FROM conversations FULL JOIN logged ON logged.conversation = conversations.id
     WHERE id IS NULL
        OR coalesce(events, 0) <> coalesce(logged.last_seq, 0)
        OR coalesce(events, 0) <> coalesce(seqs, 0)
        OR conversations.last_seq > coalesce(logged.last_seq, 0)
        OR conversations.last_seq <> (SELECT count(*) FROM places WHERE places.conversation = id)";
const RENAME: &str = "UPDATE meta SET value = ?1 WHERE key = 'epoch'";
/// A login, an invitation or a token that was ended after the copy was taken must not come back to life with it.
const END_LOGINS: [&str; 3] = ["DELETE FROM sessions", "DELETE FROM invitations", "DELETE FROM api_tokens"];

const ATTACH: &str = "ATTACH ?1 AS newer";
const KNOWS_ERASURES: &str = "
    SELECT (SELECT count(*) FROM main.sqlite_schema WHERE name = 'erasures')
         + (SELECT count(*) FROM newer.sqlite_schema WHERE name = 'erasures')";
const CARRY_ERASURES: &str = "
    INSERT OR REPLACE INTO main.erasures (guest, property, agent, asked_at, done_at)
    SELECT guest, property, agent, asked_at, NULL FROM newer.erasures
     WHERE guest IN (SELECT id FROM main.guests)";

/// Copies the database `from` into the new file `to`, synced. The server may go on writing: the copy is the
/// database as it stood when this began.
///
/// # Errors
/// When `from` cannot be read or `to` exists or cannot be written.
pub async fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    let mut conn = open::options(from).read_only(true).connect().await?;
    sqlx::query(COPY).bind(to.to_string_lossy().into_owned()).execute(&mut conn).await?;
    conn.close().await?;
    // SQLite leaves the syncing of such a copy to whoever wants it.
    File::open(to)?.sync_all()?;
    Ok(())
}

/// Looks a database over that nobody writes to: damage, dangling rows, holes in conversations.
///
/// # Errors
/// [`CopyError::NotIntact`] with the first thing that is wrong.
pub async fn verify(path: &Path) -> Result<Facts, CopyError> {
    let mut conn = open::options(path).read_only(true).connect().await?;
    let fault: String = sqlx::query_scalar(FAULTS).fetch_one(&mut conn).await?;
    if fault != "ok" {
        return Err(CopyError::NotIntact(fault));
    }
    none(&mut conn, ORPHANS, "rows that belong to nothing").await?;
    none(&mut conn, HOLES, "conversations with a hole").await?;
    let epoch = sqlx::query_scalar(EPOCH).fetch_one(&mut conn).await?;
    let (conversations, events, schema) = sqlx::query_as(COUNTS).fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(Facts { schema, epoch, conversations, events })
}

/// Makes a copy that is about to be served a log of its own: clients that know the old one start over, and
/// agents log in anew.
///
/// # Errors
/// When it cannot be written.
pub async fn renew(path: &Path) -> Result<(), CopyError> {
    let mut conn = open::options(path).connect().await?;
    let mut write = conn.begin().await?;
    sqlx::query(RENAME).bind(Uuid::now_v7().to_string()).execute(&mut *write).await?;
    for end in END_LOGINS {
        if let Err(error) = sqlx::query(end).execute(&mut *write).await
            // A copy of before the table was there: it is brought up to date when it is opened.
            && !error.to_string().contains("no such table")
        {
            return Err(error.into());
        }
    }
    write.commit().await?;
    conn.close().await?;
    File::open(path)?.sync_all()?;
    Ok(())
}

/// Takes over who was erased since the copy `path` was taken, from the database `newer`, so that they are erased
/// again. Says how many; none where one of the two does not know of erasures.
///
/// # Errors
/// When one of them cannot be read, or the copy not be written.
pub async fn carry_erasures(newer: &Path, path: &Path) -> Result<u64, CopyError> {
    let mut conn = open::options(path).connect().await?;
    sqlx::query(ATTACH).bind(newer.to_string_lossy().into_owned()).execute(&mut conn).await?;
    let both: i64 = sqlx::query_scalar(KNOWS_ERASURES).fetch_one(&mut conn).await?;
    let carried = match both {
        2 => sqlx::query(CARRY_ERASURES).execute(&mut conn).await?.rows_affected(),
        _ => 0,
    };
    sqlx::query("DETACH newer").execute(&mut conn).await?;
    conn.close().await?;
    File::open(path)?.sync_all()?;
    Ok(carried)
}

async fn none(conn: &mut SqliteConnection, count: &'static str, what: &str) -> Result<(), CopyError> {
    match sqlx::query_scalar::<_, i64>(count).fetch_one(conn).await? {
        0 => Ok(()),
        n => Err(CopyError::NotIntact(format!("{n} {what}"))),
    }
}
