//! The knowledge of the hotels.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{EntryId, PropertyId};
use frontdesk_domain::people::AgentRef;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{Entry, EntryVersion, Knowledge, ListError, Page, PageRequest, VERSIONS_KEPT, WriteError};

use super::fault::{Fault, some};
use super::{SqliteStore, rows};
use crate::store::cursor::{self, NamePlace};

const LIST: &str = "
    SELECT id, property, title, body, locale, tags, aliases, created_at, updated_at
      FROM knowledge
     WHERE property = ?1
       AND (title COLLATE NOCASE, id) > (?2, ?3)
       AND (?4 IS NULL OR instr(search, ?4) > 0)
     ORDER BY title COLLATE NOCASE, id
     LIMIT ?5";

const ALL: &str = "
    SELECT id, property, title, body, locale, tags, aliases, created_at, updated_at
      FROM knowledge
     WHERE property = ?1
     ORDER BY title COLLATE NOCASE, id";

const ONE: &str = "
    SELECT id, property, title, body, locale, tags, aliases, created_at, updated_at
      FROM knowledge
     WHERE id = ?1 AND property = ?2";

const INSERT: &str = "
    INSERT INTO knowledge (id, property, title, body, locale, tags, search, updated_at, aliases, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const UPDATE: &str = "
    UPDATE knowledge
       SET title = ?3, body = ?4, locale = ?5, tags = ?6, search = ?7, updated_at = ?8,
           aliases = ?9
     WHERE id = ?1 AND property = ?2";

const DELETE: &str = "DELETE FROM knowledge WHERE id = ?1 AND property = ?2";

/// The next version of an entry that stands in `knowledge`.
const KEEP: &str = "
    INSERT INTO knowledge_versions
         (entry, version, property, title, body, locale, tags, aliases, removed, by_id, by_name, at)
    SELECT id, 1 + (SELECT coalesce(max(version), 0) FROM knowledge_versions WHERE entry = ?1),
           property, title, body, locale, tags, aliases, ?3, ?4, ?5, ?6
      FROM knowledge
     WHERE id = ?1 AND property = ?2";

const FORGET: &str = "
    DELETE FROM knowledge_versions
     WHERE entry = ?1 AND version <= (SELECT max(version) FROM knowledge_versions WHERE entry = ?1) - ?2";

const VERSIONS: &str = "
    SELECT version, title, body, locale, tags, aliases, removed, by_id, by_name, at
      FROM knowledge_versions
     WHERE entry = ?1 AND property = ?2
     ORDER BY version DESC";

#[async_trait]
impl Knowledge for SqliteStore {
    async fn entries(
        &self,
        property: PropertyId,
        q: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<Entry>, ListError> {
        let place = NamePlace::decode(page.cursor.as_deref(), NamePlace::KNOWLEDGE)?;
        let limit = cursor::clamp(page.limit);
        let found: Vec<Entry> = sqlx::query_as(LIST)
            .bind(rows::key(&property.0))
            .bind(place.name)
            .bind(rows::key(&place.id))
            .bind(q.map(rows::lower))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |entry| {
            NamePlace { name: entry.title.clone(), id: entry.id.0 }.encode(NamePlace::KNOWLEDGE)
        }))
    }

    async fn all_entries(&self, property: PropertyId) -> Result<Vec<Entry>, StoreError> {
        let found = sqlx::query_as(ALL).bind(rows::key(&property.0)).fetch_all(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn entry(&self, property: PropertyId, id: EntryId) -> Result<Option<Entry>, StoreError> {
        let found = sqlx::query_as(ONE)
            .bind(rows::key(&id.0))
            .bind(rows::key(&property.0))
            .fetch_optional(&self.readers)
            .await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn versions(&self, property: PropertyId, id: EntryId) -> Result<Vec<EntryVersion>, StoreError> {
        let found = sqlx::query_as(VERSIONS)
            .bind(rows::key(&id.0))
            .bind(rows::key(&property.0))
            .fetch_all(&self.readers)
            .await;
        Ok(found.map_err(Fault::from)?)
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
                keep(conn, (property, id), true, by.as_ref(), at).await?;
                let done = sqlx::query(DELETE)
                    .bind(rows::key(&id.0))
                    .bind(rows::key(&property.0))
                    .execute(&mut *conn)
                    .await?;
                some(done.rows_affected())
            })
        });
        Ok(write.await?)
    }
}

/// Binds an entry to [`INSERT`] or [`UPDATE`] (which has no use for the last parameter). Says how many rows
/// were written.
async fn put(conn: &mut SqliteConnection, statement: &'static str, entry: &Entry) -> Result<u64, Fault> {
    let tags = entry.tags.iter().chain(&entry.aliases).map(String::as_str);
    let done = sqlx::query(statement)
        .bind(rows::key(&entry.id.0))
        .bind(rows::key(&entry.property.0))
        .bind(&entry.title)
        .bind(&entry.body)
        .bind(&entry.locale)
        .bind(rows::json(&entry.tags)?)
        .bind(rows::searched([entry.title.as_str(), entry.body.as_str()].into_iter().chain(tags)))
        .bind(entry.updated_at.0)
        .bind(rows::json(&entry.aliases)?)
        .bind(entry.created_at.0)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Keeps what an entry says now as its next version, and forgets the oldest ones.
async fn keep(
    conn: &mut SqliteConnection,
    (property, id): (PropertyId, EntryId),
    removed: bool,
    by: Option<&AgentRef>,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(KEEP)
        .bind(rows::key(&id.0))
        .bind(rows::key(&property.0))
        .bind(removed)
        .bind(by.map(|by| rows::key(&by.id.0)))
        .bind(by.map(|by| by.name.as_str()))
        .bind(at.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query(FORGET).bind(rows::key(&id.0)).bind(VERSIONS_KEPT).execute(conn).await?;
    Ok(())
}
