//! Agents' accounts, and the server's own few facts.

use async_trait::async_trait;
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::people::Role;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{ListError, Page, PageRequest, WriteError};

/// An agent's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The agent.
    pub id: AgentId,
    /// The hotel.
    pub property: PropertyId,
    /// Login name, lower case; unique on the server.
    pub email: String,
    /// The name that guests and colleagues see.
    pub name: String,
    /// What the agent may do.
    pub role: Role,
    /// May not log in.
    pub disabled: bool,
    /// PHC string of the password.
    pub password_hash: String,
    /// The password was made up for its owner, who is to choose another.
    pub must_change: bool,
    /// A second factor is asked for at each login. Read only: see [`Logins`](super::Logins).
    pub second_factor: bool,
    /// Logs in at the provider of single sign-on, and there alone. Read only: see [`Identities`](super::Identities).
    pub single_sign_on: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How long a session may be left unused, in milliseconds: three days.
pub(in crate::store) const IDLE_MAX_MILLIS: i64 = 3 * 24 * 3_600_000;
/// How exactly its last use is noted, in milliseconds: each note is a commit.
pub(in crate::store) const SEEN_EVERY_MILLIS: i64 = 10 * 60_000;

impl Account {
    /// An admin that can let others in again.
    pub(in crate::store) fn is_guard(&self) -> bool {
        self.role == Role::Admin && !self.disabled
    }
}

/// Agents, their sessions, and the server's own few facts.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Ready to read and write?
    async fn ping(&self) -> Result<(), StoreError>;
    /// Names the log; made with the database, changed by a restore.
    async fn epoch(&self) -> Result<Uuid, StoreError>;
    /// The property with this slug, made if it is missing. True if it was made.
    async fn property(&self, slug: &str, name: &str) -> Result<(PropertyId, bool), StoreError>;
    /// The property with this slug.
    async fn find_property(&self, slug: &str) -> Result<Option<PropertyId>, StoreError>;
    /// The property's name.
    async fn property_name(&self, id: PropertyId) -> Result<Option<String>, StoreError>;
    /// True if there is no agent at all yet.
    async fn no_agents(&self) -> Result<bool, StoreError>;
    /// The accounts of a property, by name.
    async fn accounts(&self, property: PropertyId, page: PageRequest) -> Result<Page<Account>, ListError>;
    /// One account.
    async fn account(&self, property: PropertyId, id: AgentId) -> Result<Option<Account>, StoreError>;
    /// The account with this e-mail address (compared in lower case), disabled or not.
    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError>;
    /// Adds an account.
    async fn add_account(&self, account: Account) -> Result<(), WriteError>;
    /// Writes an account anew, by its id and property. The last enabled admin of a property can be neither
    /// disabled, demoted nor removed: [`WriteError::Taken`] then.
    async fn put_account(&self, account: Account) -> Result<(), WriteError>;
    /// Removes an account and its sessions.
    async fn remove_account(&self, property: PropertyId, id: AgentId) -> Result<(), WriteError>;

    /// The enabled account behind a session that has neither expired nor been left unused for too long. Its
    /// use is noted.
    async fn session(&self, key: SessionKey, now: Timestamp) -> Result<Option<Account>, StoreError>;
}
