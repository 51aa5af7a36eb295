//! Reservations, as the hotel's property system tells of them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

/// Where a stay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// The guest is expected.
    Booked,
    /// The guest is here.
    InHouse,
    /// The guest has left.
    Departed,
    /// The guest will not come.
    Cancelled,
}

impl Stay {
    /// As it is stored.
    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::InHouse => "in_house",
            Self::Departed => "departed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The one that is stored like this.
    pub(in crate::store) fn of_name(name: &str) -> Self {
        match name {
            "booked" => Self::Booked,
            "in_house" => Self::InHouse,
            "departed" => Self::Departed,
            _ => Self::Cancelled,
        }
    }
}

/// One version of a reservation, in the forms in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The hotel.
    pub property: PropertyId,
    /// The property system's name for it.
    pub reference: String,
    /// Counts up with every change.
    pub version: i64,
    /// Whose it is, if that is known.
    pub guest: Option<GuestId>,
    /// Where the stay stands.
    pub status: Stay,
    /// The guest's name.
    pub name: Option<String>,
    /// Lower case.
    pub email: Option<String>,
    /// Digits only.
    pub phone: Option<String>,
    /// The room.
    pub room: Option<String>,
    /// As YYYY-MM-DD.
    pub arrival: Option<String>,
    /// As YYYY-MM-DD.
    pub departure: Option<String>,
    /// Language tag.
    pub locale: Option<String>,
    /// When we were told.
    pub updated_at: Timestamp,
}

/// Who tells of reservations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservationSource {
    /// The hotel.
    pub property: PropertyId,
    /// In the path of its webhook.
    pub id: Uuid,
    /// What signs, sealed.
    pub secret: Vec<u8>,
    /// Since when.
    pub created_at: Timestamp,
}

/// A reservation that a guest's card is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The newest version, with its guest.
    pub reservation: Reservation,
    /// All of the guest's conversations.
    pub conversations: Vec<ConversationId>,
    /// The guest is the one that the hotel knows: by the number that WhatsApp vouches for, or because the hotel
    /// named the guest. Else what the guest said of itself fits, which anybody can say.
    pub sure: bool,
}

/// The reservations of the hotels.
#[async_trait]
pub trait Reservations: Send + Sync {
    /// Who tells of a property's.
    async fn reservation_source(&self, property: PropertyId)
    -> Result<Option<ReservationSource>, StoreError>;
    /// The same by its id.
    async fn reservation_source_by_id(&self, id: Uuid) -> Result<Option<ReservationSource>, StoreError>;
    /// Puts one in the place of the one before.
    async fn put_reservation_source(&self, source: ReservationSource) -> Result<(), StoreError>;
    /// Takes a property's away, and says whether there was one. What it has told stays.
    async fn remove_reservation_source(&self, property: PropertyId) -> Result<bool, StoreError>;
    /// Every source, for sealing secrets anew.
    async fn reservation_sources(&self) -> Result<Vec<ReservationSource>, StoreError>;
    /// Stores versions, all or none. Of each: true if it is newer than what was known. One without a guest is
    /// looked up; a guest of another property is none.
    async fn put_reservations(&self, reservations: Vec<Reservation>) -> Result<Vec<bool>, StoreError>;
    /// Finds guests for reservations that have none, by what guests have said since; at most 200 find one. Says
    /// how many did.
    async fn match_reservations(&self) -> Result<u64, StoreError>;
    /// Those that a guest's card is to be told of, at most 100.
    async fn untold_reservations(&self) -> Result<Vec<Untold>, StoreError>;
    /// The card was told of this version.
    async fn told_reservation(
        &self,
        property: PropertyId,
        reference: &str,
        version: i64,
    ) -> Result<(), StoreError>;
    /// Throws away those that were last heard of before this time.
    async fn prune_reservations(&self, before: Timestamp) -> Result<u64, StoreError>;
}
