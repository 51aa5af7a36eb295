//! Invitations, and the tokens of integrations.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::access::{Access, ApiToken, EACH_MAX, Invitation, USED_EVERY_MILLIS};
use crate::store::logins::Digest;
use crate::store::{Account, WriteError};

use super::accounts;
use super::audit::digest_at;
use super::fault::{Fault, some};
use super::{SqliteStore, rows};

/// Those that have ended, and the one to the same address, go with a new one.
const SWEEP_INVITATIONS: &str =
    "DELETE FROM invitations WHERE expires_at <= ?1 OR (property = ?2 AND email = ?3)";
const COUNT_INVITATIONS: &str = "SELECT count(*) FROM invitations WHERE property = ?1";
const ADD_INVITATION: &str = "
    INSERT INTO invitations (id, property, digest, email, role, made_by, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const INVITATIONS: &str = "
    SELECT * FROM invitations WHERE property = ?1 AND expires_at > ?2 ORDER BY created_at DESC, id";
const INVITATION: &str = "SELECT * FROM invitations WHERE digest = ?1 AND expires_at > ?2";
const END_INVITATION: &str = "DELETE FROM invitations WHERE id = ?1 AND property = ?2";
const USE_INVITATION: &str = "DELETE FROM invitations WHERE digest = ?1";

const COUNT_TOKENS: &str = "SELECT count(*) FROM api_tokens WHERE property = ?1";
const ADD_TOKEN: &str = "
    INSERT INTO api_tokens (id, property, digest, name, scopes, made_by, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const TOKENS: &str = "SELECT * FROM api_tokens WHERE property = ?1 ORDER BY created_at DESC, id";
const TOKEN: &str = "SELECT * FROM api_tokens WHERE digest = ?1 AND expires_at > ?2";
const USED: &str = "UPDATE api_tokens SET used_at = ?2 WHERE digest = ?1";
const END_TOKEN: &str = "DELETE FROM api_tokens WHERE id = ?1 AND property = ?2";

#[async_trait]
impl Access for SqliteStore {
    async fn add_invitation(&self, new: Invitation) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let property = rows::key(&new.property.0);
                sqlx::query(SWEEP_INVITATIONS)
                    .bind(new.created_at.0)
                    .bind(property)
                    .bind(&new.email)
                    .execute(&mut *conn)
                    .await?;
                room(conn, COUNT_INVITATIONS, new.property).await?;
                sqlx::query(ADD_INVITATION)
                    .bind(rows::key(&new.id))
                    .bind(property)
                    .bind(new.digest.as_slice())
                    .bind(&new.email)
                    .bind(rows::role(new.role))
                    .bind(new.made_by)
                    .bind(new.created_at.0)
                    .bind(new.expires_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn invitations(&self, property: PropertyId, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
        let found = sqlx::query_as(INVITATIONS)
            .bind(rows::key(&property.0))
            .bind(now.0)
            .fetch_all(&self.readers)
            .await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn invitation(&self, digest: Digest, now: Timestamp) -> Result<Option<Invitation>, StoreError> {
        let found = sqlx::query_as(INVITATION)
            .bind(digest.as_slice())
            .bind(now.0)
            .fetch_optional(&self.readers)
            .await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn remove_invitation(&self, property: PropertyId, id: Uuid) -> Result<(), WriteError> {
        self.end_one(END_INVITATION, property, id).await
    }

    async fn accept_invitation(&self, digest: Digest, account: Account) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let used = sqlx::query(USE_INVITATION).bind(digest.as_slice()).execute(&mut *conn).await?;
                some(used.rows_affected())?;
                accounts::insert(conn, &account).await
            })
        });
        Ok(write.await?)
    }

    async fn add_token(&self, new: ApiToken) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                room(conn, COUNT_TOKENS, new.property).await?;
                sqlx::query(ADD_TOKEN)
                    .bind(rows::key(&new.id))
                    .bind(rows::key(&new.property.0))
                    .bind(new.digest.as_slice())
                    .bind(new.name)
                    .bind(new.scopes)
                    .bind(new.made_by)
                    .bind(new.created_at.0)
                    .bind(new.expires_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn tokens(&self, property: PropertyId) -> Result<Vec<ApiToken>, StoreError> {
        let found = sqlx::query_as(TOKENS).bind(rows::key(&property.0)).fetch_all(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn token(&self, digest: Digest, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        let found: Option<ApiToken> = sqlx::query_as(TOKEN)
            .bind(digest.as_slice())
            .bind(now.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        let stale = |token: &ApiToken| token.used_at.is_none_or(|at| now.0 - at.0 > USED_EVERY_MILLIS);
        if found.as_ref().is_some_and(stale) {
            self.used(digest, now).await;
        }
        Ok(found)
    }

    async fn remove_token(&self, property: PropertyId, id: Uuid) -> Result<(), WriteError> {
        self.end_one(END_TOKEN, property, id).await
    }
}

impl SqliteStore {
    async fn end_one(
        &self,
        statement: &'static str,
        property: PropertyId,
        id: Uuid,
    ) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(statement)
                    .bind(rows::key(&id))
                    .bind(rows::key(&property.0))
                    .execute(conn)
                    .await?;
                some(done.rows_affected())
            })
        });
        Ok(write.await?)
    }

    /// Notes a token's use. Not worth failing for: the next use tries again.
    async fn used(&self, digest: Digest, now: Timestamp) {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(USED).bind(digest.as_slice()).bind(now.0).execute(conn).await?;
                Ok(())
            })
        });
        if let Err(error) = write.await {
            tracing::debug!(?error, "a token's use was not noted");
        }
    }
}

/// Refuses to go on if the property has as many as it may.
async fn room(conn: &mut SqliteConnection, count: &'static str, property: PropertyId) -> Result<(), Fault> {
    let there: i64 = sqlx::query_scalar(count).bind(rows::key(&property.0)).fetch_one(conn).await?;
    if there < EACH_MAX { Ok(()) } else { Err(Fault::Taken) }
}

impl FromRow<'_, SqliteRow> for Invitation {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: rows::id_at(row, "id")?,
            property: PropertyId(rows::id_at(row, "property")?),
            digest: digest_at(row, "digest")?,
            email: row.try_get("email")?,
            role: rows::role_of(row.try_get("role")?)?,
            made_by: row.try_get("made_by")?,
            created_at: rows::time_at(row, "created_at")?,
            expires_at: rows::time_at(row, "expires_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for ApiToken {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: rows::id_at(row, "id")?,
            property: PropertyId(rows::id_at(row, "property")?),
            digest: digest_at(row, "digest")?,
            name: row.try_get("name")?,
            scopes: row.try_get("scopes")?,
            made_by: row.try_get("made_by")?,
            created_at: rows::time_at(row, "created_at")?,
            expires_at: rows::time_at(row, "expires_at")?,
            used_at: row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp),
        })
    }
}
