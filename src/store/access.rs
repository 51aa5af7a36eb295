//! Invitations, and the tokens of integrations.

use async_trait::async_trait;
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::people::Role;
use frontdesk_domain::timestamp::Timestamp;

use super::logins::Digest;
use super::{Account, WriteError};

/// How many invitations and how many tokens a property may have at a time.
pub const EACH_MAX: i64 = 100;
/// How exactly a token's last use is noted, in milliseconds: each note is a commit.
pub(in crate::store) const USED_EVERY_MILLIS: i64 = 10 * 60_000;

/// Somebody was asked to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Names it; opens nothing.
    pub id: Uuid,
    /// To which hotel.
    pub property: PropertyId,
    /// The digest of the link's token.
    pub digest: Digest,
    /// Whom: the login name of the account to be.
    pub email: String,
    /// What the account may do.
    pub role: Role,
    /// The name of who made it.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The token of an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Names it; opens nothing. Events and the audit log name it as the author.
    pub id: Uuid,
    /// Of which hotel.
    pub property: PropertyId,
    /// The digest of the token.
    pub digest: Digest,
    /// What it is for; guests and colleagues see it as the author's name.
    pub name: String,
    /// The names of what it may do, separated by spaces.
    pub scopes: String,
    /// The name of who made it.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to within some minutes.
    pub used_at: Option<Timestamp>,
}

/// Invitations and tokens.
#[async_trait]
pub trait Access: Send + Sync {
    /// Adds an invitation, in the place of an earlier one to the same address. [`WriteError::Taken`] if there
    /// are [`EACH_MAX`] already.
    async fn add_invitation(&self, invitation: Invitation) -> Result<(), WriteError>;
    /// The invitations that are still open, the newest first.
    async fn invitations(&self, property: PropertyId, now: Timestamp) -> Result<Vec<Invitation>, StoreError>;
    /// The invitation behind a link, if it is still open.
    async fn invitation(&self, digest: Digest, now: Timestamp) -> Result<Option<Invitation>, StoreError>;
    /// Takes an invitation back.
    async fn remove_invitation(&self, property: PropertyId, id: Uuid) -> Result<(), WriteError>;
    /// Uses an invitation up and adds the account, both or neither. [`WriteError::NotFound`] if somebody was
    /// faster, [`WriteError::Taken`] if the address has an account.
    async fn accept_invitation(&self, digest: Digest, account: Account) -> Result<(), WriteError>;

    /// Adds a token. [`WriteError::Taken`] if there are [`EACH_MAX`] already.
    async fn add_token(&self, token: ApiToken) -> Result<(), WriteError>;
    /// The tokens of a property, expired ones too, the newest first.
    async fn tokens(&self, property: PropertyId) -> Result<Vec<ApiToken>, StoreError>;
    /// The token of this digest, if it has not expired. Its use is noted.
    async fn token(&self, digest: Digest, now: Timestamp) -> Result<Option<ApiToken>, StoreError>;
    /// Revokes a token.
    async fn remove_token(&self, property: PropertyId, id: Uuid) -> Result<(), WriteError>;
}
