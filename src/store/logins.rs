//! Logins: sessions with where they came from, second factors, known devices.

use async_trait::async_trait;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::timestamp::Timestamp;

/// The SHA-256 of a token or code that its owner holds.
pub type Digest = [u8; 32];

/// A session of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its token's digest.
    pub key: SessionKey,
    /// Whose.
    pub agent: AgentId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to within some minutes.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The address that it was opened from.
    pub address: String,
    /// What the browser said it was.
    pub browser: String,
}

/// An agent's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The sealed seed.
    pub seed: Vec<u8>,
    /// Its owner has shown that it works; it is asked for at each login.
    pub confirmed: bool,
    /// The time step of the last code that was used.
    pub last_step: i64,
}

/// Sessions, second factors, known devices.
#[async_trait]
pub trait Logins: Send + Sync {
    /// Adds a session.
    async fn add_session(&self, session: Session) -> Result<(), StoreError>;
    /// The sessions of an agent that are alive, the newest first.
    async fn sessions(&self, agent: AgentId, now: Timestamp) -> Result<Vec<Session>, StoreError>;
    /// Ends a session.
    async fn end_session(&self, key: SessionKey) -> Result<(), StoreError>;
    /// Ends all sessions of an agent, but for `except`.
    async fn end_sessions(&self, agent: AgentId, except: Option<SessionKey>) -> Result<(), StoreError>;

    /// An agent's second factor, confirmed or not.
    async fn second_factor(&self, agent: AgentId) -> Result<Option<SecondFactor>, StoreError>;
    /// Notes a new seed that is still to be confirmed, in the place of one that never was. False, and nothing
    /// is changed, if a confirmed one is there.
    async fn begin_second_factor(&self, agent: AgentId, seed: Vec<u8>) -> Result<bool, StoreError>;
    /// From now on it is asked for; `codes` are the digests of its recovery codes.
    async fn confirm_second_factor(
        &self,
        agent: AgentId,
        step: i64,
        codes: Vec<Digest>,
    ) -> Result<(), StoreError>;
    /// Uses a code up: true for the first who does so with this step or a later one.
    async fn use_step(&self, agent: AgentId, step: i64) -> Result<bool, StoreError>;
    /// Uses a recovery code up: true if it was there.
    async fn use_recovery_code(&self, agent: AgentId, code: Digest) -> Result<bool, StoreError>;
    /// It is no longer asked for.
    async fn remove_second_factor(&self, agent: AgentId) -> Result<(), StoreError>;
    /// All sealed seeds.
    async fn sealed_seeds(&self) -> Result<Vec<(AgentId, Vec<u8>)>, StoreError>;
    /// Writes seeds that were sealed anew, all or none.
    async fn put_sealed_seeds(&self, seeds: Vec<(AgentId, Vec<u8>)>) -> Result<(), StoreError>;

    /// Notes a browser from which this agent has logged in. Only the newest few of an agent stay.
    async fn add_device(&self, device: Digest, agent: AgentId, expires: Timestamp) -> Result<(), StoreError>;
    /// Whether this agent has logged in from this browser before.
    async fn knows_device(&self, device: Digest, agent: AgentId, now: Timestamp) -> Result<bool, StoreError>;
}
