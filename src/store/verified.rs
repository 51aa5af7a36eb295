//! Guests whom the hotel itself has named, and what signs its word.

use async_trait::async_trait;
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{GuestId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use super::GuestRow;

/// A secret, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// What it is sealed with.
    pub id: Uuid,
    /// The sealed bytes.
    pub secret: Vec<u8>,
}

/// What signs for a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityKey {
    /// The hotel.
    pub property: PropertyId,
    /// What signs.
    pub key: SealedKey,
    /// The one before, and until when it is good as well.
    pub old: Option<(SealedKey, Timestamp)>,
    /// Since when.
    pub created_at: Timestamp,
}

/// A guest whom a good token names.
#[derive(Clone, Debug)]
pub struct Named {
    /// The hotel's own name of the guest.
    pub subject: String,
    /// The digest of the token: it opens once.
    pub token: [u8; 32],
    /// When it is forgotten that the token was used.
    pub expires_at: Timestamp,
    /// Becomes the guest, if the hotel has not named this one before.
    pub fresh: GuestRow,
    /// The new session.
    pub session: SessionKey,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The first session of the guest.
    New(GuestRow),
    /// Another one.
    Known(GuestRow),
    /// The token was used before: nothing is stored.
    Replayed,
}

/// Guests whom the hotel has named.
#[async_trait]
pub trait Verified: Send + Sync {
    /// What signs for a property.
    async fn identity_key(&self, property: PropertyId) -> Result<Option<IdentityKey>, StoreError>;
    /// Every property's, for sealing secrets anew.
    async fn identity_keys(&self) -> Result<Vec<IdentityKey>, StoreError>;
    /// Puts one in the place of the one before.
    async fn put_identity_key(&self, key: IdentityKey) -> Result<(), StoreError>;
    /// No token of the property is good any more. False if none was.
    async fn remove_identity_key(&self, property: PropertyId) -> Result<bool, StoreError>;
    /// Begins a session for the guest whom a token names, all in one.
    async fn admit_named(&self, named: Named, at: Timestamp) -> Result<Admitted, StoreError>;
    /// The hotel's own name of a guest whom it has named.
    async fn named_as(&self, guest: GuestId) -> Result<Option<String>, StoreError>;
}
