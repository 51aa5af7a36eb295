//! How a database is, in numbers.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::timestamp::Timestamp;

/// The numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VitalSigns {
    /// Sessions of guests.
    pub guest_sessions: u64,
    /// Logins of agents that have not expired.
    pub agent_sessions: u64,
    /// Connections that read at this moment.
    pub readers_busy: usize,
    /// How many there may be.
    pub readers_max: usize,
    /// How large the database is, in bytes; `None` where it is a file that anybody can measure.
    pub database_bytes: Option<u64>,
}

/// Tells them.
#[async_trait]
pub trait Vitals: Send + Sync {
    /// As they are now.
    async fn vitals(&self, now: Timestamp) -> Result<VitalSigns, StoreError>;
}
