//! Who somebody is at the provider of single sign-on.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;

use super::{Account, WriteError};

/// Accounts by their name at the provider.
#[async_trait]
pub trait Identities: Send + Sync {
    /// The account of this person, disabled or not.
    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Account>, StoreError>;
    /// Adds the account of a person who is here for the first time, and who it is: both or neither.
    /// [`WriteError::Taken`] if the address or the person has an account.
    async fn add_identity(&self, issuer: &str, subject: &str, account: Account) -> Result<(), WriteError>;
}
