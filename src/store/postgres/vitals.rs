//! How the database is, in numbers.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::vitals::{VitalSigns, Vitals};

use super::fault::Fault;
use super::{PostgresStore, READERS};

const SESSIONS: &str = "
    SELECT (SELECT count(*) FROM guest_sessions), (SELECT count(*) FROM sessions WHERE expires_at > $1),
           pg_database_size(current_database())";

#[async_trait]
impl Vitals for PostgresStore {
    async fn vitals(&self, now: Timestamp) -> Result<VitalSigns, StoreError> {
        // Before we are one of them.
        let idle = self.readers.num_idle();
        let busy = usize::try_from(self.readers.size()).unwrap_or_default().saturating_sub(idle);
        let sessions = sqlx::query_as(SESSIONS).bind(now.0).fetch_one(&self.readers).await;
        let (guests, agents, bytes): (i64, i64, i64) =
            sessions.map_err(|error| StoreError::from(Fault::from(error)))?;
        Ok(VitalSigns {
            guest_sessions: u64::try_from(guests).unwrap_or_default(),
            agent_sessions: u64::try_from(agents).unwrap_or_default(),
            readers_busy: busy,
            readers_max: READERS as usize,
            database_bytes: u64::try_from(bytes).ok(),
        })
    }
}
