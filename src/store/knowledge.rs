//! The knowledge of the hotels, and what it has said before.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{EntryId, PropertyId};
use frontdesk_domain::people::AgentRef;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{ListError, Page, PageRequest, WriteError};

/// One entry of a property's knowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry.
    pub id: EntryId,
    /// The hotel.
    pub property: PropertyId,
    /// A question or a heading.
    pub title: String,
    /// The answer, in Markdown.
    pub body: String,
    /// Its language, where known.
    pub locale: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Other wordings of the question.
    pub aliases: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What an entry said, from when on, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryVersion {
    /// 1, 2, 3 …
    pub version: u32,
    /// A question or a heading.
    pub title: String,
    /// The answer, in Markdown.
    pub body: String,
    /// Its language, where known.
    pub locale: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Other wordings of the question.
    pub aliases: Vec<String>,
    /// The entry was removed; the texts are its last ones.
    pub removed: bool,
    /// Who; `None` for the server itself.
    pub by: Option<AgentRef>,
    /// When.
    pub at: Timestamp,
}

/// The most versions that are kept of an entry, the newest ones.
pub const VERSIONS_KEPT: u32 = 100;

/// The knowledge of the hotels.
#[async_trait]
pub trait Knowledge: Send + Sync {
    /// The entries of a property, by title; those whose title, body or tags hold `q`, where given.
    async fn entries(
        &self,
        property: PropertyId,
        q: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<Entry>, ListError>;
    /// All entries of a property.
    async fn all_entries(&self, property: PropertyId) -> Result<Vec<Entry>, StoreError>;
    /// One entry.
    async fn entry(&self, property: PropertyId, id: EntryId) -> Result<Option<Entry>, StoreError>;
    /// What an entry has said, newest first; also of one that was removed.
    async fn versions(&self, property: PropertyId, id: EntryId) -> Result<Vec<EntryVersion>, StoreError>;
    /// Adds entries, all or none.
    async fn add_entries(&self, entries: Vec<Entry>, by: Option<AgentRef>) -> Result<(), StoreError>;
    /// Writes an entry anew, by its id and property.
    async fn put_entry(&self, entry: Entry, by: Option<AgentRef>) -> Result<(), WriteError>;
    /// Removes an entry.
    async fn remove_entry(
        &self,
        property: PropertyId,
        id: EntryId,
        by: Option<AgentRef>,
        at: Timestamp,
    ) -> Result<(), WriteError>;
}
