//! The knowledge of the hotels.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, EntryId, PropertyId};
use frontdesk_domain::people::AgentRef;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::cursor::{self, NamePlace};
use crate::store::{Entry, EntryVersion, Knowledge, ListError, Page, PageRequest, VERSIONS_KEPT, WriteError};

use super::fault::{Fault, some};
use super::{PostgresStore, rows};

const LIST: &str = "
    SELECT * FROM knowledge
     WHERE property = $1
       AND (lower(title COLLATE \"C\"), id) > (lower($2 COLLATE \"C\"), $3)
       AND ($4::text IS NULL OR strpos(search, $4) > 0)
     ORDER BY lower(title COLLATE \"C\"), id
     LIMIT $5";

pub(super) const ALL: &str =
    "SELECT * FROM knowledge WHERE property = $1 ORDER BY lower(title COLLATE \"C\"), id";

const ONE: &str = "SELECT * FROM knowledge WHERE id = $1 AND property = $2";

const INSERT: &str = "
    INSERT INTO knowledge (id, property, title, body, locale, tags, search, updated_at, aliases, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// The row is locked until its next version is kept: versions are counted one after the other.
const UPDATE: &str = "
    UPDATE knowledge
       SET title = $3, body = $4, locale = $5, tags = $6, search = $7, updated_at = $8, aliases = $9
     WHERE id = $1 AND property = $2";

const LOCK: &str = "SELECT id FROM knowledge WHERE id = $1 AND property = $2 FOR UPDATE";

const DELETE: &str = "DELETE FROM knowledge WHERE id = $1 AND property = $2";

/// The next version of an entry that stands in `knowledge`.
const KEEP: &str = "
    INSERT INTO knowledge_versions
         (entry, version, property, title, body, locale, tags, aliases, removed, by_id, by_name, at)
    SELECT id, 1 + (SELECT coalesce(max(version), 0) FROM knowledge_versions WHERE entry = $1),
           property, title, body, locale, tags, aliases, $3, $4, $5, $6
      FROM knowledge
     WHERE id = $1 AND property = $2";

const FORGET: &str = "
    DELETE FROM knowledge_versions
     WHERE entry = $1 AND version <= (SELECT max(version) FROM knowledge_versions WHERE entry = $1) - $2";

const VERSIONS: &str = "
    SELECT version, title, body, locale, tags, aliases, removed, by_id, by_name, at
      FROM knowledge_versions
     WHERE entry = $1 AND property = $2
     ORDER BY version DESC";

#[async_trait]
impl Knowledge for PostgresStore {
    async fn entries(
        &self,
        property: PropertyId,
        q: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<Entry>, ListError> {
        let place = NamePlace::decode(page.cursor.as_deref(), NamePlace::KNOWLEDGE)?;
        let limit = cursor::clamp(page.limit);
        let found: Vec<Entry> = sqlx::query_as(LIST)
            .bind(property.0)
            .bind(rows::plain(&place.name))
            .bind(place.id)
            .bind(q.map(|q| rows::lower(&rows::plain(q))))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |entry| {
            NamePlace { name: entry.title.clone(), id: entry.id.0 }.encode(NamePlace::KNOWLEDGE)
        }))
    }

    async fn all_entries(&self, property: PropertyId) -> Result<Vec<Entry>, StoreError> {
        Ok(sqlx::query_as(ALL).bind(property.0).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn entry(&self, property: PropertyId, id: EntryId) -> Result<Option<Entry>, StoreError> {
        let query = sqlx::query_as(ONE).bind(id.0).bind(property.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn versions(&self, property: PropertyId, id: EntryId) -> Result<Vec<EntryVersion>, StoreError> {
        let query = sqlx::query_as(VERSIONS).bind(id.0).bind(property.0);
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn add_entries(&self, entries: Vec<Entry>, by: Option<AgentRef>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                for entry in &entries {
                    put(conn, INSERT, entry).await?;
                    keep(conn, (entry.property, entry.id), false, by.as_ref(), entry.updated_at).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn put_entry(&self, entry: Entry, by: Option<AgentRef>) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                some(put(conn, UPDATE, &entry).await?)?;
                keep(conn, (entry.property, entry.id), false, by.as_ref(), entry.updated_at).await
            })
        });
        Ok(write.await?)
    }

    async fn remove_entry(
        &self,
        property: PropertyId,
        id: EntryId,
        by: Option<AgentRef>,
        at: Timestamp,
    ) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let lock = sqlx::query(LOCK).bind(id.0).bind(property.0);
                lock.fetch_optional(&mut *conn).await?.ok_or(Fault::NotFound)?;
                keep(conn, (property, id), true, by.as_ref(), at).await?;
                sqlx::query(DELETE).bind(id.0).bind(property.0).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

/// Binds an entry to [`INSERT`] or [`UPDATE`]. Says how many rows were written.
async fn put(conn: &mut PgConnection, statement: &'static str, entry: &Entry) -> Result<u64, Fault> {
    let tags = entry.tags.iter().chain(&entry.aliases).map(String::as_str);
    let searched = rows::searched([entry.title.as_str(), entry.body.as_str()].into_iter().chain(tags));
    let query = sqlx::query(statement)
        .bind(entry.id.0)
        .bind(entry.property.0)
        .bind(rows::plain(&entry.title))
        .bind(rows::plain(&entry.body))
        .bind(entry.locale.as_deref().map(rows::plain))
        .bind(rows::json(&entry.tags)?)
        .bind(rows::plain(&searched))
        .bind(entry.updated_at.0)
        .bind(rows::json(&entry.aliases)?);
    // A parameter that a statement has no use for has no type.
    let query = if statement == INSERT { query.bind(entry.created_at.0) } else { query };
    Ok(query.execute(conn).await?.rows_affected())
}

/// Keeps what an entry says now as its next version, and forgets the oldest ones.
async fn keep(
    conn: &mut PgConnection,
    (property, id): (PropertyId, EntryId),
    removed: bool,
    by: Option<&AgentRef>,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(KEEP)
        .bind(id.0)
        .bind(property.0)
        .bind(removed)
        .bind(by.map(|by| by.id.0))
        .bind(by.map(|by| rows::plain(&by.name)))
        .bind(at.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query(FORGET).bind(id.0).bind(i64::from(VERSIONS_KEPT)).execute(conn).await?;
    Ok(())
}

impl FromRow<'_, PgRow> for Entry {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: EntryId(row.try_get("id")?),
            property: PropertyId(row.try_get("property")?),
            title: row.try_get("title")?,
            body: row.try_get("body")?,
            locale: row.try_get("locale")?,
            tags: rows::json_at(row, "tags")?,
            aliases: rows::json_at(row, "aliases")?,
            created_at: rows::time_at(row, "created_at")?,
            updated_at: rows::time_at(row, "updated_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for EntryVersion {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let by: Option<Uuid> = row.try_get("by_id")?;
        let name: Option<String> = row.try_get("by_name")?;
        Ok(Self {
            version: rows::count_at(row, "version")?,
            title: row.try_get("title")?,
            body: row.try_get("body")?,
            locale: row.try_get("locale")?,
            tags: rows::json_at(row, "tags")?,
            aliases: rows::json_at(row, "aliases")?,
            removed: row.try_get("removed")?,
            by: by.map(|id| AgentRef { id: AgentId(id), name: name.unwrap_or_default() }),
            at: rows::time_at(row, "at")?,
        })
    }
}
