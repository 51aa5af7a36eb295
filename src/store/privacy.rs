//! Guests' data as a whole: had, erased, and thrown away when its time is over.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::strict;
use frontdesk_domain::timestamp::Timestamp;

/// What a property says to guests, and how long it keeps what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrivacySettings {
    /// Guests who have not been heard of for so many days are erased, unless one of their conversations waits
    /// for people or is snoozed; null: never.
    #[schema(required)]
    #[serde(deserialize_with = "strict::nullable")]
    pub conversation_days: Option<u32>,
    /// Files of messages go after so many days; null: with the guest.
    #[schema(required)]
    #[serde(deserialize_with = "strict::nullable")]
    pub attachment_days: Option<u32>,
    /// What guests can read about their data, by language (`en`, `de`, `pt-BR`); plain text.
    #[serde(default)]
    pub notice: BTreeMap<String, String>,
    /// What a guest agrees to before writing, by language; none: nothing is asked.
    #[serde(default)]
    pub consent: BTreeMap<String, String>,
}

/// A guest is to be erased, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Who.
    pub guest: GuestId,
    /// The hotel.
    pub property: PropertyId,
    /// Which agent said so; `None`: its time was over.
    pub agent: Option<AgentId>,
    /// When.
    pub asked_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// Guests' data as a whole.
#[async_trait]
pub trait Privacy: Send + Sync {
    /// The property of a guest, if there is such a guest.
    async fn property_of(&self, guest: GuestId) -> Result<Option<PropertyId>, StoreError>;
    /// The conversations of a guest; `None` if the property has no such guest.
    async fn conversations_of(
        &self,
        property: PropertyId,
        guest: GuestId,
    ) -> Result<Option<Vec<ConversationId>>, StoreError>;
    /// Everything that is stored of a guest but the bytes of files, as JSON; `None` if there is no such guest.
    async fn export_guest(&self, guest: GuestId) -> Result<Option<Value>, StoreError>;
    /// The files that lie in the data folder because of a guest.
    async fn files_of(&self, guest: GuestId) -> Result<Vec<Uuid>, StoreError>;
    /// Notes that a guest is to be erased; on disk when this returns. Asked again, the first one stands.
    async fn ask_erasure(&self, erasure: Erasure) -> Result<(), StoreError>;
    /// What was asked and is not done.
    async fn open_erasures(&self) -> Result<Vec<Erasure>, StoreError>;
    /// What became of a guest's erasure.
    async fn erasure(&self, guest: GuestId) -> Result<Option<Erasure>, StoreError>;
    /// Ends the sessions of a guest, and says which they were.
    async fn end_guest_sessions(&self, guest: GuestId) -> Result<Vec<SessionKey>, StoreError>;
    /// Takes a guest out of every table, but for the conversations, which were emptied before; the erasure is
    /// done then.
    async fn wipe_guest(&self, guest: GuestId, at: Timestamp) -> Result<(), StoreError>;
    /// Copies that lie within the database itself, by name: a restore set them aside.
    async fn set_aside(&self) -> Result<Vec<String>, StoreError>;
    /// Writes the database anew, so that nothing that was deleted is left in its files. Commits wait meanwhile.
    async fn pack(&self) -> Result<(), StoreError>;

    /// The property's settings.
    async fn privacy(&self, property: PropertyId) -> Result<PrivacySettings, StoreError>;
    /// Writes them.
    async fn put_privacy(&self, property: PropertyId, settings: PrivacySettings) -> Result<(), StoreError>;
    /// The properties that have any.
    async fn private_properties(&self) -> Result<Vec<PropertyId>, StoreError>;
    /// Notes that a guest has agreed.
    async fn put_consent(&self, guest: GuestId, at: Timestamp) -> Result<(), StoreError>;
    /// When a guest has agreed.
    async fn consent_of(&self, guest: GuestId) -> Result<Option<Timestamp>, StoreError>;
    /// Guests who have not been heard of since then, at most 100.
    async fn guests_past(&self, property: PropertyId, before: Timestamp) -> Result<Vec<GuestId>, StoreError>;
    /// Files of messages from before then, which are in the data folder, at most 500.
    async fn files_past(&self, property: PropertyId, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;
    /// Notes that the bytes of these are no more.
    async fn lose_files(&self, files: Vec<Uuid>) -> Result<(), StoreError>;
}
