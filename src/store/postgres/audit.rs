//! The audit log.

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;

use crate::store::audit::{AuditEntry, AuditError, AuditLog, Chain, Deed, GENESIS, chained};
use crate::store::cursor::{self, SeqPlace};
use crate::store::logins::Digest;
use crate::store::{ListError, Page, PageRequest};

use super::fault::Fault;
use super::{PostgresStore, beside, locks, rows};

const LAST: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
const ADD: &str = "
    INSERT INTO audit (seq, at, property, actor, actor_id, name, address, action, target, detail, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const PAGE: &str = "
    SELECT * FROM audit WHERE seq < $1 AND (property = $2 OR property IS NULL) ORDER BY seq DESC LIMIT $3";
const AFTER: &str = "SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1000";
const NEWEST: &str = "SELECT * FROM audit ORDER BY seq DESC LIMIT $1";

#[async_trait]
impl AuditLog for PostgresStore {
    async fn add_deed(&self, deed: Deed) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(append(conn, deed))).await?)
    }

    async fn deeds(&self, property: PropertyId, page: PageRequest) -> Result<Page<AuditEntry>, ListError> {
        let place = SeqPlace::decode(page.cursor.as_deref(), SeqPlace::AUDIT)?;
        let limit = cursor::clamp(page.limit);
        let found: Vec<AuditEntry> = sqlx::query_as(PAGE)
            .bind(place.0)
            .bind(property.0)
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |entry| SeqPlace(entry.seq).encode(SeqPlace::AUDIT)))
    }
}

/// Looks over the log of this database; a server may be running on it. Tells the last entry.
///
/// # Errors
/// [`AuditError::Broken`] at the first entry that does not fit.
pub async fn verify_audit(url: &SecretString, noted: Option<(i64, Digest)>) -> Result<Chain, AuditError> {
    let pool = beside::look(url).await?;
    let mut chain = Chain::new(noted);
    loop {
        let entries: Vec<AuditEntry> = sqlx::query_as(AFTER).bind(chain.seq).fetch_all(&pool).await?;
        if entries.is_empty() {
            break;
        }
        entries.iter().try_for_each(|entry| chain.step(entry))?;
    }
    chain.end()?;
    pool.close().await;
    Ok(chain)
}

/// The newest entries of all hotels of this database, the oldest of them first.
///
/// # Errors
/// [`AuditError::Database`].
pub async fn newest_audit(url: &SecretString, count: u32) -> Result<Vec<AuditEntry>, AuditError> {
    let pool = beside::look(url).await?;
    let mut entries: Vec<AuditEntry> = sqlx::query_as(NEWEST).bind(i64::from(count)).fetch_all(&pool).await?;
    pool.close().await;
    entries.reverse();
    Ok(entries)
}

/// One after the other, whichever node they are on: each is chained to the one before.
pub(super) async fn append(conn: &mut PgConnection, deed: Deed) -> Result<(), Fault> {
    locks::take(conn, locks::AUDIT, "").await?;
    let last = sqlx::query(LAST).fetch_optional(&mut *conn).await?;
    let (seq, before) = match last {
        Some(row) => (row.try_get("seq")?, digest_at(&row, "hash")?),
        None => (0, GENESIS),
    };
    let seq: i64 = seq + 1;
    // The hash is of what is stored.
    let plain = |text: &str| rows::plain(text).into_owned();
    let deed = Deed {
        actor: plain(&deed.actor),
        name: plain(&deed.name),
        address: plain(&deed.address),
        action: plain(&deed.action),
        target: plain(&deed.target),
        detail: plain(&deed.detail),
        ..deed
    };
    let hash = chained(&before, seq, &deed);
    sqlx::query(ADD)
        .bind(seq)
        .bind(deed.at.0)
        .bind(deed.property.map(|property| property.0))
        .bind(deed.actor)
        .bind(deed.actor_id)
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

/// A column with a digest.
pub(super) fn digest_at(row: &PgRow, column: &str) -> Result<Digest, sqlx::Error> {
    let digest: &[u8] = row.try_get(column)?;
    digest.try_into().map_err(rows::undecodable)
}

impl FromRow<'_, PgRow> for AuditEntry {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            seq: row.try_get("seq")?,
            deed: Deed {
                at: rows::time_at(row, "at")?,
                property: row.try_get::<Option<_>, _>("property")?.map(PropertyId),
                actor: row.try_get("actor")?,
                actor_id: row.try_get("actor_id")?,
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
