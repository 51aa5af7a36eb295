//! Agents and the server's own few facts.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use super::fault::{Fault, some};
use crate::store::accounts::{IDLE_MAX_MILLIS, SEEN_EVERY_MILLIS};
use crate::store::cursor::{self, NamePlace};
use crate::store::{Account, Accounts, ListError, Page, PageRequest, WriteError};

use super::{PostgresStore, rows};

const EPOCH: &str = "SELECT value FROM meta WHERE key = 'epoch'";
const PROPERTY_NAME: &str = "SELECT name FROM properties WHERE id = $1";
const FIND_PROPERTY: &str = "SELECT id FROM properties WHERE slug = $1";
const ADD_PROPERTY: &str = "
    INSERT INTO properties (id, slug, name) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING";
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
     WHERE property = $1 AND (lower(name COLLATE \"C\"), id) > (lower($2 COLLATE \"C\"), $3)
     ORDER BY lower(name COLLATE \"C\"), id
     LIMIT $4"
);
const ONE: &str = account!("FROM agents WHERE id = $1 AND property = $2");
const BY_EMAIL: &str = account!("FROM agents WHERE email = $1");
pub(super) const BY_IDENTITY: &str = account!(
    "FROM identities JOIN agents ON agents.id = identities.agent
     WHERE identities.issuer = $1 AND identities.subject = $2"
);

const INSERT: &str = "
    INSERT INTO agents (id, property, email, name, role, disabled, password_hash, must_change, updated_at,
                        created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const UPDATE: &str = "
    UPDATE agents
       SET email = $3, name = $4, role = $5, disabled = $6, password_hash = $7, must_change = $8, updated_at = $9
     WHERE id = $1 AND property = $2";
const DELETE: &str = "DELETE FROM agents WHERE id = $1 AND property = $2";
/// Locked: of two admins who take each other's place away at once, the second finds the first one gone.
const ADMINS: &str = "
    SELECT id FROM agents WHERE property = $1 AND role = 'admin' AND NOT disabled ORDER BY id FOR UPDATE";
const IS_THERE: &str = "SELECT EXISTS (SELECT 1 FROM agents WHERE id = $1 AND property = $2)";

const BY_SESSION: &str = account!(
    ", sessions.seen_at
      FROM sessions JOIN agents ON agents.id = sessions.agent
     WHERE sessions.digest = $1 AND sessions.expires_at > $2 AND sessions.seen_at > $3 AND NOT agents.disabled"
);
const SEEN: &str = "UPDATE sessions SET seen_at = $2 WHERE digest = $1 AND seen_at < $2";

#[async_trait]
impl Accounts for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        // As a write: a standby answers reads.
        Ok(self
            .write(|conn| {
                Box::pin(async move {
                    sqlx::query("SELECT id FROM properties LIMIT 1 FOR KEY SHARE").execute(conn).await?;
                    Ok(())
                })
            })
            .await?)
    }

    async fn epoch(&self) -> Result<Uuid, StoreError> {
        let text: String = sqlx::query_scalar(EPOCH).fetch_one(&self.readers).await.map_err(Fault::from)?;
        text.parse().map_err(|_| StoreError::Unavailable("the log has no name".to_owned()))
    }

    async fn property(&self, slug: &str, name: &str) -> Result<(PropertyId, bool), StoreError> {
        let (slug, name) = (slug.to_owned(), name.to_owned());
        let write = self.write(move |conn| {
            Box::pin(async move {
                let add = sqlx::query(ADD_PROPERTY).bind(Uuid::now_v7()).bind(&slug).bind(name);
                let made = add.execute(&mut *conn).await?.rows_affected() > 0;
                let id = sqlx::query_scalar(FIND_PROPERTY).bind(slug).fetch_one(conn).await?;
                Ok((PropertyId(id), made))
            })
        });
        Ok(write.await?)
    }

    async fn find_property(&self, slug: &str) -> Result<Option<PropertyId>, StoreError> {
        let found = sqlx::query_scalar(FIND_PROPERTY).bind(slug).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?.map(PropertyId))
    }

    async fn property_name(&self, id: PropertyId) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar(PROPERTY_NAME).bind(id.0).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn no_agents(&self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(NO_AGENTS).fetch_one(&self.readers).await.map_err(Fault::from)?)
    }

    async fn accounts(&self, property: PropertyId, page: PageRequest) -> Result<Page<Account>, ListError> {
        let place = NamePlace::decode(page.cursor.as_deref(), NamePlace::ACCOUNTS)?;
        let limit = cursor::clamp(page.limit);
        let found: Vec<Account> = sqlx::query_as(LIST)
            .bind(property.0)
            .bind(rows::plain(&place.name))
            .bind(place.id)
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |account| {
            NamePlace { name: account.name.clone(), id: account.id.0 }.encode(NamePlace::ACCOUNTS)
        }))
    }

    async fn account(&self, property: PropertyId, id: AgentId) -> Result<Option<Account>, StoreError> {
        let found = sqlx::query_as(ONE).bind(id.0).bind(property.0).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let email = rows::lower(rows::plain(email).as_ref());
        let found = sqlx::query_as(BY_EMAIL).bind(email).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn add_account(&self, account: Account) -> Result<(), WriteError> {
        let write = self.write(move |conn| Box::pin(async move { insert(conn, &account).await }));
        Ok(write.await?)
    }

    async fn put_account(&self, account: Account) -> Result<(), WriteError> {
        Ok(self.write(move |conn| Box::pin(write_anew(conn, account))).await?)
    }

    async fn remove_account(&self, property: PropertyId, id: AgentId) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                keep_an_admin(conn, property, id).await?;
                // Its sessions go with it.
                some(sqlx::query(DELETE).bind(id.0).bind(property.0).execute(conn).await?.rows_affected())
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

impl PostgresStore {
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

/// Writes an account anew, unless it is the last admin's and says that he is none.
pub(super) async fn write_anew(conn: &mut PgConnection, account: Account) -> Result<(), Fault> {
    if !account.is_guard() {
        keep_an_admin(conn, account.property, account.id).await?;
    }
    some(put(conn, UPDATE, &account).await?)
}

/// Adds an account.
pub(super) async fn insert(conn: &mut PgConnection, account: &Account) -> Result<(), Fault> {
    put(conn, INSERT, account).await?;
    Ok(())
}

/// Binds an account to [`INSERT`] or [`UPDATE`]. Says how many rows were written.
async fn put(conn: &mut PgConnection, statement: &'static str, account: &Account) -> Result<u64, Fault> {
    let query = sqlx::query(statement)
        .bind(account.id.0)
        .bind(account.property.0)
        .bind(rows::lower(&account.email))
        .bind(rows::plain(&account.name))
        .bind(rows::role(account.role))
        .bind(account.disabled)
        .bind(&account.password_hash)
        .bind(account.must_change)
        .bind(account.updated_at.0);
    // A parameter that a statement has no use for has no type.
    let query = if statement == INSERT { query.bind(account.created_at.0) } else { query };
    Ok(query.execute(conn).await?.rows_affected())
}

/// Refuses to go on if this account is the property's last enabled admin: nobody could undo that.
async fn keep_an_admin(conn: &mut PgConnection, property: PropertyId, id: AgentId) -> Result<(), Fault> {
    let admins: Vec<Uuid> = sqlx::query_scalar(ADMINS).bind(property.0).fetch_all(&mut *conn).await?;
    if admins.contains(&id.0) {
        return if admins.len() > 1 { Ok(()) } else { Err(Fault::Taken) };
    }
    let there: bool = sqlx::query_scalar(IS_THERE).bind(id.0).bind(property.0).fetch_one(conn).await?;
    if there { Ok(()) } else { Err(Fault::NotFound) }
}

impl FromRow<'_, PgRow> for Account {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: AgentId(row.try_get("id")?),
            property: PropertyId(row.try_get("property")?),
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role: rows::role_of(row.try_get("role")?)?,
            disabled: row.try_get("disabled")?,
            password_hash: row.try_get("password_hash")?,
            must_change: row.try_get("must_change")?,
            second_factor: row.try_get("second_factor")?,
            single_sign_on: row.try_get("single_sign_on")?,
            created_at: rows::time_at(row, "created_at")?,
            updated_at: rows::time_at(row, "updated_at")?,
        })
    }
}
