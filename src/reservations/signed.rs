//! Who may tell of reservations.

use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::timestamp::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use crate::auth::Vault;
use crate::store::reservations::ReservationSource;
use crate::webhooks::{new_secret, open_secret};

/// A new source for a property, and its secret.
///
/// # Errors
/// `internal`, without randomness.
pub fn new_source(
    vault: &Vault,
    property: PropertyId,
    at: Timestamp,
) -> Result<(ReservationSource, SecretString), Refusal> {
    let id = Uuid::now_v7();
    let (secret, sealed) = new_secret(vault, id)?;
    Ok((ReservationSource { property, id, secret: sealed, created_at: at }, secret))
}

/// The secret of a source.
///
/// # Errors
/// `internal`: it was sealed under a key that is not at hand.
pub fn open_source(vault: &Vault, source: &ReservationSource) -> Result<Vec<u8>, Refusal> {
    open_secret(vault, &source.secret, source.id)
}
