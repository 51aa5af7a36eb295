//! Logins: sessions, second factors, known devices.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::logins::{Digest, Logins, SecondFactor, Session};

use super::audit::digest_at;
use super::fault::Fault;
use super::{PostgresStore, rows};

/// A few expired sessions go with every new one: the table stays small without anybody's sweeping it.
const SWEEP_SESSIONS: &str = "
    DELETE FROM sessions
     WHERE digest IN (SELECT digest FROM sessions WHERE expires_at <= $1
                       ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)";
const ADD_SESSION: &str = "
    INSERT INTO sessions (digest, agent, created_at, seen_at, expires_at, address, browser)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const SESSIONS: &str = "
    SELECT * FROM sessions WHERE agent = $1 AND expires_at > $2 ORDER BY created_at DESC LIMIT 200";
const END_SESSION: &str = "DELETE FROM sessions WHERE digest = $1";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE agent = $1 AND ($2::bytea IS NULL OR digest <> $2)";

const FACTOR: &str = "SELECT seed, confirmed, last_step FROM second_factors WHERE agent = $1";
const BEGIN_FACTOR: &str = "
    INSERT INTO second_factors (agent, seed, confirmed, last_step) VALUES ($1, $2, FALSE, 0)
        ON CONFLICT (agent) DO UPDATE SET seed = excluded.seed, last_step = 0 WHERE NOT second_factors.confirmed";
const CONFIRM_FACTOR: &str = "UPDATE second_factors SET confirmed = TRUE, last_step = $2 WHERE agent = $1";
/// Of two with the same code, the second waits for the first and then finds its step.
const USE_STEP: &str = "UPDATE second_factors SET last_step = $2 WHERE agent = $1 AND last_step < $2";
const ADD_CODE: &str = "INSERT INTO recovery_codes (agent, digest) SELECT $1, unnest($2::bytea[])";
const USE_CODE: &str = "DELETE FROM recovery_codes WHERE agent = $1 AND digest = $2";
const END_CODES: &str = "DELETE FROM recovery_codes WHERE agent = $1";
const END_FACTOR: &str = "DELETE FROM second_factors WHERE agent = $1";
const SEEDS: &str = "SELECT agent, seed FROM second_factors";
const PUT_SEED: &str = "UPDATE second_factors SET seed = $2 WHERE agent = $1";

/// All but the newest nine of an agent go with a new one.
const SWEEP_DEVICES: &str = "
    DELETE FROM devices
     WHERE digest IN (SELECT digest FROM devices WHERE agent = $1
                       ORDER BY expires_at DESC OFFSET 9 FOR UPDATE SKIP LOCKED)";
const ADD_DEVICE: &str = "
    INSERT INTO devices (digest, agent, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (digest) DO UPDATE SET agent = excluded.agent, expires_at = excluded.expires_at";
const KNOWS_DEVICE: &str = "
    SELECT EXISTS (SELECT 1 FROM devices WHERE digest = $1 AND agent = $2 AND expires_at > $3)";

#[async_trait]
impl Logins for PostgresStore {
    async fn add_session(&self, session: Session) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(SWEEP_SESSIONS).bind(session.created_at.0).execute(&mut *conn).await?;
                sqlx::query(ADD_SESSION)
                    .bind(session.key.0.as_slice())
                    .bind(session.agent.0)
                    .bind(session.created_at.0)
                    .bind(session.seen_at.0)
                    .bind(session.expires_at.0)
                    .bind(rows::plain(&session.address))
                    .bind(rows::plain(&session.browser))
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn sessions(&self, agent: AgentId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let query = sqlx::query_as(SESSIONS).bind(agent.0).bind(now.0);
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
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
                sqlx::query(END_SESSIONS).bind(agent.0).bind(except).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn second_factor(&self, agent: AgentId) -> Result<Option<SecondFactor>, StoreError> {
        let query = sqlx::query_as(FACTOR).bind(agent.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn begin_second_factor(&self, agent: AgentId, seed: Vec<u8>) -> Result<bool, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(BEGIN_FACTOR).bind(agent.0).bind(seed).execute(conn).await?;
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
                let codes: Vec<&[u8]> = codes.iter().map(Digest::as_slice).collect();
                // First the row of which there is one: who changes the codes as well waits for it.
                sqlx::query(CONFIRM_FACTOR).bind(agent.0).bind(step).execute(&mut *conn).await?;
                sqlx::query(END_CODES).bind(agent.0).execute(&mut *conn).await?;
                sqlx::query(ADD_CODE).bind(agent.0).bind(codes).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn use_step(&self, agent: AgentId, step: i64) -> Result<bool, StoreError> {
        Ok(self.write(move |conn| Box::pin(use_up_step(conn, agent, step))).await?)
    }

    async fn use_recovery_code(&self, agent: AgentId, code: Digest) -> Result<bool, StoreError> {
        Ok(self.write(move |conn| Box::pin(use_up_code(conn, agent, code))).await?)
    }

    async fn remove_second_factor(&self, agent: AgentId) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(END_FACTOR).bind(agent.0).execute(&mut *conn).await?;
                sqlx::query(END_CODES).bind(agent.0).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn sealed_seeds(&self) -> Result<Vec<(AgentId, Vec<u8>)>, StoreError> {
        let found: Vec<(Uuid, Vec<u8>)> =
            sqlx::query_as(SEEDS).fetch_all(&self.readers).await.map_err(Fault::from)?;
        Ok(found.into_iter().map(|(agent, seed)| (AgentId(agent), seed)).collect())
    }

    async fn put_sealed_seeds(&self, seeds: Vec<(AgentId, Vec<u8>)>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                for (agent, seed) in seeds {
                    sqlx::query(PUT_SEED).bind(agent.0).bind(seed).execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn add_device(&self, device: Digest, agent: AgentId, expires: Timestamp) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(SWEEP_DEVICES).bind(agent.0).execute(&mut *conn).await?;
                let add = sqlx::query(ADD_DEVICE).bind(device.as_slice()).bind(agent.0).bind(expires.0);
                add.execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn knows_device(&self, device: Digest, agent: AgentId, now: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar(KNOWS_DEVICE).bind(device.as_slice()).bind(agent.0).bind(now.0);
        Ok(query.fetch_one(&self.readers).await.map_err(Fault::from)?)
    }
}

/// True for the first who does so with this step or a later one.
pub(super) async fn use_up_step(conn: &mut PgConnection, agent: AgentId, step: i64) -> Result<bool, Fault> {
    let done = sqlx::query(USE_STEP).bind(agent.0).bind(step).execute(conn).await?;
    Ok(done.rows_affected() > 0)
}

/// True if the code was there.
pub(super) async fn use_up_code(
    conn: &mut PgConnection,
    agent: AgentId,
    code: Digest,
) -> Result<bool, Fault> {
    let done = sqlx::query(USE_CODE).bind(agent.0).bind(code.as_slice()).execute(conn).await?;
    Ok(done.rows_affected() > 0)
}

impl FromRow<'_, PgRow> for Session {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: SessionKey(digest_at(row, "digest")?),
            agent: AgentId(row.try_get("agent")?),
            created_at: rows::time_at(row, "created_at")?,
            seen_at: rows::time_at(row, "seen_at")?,
            expires_at: rows::time_at(row, "expires_at")?,
            address: row.try_get("address")?,
            browser: row.try_get("browser")?,
        })
    }
}

impl FromRow<'_, PgRow> for SecondFactor {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            seed: row.try_get("seed")?,
            confirmed: row.try_get("confirmed")?,
            last_step: row.try_get("last_step")?,
        })
    }
}
