//! The audit log.

use std::path::Path;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{ConnectOptions, Connection, FromRow, Row, SqliteConnection};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;

use crate::store::audit::{AuditEntry, AuditError, AuditLog, Chain, Deed, GENESIS, chained};
use crate::store::logins::Digest;
use crate::store::{ListError, Page, PageRequest};

use super::fault::Fault;
use super::{SqliteStore, open, rows};
use crate::store::cursor::{self, SeqPlace};

const LAST: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
const ADD: &str = "
    INSERT INTO audit (seq, at, property, actor, actor_id, name, address, action, target, detail, hash)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const PAGE: &str = "
    SELECT * FROM audit WHERE seq < ?1 AND (property = ?2 OR property IS NULL) ORDER BY seq DESC LIMIT ?3";
const AFTER: &str = "SELECT * FROM audit WHERE seq > ?1 ORDER BY seq LIMIT 1000";
const NEWEST: &str = "SELECT * FROM audit ORDER BY seq DESC LIMIT ?1";

#[async_trait]
impl AuditLog for SqliteStore {
    async fn add_deed(&self, deed: Deed) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(append(conn, deed))).await?)
    }

    async fn deeds(&self, property: PropertyId, page: PageRequest) -> Result<Page<AuditEntry>, ListError> {
        let place = SeqPlace::decode(page.cursor.as_deref(), SeqPlace::AUDIT)?;
        let limit = cursor::clamp(page.limit);
        let found: Vec<AuditEntry> = sqlx::query_as(PAGE)
            .bind(place.0)
            .bind(rows::key(&property.0))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |entry| SeqPlace(entry.seq).encode(SeqPlace::AUDIT)))
    }
}

async fn append(conn: &mut SqliteConnection, deed: Deed) -> Result<(), Fault> {
    let last = sqlx::query(LAST).fetch_optional(&mut *conn).await?;
    let (seq, before) = match last {
        Some(row) => (row.try_get("seq")?, digest_at(&row, "hash")?),
        None => (0, GENESIS),
    };
    let seq: i64 = seq + 1;
    let hash = chained(&before, seq, &deed);
    sqlx::query(ADD)
        .bind(seq)
        .bind(deed.at.0)
        .bind(deed.property.as_ref().map(|property| rows::key(&property.0)))
        .bind(deed.actor)
        .bind(deed.actor_id.as_ref().map(rows::key))
        .bind(deed.name)
        .bind(deed.address)
        .bind(deed.action)
        .bind(deed.target)
        .bind(deed.detail)
        .bind(hash.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Looks over the log in this database file; a server may be running on it. Tells the last entry.
///
/// # Errors
/// [`AuditError::Broken`] at the first entry that does not fit.
pub async fn verify_audit(path: &Path, noted: Option<(i64, Digest)>) -> Result<Chain, AuditError> {
    let mut conn = open::options(path).read_only(true).connect().await?;
    let mut chain = Chain::new(noted);
    loop {
        let entries: Vec<AuditEntry> = sqlx::query_as(AFTER).bind(chain.seq).fetch_all(&mut conn).await?;
        if entries.is_empty() {
            break;
        }
        entries.iter().try_for_each(|entry| chain.step(entry))?;
    }
    chain.end()?;
    conn.close().await?;
    Ok(chain)
}

/// The newest entries of all hotels in this database file, the oldest of them first.
///
/// # Errors
/// [`AuditError::Database`].
pub async fn newest_audit(path: &Path, count: u32) -> Result<Vec<AuditEntry>, AuditError> {
    let mut conn = open::options(path).read_only(true).connect().await?;
    let mut entries: Vec<AuditEntry> = sqlx::query_as(NEWEST).bind(count).fetch_all(&mut conn).await?;
    conn.close().await?;
    entries.reverse();
    Ok(entries)
}

pub(super) fn digest_at(row: &SqliteRow, column: &str) -> Result<Digest, sqlx::Error> {
    let digest: Vec<u8> = row.try_get(column)?;
    digest.try_into().map_err(|_| sqlx::Error::Decode("not a digest".into()))
}

impl FromRow<'_, SqliteRow> for AuditEntry {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let id = |column| -> Result<_, sqlx::Error> {
            row.try_get::<Option<&[u8]>, _>(column)?.map(rows::id).transpose()
        };
        Ok(Self {
            seq: row.try_get("seq")?,
            deed: Deed {
                at: rows::time_at(row, "at")?,
                property: id("property")?.map(PropertyId),
                actor: row.try_get("actor")?,
                actor_id: id("actor_id")?,
                name: row.try_get("name")?,
                address: row.try_get("address")?,
                action: row.try_get("action")?,
                target: row.try_get("target")?,
                detail: row.try_get("detail")?,
            },
            hash: digest_at(row, "hash")?,
        })
    }
}
