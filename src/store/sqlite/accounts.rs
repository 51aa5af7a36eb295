//! Agents and the server's own few facts.

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection};
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::accounts::{IDLE_MAX_MILLIS, SEEN_EVERY_MILLIS};
use crate::store::{Account, Accounts, ListError, Page, PageRequest, WriteError};

use super::fault::{Fault, some};
use super::{SqliteStore, rows};
use crate::store::cursor::{self, NamePlace};

const EPOCH: &str = "SELECT value FROM meta WHERE key = 'epoch'";
const PROPERTY_NAME: &str = "SELECT name FROM properties WHERE id = ?1";
const FIND_PROPERTY: &str = "SELECT id FROM properties WHERE slug = ?1";
const ADD_PROPERTY: &str = "
    INSERT INTO properties (id, slug, name) VALUES (?1, ?2, ?3) ON CONFLICT (slug) DO NOTHING";
const NO_AGENTS: &str = "SELECT NOT EXISTS (SELECT 1 FROM agents)";

/// An account, whether a second factor is asked for, and whether a provider knows it.
macro_rules! account {
    ($rest:literal) => {
        concat!(
            "SELECT agents.*, EXISTS (SELECT 1 FROM second_factors WHERE agent = agents.id AND confirmed)
                AS second_factor,
             EXISTS (SELECT 1 FROM identities WHERE agent = agents.id) AS single_sign_on ",
            $rest
        )
    };
}

const LIST: &str = account!(
    "FROM agents
     WHERE property = ?1 AND (name COLLATE NOCASE, id) > (?2, ?3)
     ORDER BY name COLLATE NOCASE, id
     LIMIT ?4"
);
const ONE: &str = account!("FROM agents WHERE id = ?1 AND property = ?2");
const BY_EMAIL: &str = account!("FROM agents WHERE email = ?1");
pub(super) const BY_IDENTITY: &str = account!(
    "FROM identities JOIN agents ON agents.id = identities.agent
     WHERE identities.issuer = ?1 AND identities.subject = ?2"
);

const INSERT: &str = "
    INSERT INTO agents (id, property, email, name, role, disabled, password_hash, must_change, updated_at,
                        created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const UPDATE: &str = "
    UPDATE agents
       SET email = ?3, name = ?4, role = ?5, disabled = ?6, password_hash = ?7, must_change = ?8, updated_at = ?9
     WHERE id = ?1 AND property = ?2";
const DELETE: &str = "DELETE FROM agents WHERE id = ?1 AND property = ?2";
const OTHER_ADMINS: &str = "
    SELECT count(*) FROM agents WHERE property = ?1 AND id <> ?2 AND role = 'admin' AND NOT disabled";

const BY_SESSION: &str = account!(
    ", sessions.seen_at
      FROM sessions JOIN agents ON agents.id = sessions.agent
     WHERE sessions.digest = ?1 AND sessions.expires_at > ?2 AND sessions.seen_at > ?3 AND NOT agents.disabled"
);
const SEEN: &str = "UPDATE sessions SET seen_at = ?2 WHERE digest = ?1";

#[async_trait]
impl Accounts for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        // Through the writer: reads may still pass while it has lost its connection or is overwhelmed.
        Ok(self.write(|_| Box::pin(async { Ok(()) })).await?)
    }

    async fn epoch(&self) -> Result<Uuid, StoreError> {
        let text: String = sqlx::query_scalar(EPOCH).fetch_one(&self.readers).await.map_err(Fault::from)?;
        text.parse().map_err(|_| StoreError::Unavailable("the log has no name".to_owned()))
    }

    async fn property(&self, slug: &str, name: &str) -> Result<(PropertyId, bool), StoreError> {
        let (slug, name) = (slug.to_owned(), name.to_owned());
        let write = self.write(move |conn| {
            Box::pin(async move {
                let made = sqlx::query(ADD_PROPERTY)
                    .bind(rows::key(&Uuid::now_v7()))
                    .bind(&slug)
                    .bind(name)
                    .execute(&mut *conn)
                    .await?;
                let id: Vec<u8> = sqlx::query_scalar(FIND_PROPERTY).bind(slug).fetch_one(conn).await?;
                Ok((PropertyId(rows::id(&id)?), made.rows_affected() > 0))
            })
        });
        Ok(write.await?)
    }

    async fn find_property(&self, slug: &str) -> Result<Option<PropertyId>, StoreError> {
        let slug = slug.to_owned();
        let found =
            sqlx::query(FIND_PROPERTY).bind(slug).fetch_optional(&self.readers).await.map_err(Fault::from)?;
        let id = found.map(|row| rows::id_at(&row, "id")).transpose().map_err(Fault::from)?;
        Ok(id.map(PropertyId))
    }

    async fn property_name(&self, id: PropertyId) -> Result<Option<String>, StoreError> {
        let id = id.0.into_bytes().to_vec();
        Ok(sqlx::query_scalar(PROPERTY_NAME)
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?)
    }

    async fn no_agents(&self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(NO_AGENTS).fetch_one(&self.readers).await.map_err(Fault::from)?)
    }

    async fn accounts(&self, property: PropertyId, page: PageRequest) -> Result<Page<Account>, ListError> {
        let place = NamePlace::decode(page.cursor.as_deref(), NamePlace::ACCOUNTS)?;
        let limit = cursor::clamp(page.limit);
        let found: Vec<Account> = sqlx::query_as(LIST)
            .bind(rows::key(&property.0))
            .bind(place.name)
            .bind(rows::key(&place.id))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |account| {
            NamePlace { name: account.name.clone(), id: account.id.0 }.encode(NamePlace::ACCOUNTS)
        }))
    }

    async fn account(&self, property: PropertyId, id: AgentId) -> Result<Option<Account>, StoreError> {
        let found = sqlx::query_as(ONE)
            .bind(rows::key(&id.0))
            .bind(rows::key(&property.0))
            .fetch_optional(&self.readers)
            .await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let found = sqlx::query_as(BY_EMAIL).bind(rows::lower(email)).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn add_account(&self, account: Account) -> Result<(), WriteError> {
        let write = self.write(move |conn| Box::pin(async move { insert(conn, &account).await }));
        Ok(write.await?)
    }

    async fn put_account(&self, account: Account) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                if !account.is_guard() {
                    keep_an_admin(conn, account.property, account.id).await?;
                }
                some(put(conn, UPDATE, &account).await?)
            })
        });
        Ok(write.await?)
    }

    async fn remove_account(&self, property: PropertyId, id: AgentId) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                keep_an_admin(conn, property, id).await?;
                // Its sessions go with it.
                let done = sqlx::query(DELETE)
                    .bind(rows::key(&id.0))
                    .bind(rows::key(&property.0))
                    .execute(conn)
                    .await?;
                some(done.rows_affected())
            })
        });
        Ok(write.await?)
    }

    async fn session(&self, key: SessionKey, now: Timestamp) -> Result<Option<Account>, StoreError> {
        let found = sqlx::query(BY_SESSION)
            .bind(key.0.as_slice())
            .bind(now.0)
            .bind(now.0 - IDLE_MAX_MILLIS)
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        let Some(row) = found else { return Ok(None) };
        let seen = rows::time_at(&row, "seen_at").map_err(Fault::from)?;
        if now.0 - seen.0 > SEEN_EVERY_MILLIS {
            self.seen(key, now).await;
        }
        Ok(Some(Account::from_row(&row).map_err(Fault::from)?))
    }
}

impl SqliteStore {
    /// Notes a session's use. Not worth failing for: the next use tries again.
    async fn seen(&self, key: SessionKey, now: Timestamp) {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(SEEN).bind(key.0.as_slice()).bind(now.0).execute(conn).await?;
                Ok(())
            })
        });
        if let Err(error) = write.await {
            tracing::debug!(?error, "a session's use was not noted");
        }
    }
}

/// Adds an account.
pub(super) async fn insert(conn: &mut SqliteConnection, account: &Account) -> Result<(), Fault> {
    put(conn, INSERT, account).await?;
    Ok(())
}

/// Binds an account to [`INSERT`] or [`UPDATE`] (which has no use for the last parameter). Says how many rows
/// were written.
async fn put(conn: &mut SqliteConnection, statement: &'static str, account: &Account) -> Result<u64, Fault> {
    let done = sqlx::query(statement)
        .bind(rows::key(&account.id.0))
        .bind(rows::key(&account.property.0))
        .bind(rows::lower(&account.email))
        .bind(&account.name)
        .bind(rows::role(account.role))
        .bind(account.disabled)
        .bind(&account.password_hash)
        .bind(account.must_change)
        .bind(account.updated_at.0)
        .bind(account.created_at.0)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Refuses to go on if this account is the property's last enabled admin: nobody could undo that.
async fn keep_an_admin(conn: &mut SqliteConnection, property: PropertyId, id: AgentId) -> Result<(), Fault> {
    let (id, property) = (rows::key(&id.0), rows::key(&property.0));
    let now: Option<Account> = sqlx::query_as(ONE).bind(id).bind(property).fetch_optional(&mut *conn).await?;
    if !now.ok_or(Fault::NotFound)?.is_guard() {
        return Ok(());
    }
    let others: i64 = sqlx::query_scalar(OTHER_ADMINS).bind(property).bind(id).fetch_one(conn).await?;
    if others > 0 { Ok(()) } else { Err(Fault::Taken) }
}
