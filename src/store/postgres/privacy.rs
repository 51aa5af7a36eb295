//! Guests' data as a whole.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::personal::TABLES;
use crate::store::privacy::{Erasure, Privacy, PrivacySettings};

use super::fault::Fault;
use super::{PostgresStore, export, pack, rows};

pub(super) const CONVERSATIONS: &str = "SELECT id FROM conversations WHERE guest = $1 ORDER BY id";
pub(super) const GUEST: &str = "SELECT property FROM guests WHERE id = $1";
const FILES: &str = "
    SELECT id FROM attachments
     WHERE (owner_kind = 'guest' AND owner = $1)
        OR conversation IN (SELECT id FROM conversations WHERE guest = $1)";
pub(super) const TABLES_THERE: &str =
    "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";

const ASK: &str = "
    INSERT INTO erasures (guest, property, agent, asked_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (guest) DO NOTHING";
const OPEN: &str = "SELECT * FROM erasures WHERE done_at IS NULL ORDER BY asked_at";
const ONE: &str = "SELECT * FROM erasures WHERE guest = $1";
const EMPTY: &str = "
    UPDATE guests
       SET profile = '{\"id\":\"' || id || '\"}', consented_at = NULL,
           claimed_name = NULL, claimed_email = NULL, claimed_phone = NULL, claimed_room = NULL
     WHERE id = $1";
const DONE: &str = "UPDATE erasures SET done_at = $2 WHERE guest = $1";
const END_SESSIONS: &str = "DELETE FROM guest_sessions WHERE guest = $1 RETURNING digest";

const SET_ASIDE: &str = "
    SELECT nspname::text FROM pg_namespace WHERE nspname::text ^@ 'before_restore_' ORDER BY nspname";

const SETTINGS: &str = "SELECT settings FROM privacy_settings WHERE property = $1";
const PUT_SETTINGS: &str = "
    INSERT INTO privacy_settings (property, settings) VALUES ($1, $2)
        ON CONFLICT (property) DO UPDATE SET settings = excluded.settings";
const PRIVATE: &str = "SELECT property FROM privacy_settings";
const PUT_CONSENT: &str = "UPDATE guests SET consented_at = $2 WHERE id = $1 AND consented_at IS NULL";
const CONSENT: &str = "SELECT consented_at FROM guests WHERE id = $1";

const GUESTS_PAST: &str = "
    SELECT id FROM guests
     WHERE property = $1 AND created_at < $2
       AND NOT EXISTS (SELECT 1 FROM erasures WHERE erasures.guest = guests.id)
       AND NOT EXISTS (SELECT 1 FROM conversations
                        WHERE conversations.guest = guests.id
                          AND (updated_at >= $2 OR status NOT IN ('open', 'closed')))
     LIMIT 100";
const FILES_PAST: &str = "
    SELECT id FROM attachments
     WHERE property = $1 AND state = 'ready' AND conversation IS NOT NULL AND created_at < $2
     LIMIT 500";
const LOSE: &str = "UPDATE attachments SET state = 'lost' WHERE id = ANY($1)";

#[async_trait]
impl Privacy for PostgresStore {
    async fn property_of(&self, guest: GuestId) -> Result<Option<PropertyId>, StoreError> {
        let query = sqlx::query_scalar(GUEST).bind(guest.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?.map(PropertyId))
    }

    async fn conversations_of(
        &self,
        property: PropertyId,
        guest: GuestId,
    ) -> Result<Option<Vec<ConversationId>>, StoreError> {
        if self.property_of(guest).await? != Some(property) {
            return Ok(None);
        }
        let query = sqlx::query_scalar(CONVERSATIONS).bind(guest.0);
        let ids: Vec<Uuid> = query.fetch_all(&self.readers).await.map_err(Fault::from)?;
        Ok(Some(ids.into_iter().map(ConversationId).collect()))
    }

    async fn export_guest(&self, guest: GuestId) -> Result<Option<Value>, StoreError> {
        Ok(export::export(&self.readers, guest).await?)
    }

    async fn files_of(&self, guest: GuestId) -> Result<Vec<Uuid>, StoreError> {
        let query = sqlx::query_scalar(FILES).bind(guest.0);
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn ask_erasure(&self, erasure: Erasure) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(ASK)
                    .bind(erasure.guest.0)
                    .bind(erasure.property.0)
                    .bind(erasure.agent.map(|agent| agent.0))
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
        let query = sqlx::query_as(ONE).bind(guest.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn end_guest_sessions(&self, guest: GuestId) -> Result<Vec<SessionKey>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let ended: Vec<Vec<u8>> =
                    sqlx::query_scalar(END_SESSIONS).bind(guest.0).fetch_all(conn).await?;
                let keys = ended.into_iter().filter_map(|digest| digest.try_into().ok().map(SessionKey));
                Ok(keys.collect())
            })
        });
        Ok(write.await?)
    }

    async fn wipe_guest(&self, guest: GuestId, at: Timestamp) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(wipe(conn, guest, at))).await?)
    }

    async fn set_aside(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(SET_ASIDE).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn pack(&self) -> Result<(), StoreError> {
        Ok(pack::pack(&self.readers).await.map_err(Fault::from)?)
    }

    async fn privacy(&self, property: PropertyId) -> Result<PrivacySettings, StoreError> {
        let query = sqlx::query(SETTINGS).bind(property.0);
        let found = query.fetch_optional(&self.readers).await.map_err(Fault::from)?;
        let settings = found.map(|row| rows::json_at(&row, "settings")).transpose().map_err(Fault::from)?;
        Ok(settings.unwrap_or_default())
    }

    async fn put_privacy(&self, property: PropertyId, settings: PrivacySettings) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let query = sqlx::query(PUT_SETTINGS).bind(property.0).bind(rows::json(&settings)?);
                query.execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn private_properties(&self) -> Result<Vec<PropertyId>, StoreError> {
        let found: Vec<Uuid> =
            sqlx::query_scalar(PRIVATE).fetch_all(&self.readers).await.map_err(Fault::from)?;
        Ok(found.into_iter().map(PropertyId).collect())
    }

    async fn put_consent(&self, guest: GuestId, at: Timestamp) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT_CONSENT).bind(guest.0).bind(at.0).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn consent_of(&self, guest: GuestId) -> Result<Option<Timestamp>, StoreError> {
        let query = sqlx::query_scalar(CONSENT).bind(guest.0);
        let found: Option<Option<i64>> = query.fetch_optional(&self.readers).await.map_err(Fault::from)?;
        Ok(found.flatten().map(Timestamp))
    }

    async fn guests_past(&self, property: PropertyId, before: Timestamp) -> Result<Vec<GuestId>, StoreError> {
        let query = sqlx::query_scalar(GUESTS_PAST).bind(property.0).bind(before.0);
        let found: Vec<Uuid> = query.fetch_all(&self.readers).await.map_err(Fault::from)?;
        Ok(found.into_iter().map(GuestId).collect())
    }

    async fn files_past(&self, property: PropertyId, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let query = sqlx::query_scalar(FILES_PAST).bind(property.0).bind(before.0);
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn lose_files(&self, files: Vec<Uuid>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(LOSE).bind(files).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

async fn wipe(conn: &mut PgConnection, guest: GuestId, at: Timestamp) -> Result<(), Fault> {
    let there: Vec<String> = sqlx::query_scalar(TABLES_THERE).fetch_all(&mut *conn).await?;
    for table in TABLES.iter().filter(|table| there.iter().any(|name| name == table.name)) {
        for statement in table.erase {
            sqlx::query(of_list(statement)).bind(guest.0).execute(&mut *conn).await?;
        }
    }
    sqlx::query(EMPTY).bind(guest.0).execute(&mut *conn).await?;
    sqlx::query(DONE).bind(guest.0).bind(at.0).execute(conn).await?;
    Ok(())
}

/// A statement of the list of tables, as PostgreSQL names its parameter.
pub(super) fn of_list(statement: &'static str) -> AssertSqlSafe<String> {
    AssertSqlSafe(statement.replace("?1", "$1"))
}

impl FromRow<'_, PgRow> for Erasure {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            guest: GuestId(row.try_get("guest")?),
            property: PropertyId(row.try_get("property")?),
            agent: row.try_get::<Option<_>, _>("agent")?.map(AgentId),
            asked_at: rows::time_at(row, "asked_at")?,
            done_at: row.try_get::<Option<i64>, _>("done_at")?.map(Timestamp),
        })
    }
}
