//! Guests' data as a whole.

use std::path::Path;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, ConnectOptions, Connection, FromRow, Row, SqliteConnection, TypeInfo, ValueRef};
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::Audience;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::personal::TABLES;
use crate::store::privacy::{Erasure, Privacy, PrivacySettings};

use super::fault::Fault;
use super::{SqliteStore, open, rows};

const CONVERSATIONS: &str = "SELECT id FROM conversations WHERE guest = ?1 ORDER BY id";
const GUEST: &str = "SELECT property FROM guests WHERE id = ?1";
const FILES: &str = "
    SELECT id FROM attachments
     WHERE (owner_kind = 'guest' AND owner = ?1)
        OR conversation IN (SELECT id FROM conversations WHERE guest = ?1)";
/// Those that have their places, and those that are not in the tables yet.
const EVENTS: &str = "
    SELECT seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body FROM events
     WHERE position IN (SELECT position FROM places WHERE conversation = ?1)
        OR (position > (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'folded') AND conversation = ?1)
     ORDER BY seq";
const TABLES_THERE: &str = "SELECT name FROM sqlite_schema WHERE type = 'table'";

const ASK: &str = "
    INSERT INTO erasures (guest, property, agent, asked_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (guest) DO NOTHING";
const OPEN: &str = "SELECT * FROM erasures WHERE done_at IS NULL ORDER BY asked_at";
const ONE: &str = "SELECT * FROM erasures WHERE guest = ?1";
const EMPTY: &str = "
    UPDATE guests SET profile = json_object('id', profile ->> '$.id'), consented_at = NULL WHERE id = ?1";
const DONE: &str = "UPDATE erasures SET done_at = ?2 WHERE guest = ?1";
const END_SESSIONS: &str = "DELETE FROM guest_sessions WHERE guest = ?1 RETURNING digest";

const SETTINGS: &str = "SELECT settings FROM privacy_settings WHERE property = ?1";
const PUT_SETTINGS: &str = "
    INSERT INTO privacy_settings (property, settings) VALUES (?1, ?2)
        ON CONFLICT (property) DO UPDATE SET settings = excluded.settings";
const PRIVATE: &str = "SELECT property FROM privacy_settings";
const PUT_CONSENT: &str = "UPDATE guests SET consented_at = ?2 WHERE id = ?1 AND consented_at IS NULL";
const CONSENT: &str = "SELECT consented_at FROM guests WHERE id = ?1";

const GUESTS_PAST: &str = "
    SELECT id FROM guests
     WHERE property = ?1 AND created_at < ?2
       AND id NOT IN (SELECT guest FROM erasures)
       AND NOT EXISTS (SELECT 1 FROM conversations
                        WHERE conversations.guest = guests.id
                          AND (updated_at >= ?2 OR status NOT IN ('open', 'closed')))
     LIMIT 100";
const FILES_PAST: &str = "
    SELECT id FROM attachments
     WHERE property = ?1 AND state = 'ready' AND conversation IS NOT NULL AND created_at < ?2
     LIMIT 500";
const LOSE: &str = "UPDATE attachments SET state = 'lost' WHERE id = ?1";

#[async_trait]
impl Privacy for SqliteStore {
    async fn property_of(&self, guest: GuestId) -> Result<Option<PropertyId>, StoreError> {
        let found = sqlx::query(GUEST).bind(rows::key(&guest.0)).fetch_optional(&self.readers).await;
        let owner = found.map_err(Fault::from)?.map(|row| rows::id_at(&row, "property").map(PropertyId));
        Ok(owner.transpose().map_err(Fault::from)?)
    }

    async fn conversations_of(
        &self,
        property: PropertyId,
        guest: GuestId,
    ) -> Result<Option<Vec<ConversationId>>, StoreError> {
        if self.property_of(guest).await? != Some(property) {
            return Ok(None);
        }
        let found = sqlx::query(CONVERSATIONS).bind(rows::key(&guest.0)).fetch_all(&self.readers).await;
        let ids = ids(&found.map_err(Fault::from)?).map_err(Fault::from)?;
        Ok(Some(ids.into_iter().map(ConversationId).collect()))
    }

    async fn export_guest(&self, guest: GuestId) -> Result<Option<Value>, StoreError> {
        self.settle().await;
        let mut conn = self.readers.acquire().await.map_err(Fault::from)?;
        Ok(export(&mut conn, guest).await?)
    }

    async fn files_of(&self, guest: GuestId) -> Result<Vec<Uuid>, StoreError> {
        let found = sqlx::query(FILES).bind(rows::key(&guest.0)).fetch_all(&self.readers).await;
        Ok(ids(&found.map_err(Fault::from)?).map_err(Fault::from)?)
    }

    async fn ask_erasure(&self, erasure: Erasure) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(ASK)
                    .bind(rows::key(&erasure.guest.0))
                    .bind(rows::key(&erasure.property.0))
                    .bind(erasure.agent.as_ref().map(|agent| rows::key(&agent.0)))
                    .bind(erasure.asked_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn open_erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        Ok(sqlx::query_as(OPEN).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn erasure(&self, guest: GuestId) -> Result<Option<Erasure>, StoreError> {
        let query = sqlx::query_as(ONE).bind(rows::key(&guest.0));
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn end_guest_sessions(&self, guest: GuestId) -> Result<Vec<SessionKey>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let ended: Vec<Vec<u8>> =
                    sqlx::query_scalar(END_SESSIONS).bind(rows::key(&guest.0)).fetch_all(conn).await?;
                let keys = ended.into_iter().filter_map(|digest| digest.try_into().ok().map(SessionKey));
                Ok(keys.collect())
            })
        });
        Ok(write.await?)
    }

    async fn wipe_guest(&self, guest: GuestId, at: Timestamp) -> Result<(), StoreError> {
        self.fold().await?;
        let write = self.write(move |conn| {
            Box::pin(async move {
                let there: Vec<String> = sqlx::query_scalar(TABLES_THERE).fetch_all(&mut *conn).await?;
                for table in TABLES.iter().filter(|table| there.iter().any(|name| name == table.name)) {
                    for statement in table.erase {
                        sqlx::query(*statement).bind(rows::key(&guest.0)).execute(&mut *conn).await?;
                    }
                }
                sqlx::query(EMPTY).bind(rows::key(&guest.0)).execute(&mut *conn).await?;
                sqlx::query(DONE).bind(rows::key(&guest.0)).bind(at.0).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn set_aside(&self) -> Result<Vec<String>, StoreError> {
        // They are files beside it.
        Ok(Vec::new())
    }

    async fn pack(&self) -> Result<(), StoreError> {
        Self::pack(self).await
    }

    async fn privacy(&self, property: PropertyId) -> Result<PrivacySettings, StoreError> {
        let found = sqlx::query(SETTINGS).bind(rows::key(&property.0)).fetch_optional(&self.readers).await;
        let found = found.map_err(Fault::from)?;
        let settings = found.map(|row| rows::json_at(&row, "settings")).transpose().map_err(Fault::from)?;
        Ok(settings.unwrap_or_default())
    }

    async fn put_privacy(&self, property: PropertyId, settings: PrivacySettings) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let query =
                    sqlx::query(PUT_SETTINGS).bind(rows::key(&property.0)).bind(rows::json(&settings)?);
                query.execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn private_properties(&self) -> Result<Vec<PropertyId>, StoreError> {
        let found = sqlx::query(PRIVATE).fetch_all(&self.readers).await.map_err(Fault::from)?;
        let decode = |row: &SqliteRow| rows::id_at(row, "property").map(PropertyId);
        Ok(found.iter().map(decode).collect::<Result<_, _>>().map_err(Fault::from)?)
    }

    async fn put_consent(&self, guest: GuestId, at: Timestamp) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT_CONSENT).bind(rows::key(&guest.0)).bind(at.0).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn consent_of(&self, guest: GuestId) -> Result<Option<Timestamp>, StoreError> {
        let query = sqlx::query_scalar(CONSENT).bind(rows::key(&guest.0));
        let found: Option<Option<i64>> = query.fetch_optional(&self.readers).await.map_err(Fault::from)?;
        Ok(found.flatten().map(Timestamp))
    }

    async fn guests_past(&self, property: PropertyId, before: Timestamp) -> Result<Vec<GuestId>, StoreError> {
        self.fold().await?;
        let query = sqlx::query(GUESTS_PAST).bind(rows::key(&property.0)).bind(before.0);
        let found = query.fetch_all(&self.readers).await.map_err(Fault::from)?;
        Ok(ids(&found).map_err(Fault::from)?.into_iter().map(GuestId).collect())
    }

    async fn files_past(&self, property: PropertyId, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let query = sqlx::query(FILES_PAST).bind(rows::key(&property.0)).bind(before.0);
        Ok(ids(&query.fetch_all(&self.readers).await.map_err(Fault::from)?).map_err(Fault::from)?)
    }

    async fn lose_files(&self, files: Vec<Uuid>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                for file in files {
                    sqlx::query(LOSE).bind(rows::key(&file)).execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

/// What the database file says of a guest. The server may be running.
///
/// # Errors
/// What the database said.
pub async fn export_from(path: &Path, guest: GuestId) -> Result<Option<Value>, sqlx::Error> {
    let mut conn = open::options(path).read_only(true).connect().await?;
    let found = export(&mut conn, guest).await.map_err(Fault::into_sql)?;
    conn.close().await?;
    Ok(found)
}

/// Everything as of one moment.
async fn export(conn: &mut SqliteConnection, guest: GuestId) -> Result<Option<Value>, Fault> {
    let mut tx = conn.begin().await?;
    let key = rows::key(&guest.0);
    let owner = sqlx::query(GUEST).bind(key).fetch_optional(&mut *tx).await?;
    let Some(owner) = owner else { return Ok(None) };
    let property = rows::id_at(&owner, "property")?;
    let mut conversations = Vec::new();
    for row in sqlx::query(CONVERSATIONS).bind(key).fetch_all(&mut *tx).await? {
        let id = ConversationId(rows::id_at(&row, "id")?);
        let found = sqlx::query(EVENTS).bind(rows::key(&id.0)).fetch_all(&mut *tx).await?;
        let events = found.iter().map(|row| rows::event(id, row)).collect::<Result<Vec<_>, _>>()?;
        let events: Vec<_> = events.iter().filter_map(|event| event.view(Audience::Agents)).collect();
        conversations.push(json!({"id": id, "events": events}));
    }
    let there: Vec<String> = sqlx::query_scalar(TABLES_THERE).fetch_all(&mut *tx).await?;
    let mut tables = Map::new();
    for table in TABLES.iter().filter(|table| there.iter().any(|name| name == table.name)) {
        let Some(statement) = table.export else { continue };
        let found = sqlx::query(statement).bind(key).fetch_all(&mut *tx).await?;
        let found = found.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
        tables.insert(table.name.to_owned(), Value::Array(found));
    }
    tx.rollback().await?;
    Ok(Some(json!({"guest": guest, "property": property, "conversations": conversations, "tables": tables})))
}

/// A row as people and programs read it: ids, times and nested JSON in their usual forms.
fn plain(row: &SqliteRow) -> Result<Value, sqlx::Error> {
    let mut object = Map::new();
    for (at, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(at)?;
        let kind = if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() };
        let value = match kind.as_str() {
            "NULL" => Value::Null,
            "INTEGER" => {
                let number: i64 = row.try_get_unchecked(at)?;
                let is_time = column.name() == "at" || column.name().ends_with("_at");
                if is_time { json!(Timestamp(number)) } else { json!(number) }
            }
            "BLOB" => {
                let bytes: &[u8] = row.try_get_unchecked(at)?;
                rows::id(bytes).map_or(Value::Null, |id| json!(id))
            }
            _ => {
                let text: &str = row.try_get_unchecked(at)?;
                let nested = text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten();
                nested.unwrap_or_else(|| json!(text))
            }
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(object))
}

fn ids(found: &[SqliteRow]) -> Result<Vec<Uuid>, sqlx::Error> {
    found.iter().map(|row| rows::id_at(row, "id")).collect()
}

impl FromRow<'_, SqliteRow> for Erasure {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let agent: Option<&[u8]> = row.try_get("agent")?;
        let done: Option<i64> = row.try_get("done_at")?;
        Ok(Self {
            guest: GuestId(rows::id_at(row, "guest")?),
            property: PropertyId(rows::id_at(row, "property")?),
            agent: agent.map(rows::id).transpose()?.map(AgentId),
            asked_at: rows::time_at(row, "asked_at")?,
            done_at: done.map(Timestamp),
        })
    }
}
