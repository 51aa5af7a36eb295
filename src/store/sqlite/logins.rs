//! Sessions, second factors, known devices.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::logins::{Digest, Logins, SecondFactor, Session};

use super::fault::Fault;
use super::{SqliteStore, rows};

/// A few expired sessions go with every new one: the table stays small without anybody's sweeping it.
const SWEEP_SESSIONS: &str = "
    DELETE FROM sessions
     WHERE digest IN (SELECT digest FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 100)";
const ADD_SESSION: &str = "
    INSERT INTO sessions (digest, agent, created_at, seen_at, expires_at, address, browser)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const SESSIONS: &str = "
    SELECT * FROM sessions WHERE agent = ?1 AND expires_at > ?2 ORDER BY created_at DESC LIMIT 200";
const END_SESSION: &str = "DELETE FROM sessions WHERE digest = ?1";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE agent = ?1 AND (?2 IS NULL OR digest <> ?2)";

const FACTOR: &str = "SELECT seed, confirmed, last_step FROM second_factors WHERE agent = ?1";
const BEGIN_FACTOR: &str = "
    INSERT INTO second_factors (agent, seed, confirmed, last_step) VALUES (?1, ?2, 0, 0)
        ON CONFLICT (agent) DO UPDATE SET seed = excluded.seed, last_step = 0 WHERE NOT confirmed";
const CONFIRM_FACTOR: &str = "UPDATE second_factors SET confirmed = 1, last_step = ?2 WHERE agent = ?1";
const USE_STEP: &str = "UPDATE second_factors SET last_step = ?2 WHERE agent = ?1 AND last_step < ?2";
const ADD_CODE: &str = "INSERT INTO recovery_codes (agent, digest) VALUES (?1, ?2)";
const USE_CODE: &str = "DELETE FROM recovery_codes WHERE agent = ?1 AND digest = ?2";
const END_CODES: &str = "DELETE FROM recovery_codes WHERE agent = ?1";
const END_FACTOR: &str = "DELETE FROM second_factors WHERE agent = ?1";
const SEEDS: &str = "SELECT agent, seed FROM second_factors";
const PUT_SEED: &str = "UPDATE second_factors SET seed = ?2 WHERE agent = ?1";

/// All but the newest nine of an agent go with a new one.
const SWEEP_DEVICES: &str = "
    DELETE FROM devices
     WHERE agent = ?1
       AND digest NOT IN (SELECT digest FROM devices WHERE agent = ?1 ORDER BY expires_at DESC LIMIT 9)";
const ADD_DEVICE: &str = "INSERT OR REPLACE INTO devices (digest, agent, expires_at) VALUES (?1, ?2, ?3)";
const KNOWS_DEVICE: &str = "
    SELECT EXISTS (SELECT 1 FROM devices WHERE digest = ?1 AND agent = ?2 AND expires_at > ?3)";

#[async_trait]
impl Logins for SqliteStore {
    async fn add_session(&self, session: Session) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(SWEEP_SESSIONS).bind(session.created_at.0).execute(&mut *conn).await?;
                sqlx::query(ADD_SESSION)
                    .bind(session.key.0.as_slice())
                    .bind(rows::key(&session.agent.0))
                    .bind(session.created_at.0)
                    .bind(session.seen_at.0)
                    .bind(session.expires_at.0)
                    .bind(session.address)
                    .bind(session.browser)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn sessions(&self, agent: AgentId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let found =
            sqlx::query_as(SESSIONS).bind(rows::key(&agent.0)).bind(now.0).fetch_all(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn end_session(&self, key: SessionKey) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(END_SESSION).bind(key.0.as_slice()).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn end_sessions(&self, agent: AgentId, except: Option<SessionKey>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let except = except.as_ref().map(|key| key.0.as_slice());
                sqlx::query(END_SESSIONS).bind(rows::key(&agent.0)).bind(except).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn second_factor(&self, agent: AgentId) -> Result<Option<SecondFactor>, StoreError> {
        let found = sqlx::query_as(FACTOR).bind(rows::key(&agent.0)).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn begin_second_factor(&self, agent: AgentId, seed: Vec<u8>) -> Result<bool, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done =
                    sqlx::query(BEGIN_FACTOR).bind(rows::key(&agent.0)).bind(seed).execute(conn).await?;
                Ok(done.rows_affected() > 0)
            })
        });
        Ok(write.await?)
    }

    async fn confirm_second_factor(
        &self,
        agent: AgentId,
        step: i64,
        codes: Vec<Digest>,
    ) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let agent = rows::key(&agent.0);
                sqlx::query(CONFIRM_FACTOR).bind(agent).bind(step).execute(&mut *conn).await?;
                sqlx::query(END_CODES).bind(agent).execute(&mut *conn).await?;
                for code in codes {
                    sqlx::query(ADD_CODE).bind(agent).bind(code.as_slice()).execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn use_step(&self, agent: AgentId, step: i64) -> Result<bool, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(USE_STEP).bind(rows::key(&agent.0)).bind(step).execute(conn).await?;
                Ok(done.rows_affected() > 0)
            })
        });
        Ok(write.await?)
    }

    async fn use_recovery_code(&self, agent: AgentId, code: Digest) -> Result<bool, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(USE_CODE)
                    .bind(rows::key(&agent.0))
                    .bind(code.as_slice())
                    .execute(conn)
                    .await?;
                Ok(done.rows_affected() > 0)
            })
        });
        Ok(write.await?)
    }

    async fn remove_second_factor(&self, agent: AgentId) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(END_CODES).bind(rows::key(&agent.0)).execute(&mut *conn).await?;
                sqlx::query(END_FACTOR).bind(rows::key(&agent.0)).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn sealed_seeds(&self) -> Result<Vec<(AgentId, Vec<u8>)>, StoreError> {
        let found = sqlx::query(SEEDS).fetch_all(&self.readers).await.map_err(Fault::from)?;
        let read = |row: &SqliteRow| Ok((AgentId(rows::id_at(row, "agent")?), row.try_get("seed")?));
        let seeds: Result<Vec<_>, sqlx::Error> = found.iter().map(read).collect();
        Ok(seeds.map_err(Fault::from)?)
    }

    async fn put_sealed_seeds(&self, seeds: Vec<(AgentId, Vec<u8>)>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                for (agent, seed) in seeds {
                    sqlx::query(PUT_SEED).bind(rows::key(&agent.0)).bind(seed).execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn add_device(&self, device: Digest, agent: AgentId, expires: Timestamp) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let agent = rows::key(&agent.0);
                sqlx::query(SWEEP_DEVICES).bind(agent).execute(&mut *conn).await?;
                sqlx::query(ADD_DEVICE)
                    .bind(device.as_slice())
                    .bind(agent)
                    .bind(expires.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn knows_device(&self, device: Digest, agent: AgentId, now: Timestamp) -> Result<bool, StoreError> {
        let known = sqlx::query_scalar(KNOWS_DEVICE)
            .bind(device.as_slice())
            .bind(rows::key(&agent.0))
            .bind(now.0)
            .fetch_one(&self.readers)
            .await;
        Ok(known.map_err(Fault::from)?)
    }
}

impl FromRow<'_, SqliteRow> for Session {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let digest: Vec<u8> = row.try_get("digest")?;
        let key = digest.try_into().map_err(|_| sqlx::Error::Decode("not a digest".into()))?;
        Ok(Self {
            key: SessionKey(key),
            agent: AgentId(rows::id_at(row, "agent")?),
            created_at: rows::time_at(row, "created_at")?,
            seen_at: rows::time_at(row, "seen_at")?,
            expires_at: rows::time_at(row, "expires_at")?,
            address: row.try_get("address")?,
            browser: row.try_get("browser")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for SecondFactor {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            seed: row.try_get("seed")?,
            confirmed: row.try_get("confirmed")?,
            last_step: row.try_get("last_step")?,
        })
    }
}
