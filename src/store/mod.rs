//! The database: the actors' log (the [`Store`] port) and everything that is kept beside it.
//!
//! Two kinds behind one trait: SQLite by default, PostgreSQL when one machine is not enough. All SQL
//! lives below this folder.

use async_trait::async_trait;
use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::{Store, StoreError};
use frontdesk_domain::event::{Attachment, Channel};
use frontdesk_domain::ids::{AgentId, ConversationId, EntryId, GuestId, PropertyId};
use frontdesk_domain::people::{AgentRef, AuthorKey, GuestProfile, Role};
use frontdesk_domain::summary::Summary;
use frontdesk_domain::timestamp::Timestamp;

pub mod access;
pub mod audit;
pub mod help;
pub mod identities;
pub mod logins;
pub mod privacy;
pub mod records;
pub mod reservations;
pub mod sqlite;
pub mod vitals;
pub mod webhooks;

pub use access::Access;
pub use audit::AuditLog;
pub use help::Helping;
pub use identities::Identities;
pub use logins::Logins;
pub use privacy::Privacy;
pub use records::Records;
pub use reservations::Reservations;
pub use vitals::{VitalSigns, Vitals};
pub use webhooks::Webhooks;

/// The whole database.
pub trait Database:
    Store
    + Accounts
    + Logins
    + Identities
    + Access
    + AuditLog
    + Attachments
    + Guests
    + Helping
    + Knowledge
    + Listing
    + Records
    + Webhooks
    + Privacy
    + Reservations
    + Vitals
{
}
impl<T> Database for T where
    T: Store
        + Accounts
        + Logins
        + Identities
        + Access
        + AuditLog
        + Attachments
        + Guests
        + Helping
        + Knowledge
        + Listing
        + Records
        + Webhooks
        + Vitals
        + Privacy
        + Reservations
{
}

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
    /// A second factor is asked for at each login. Read only: see [`Logins`].
    pub second_factor: bool,
    /// Logs in at the provider of single sign-on, and there alone. Read only: see [`Identities`].
    pub single_sign_on: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for the next page with; `None` on the last.
    pub next: Option<String>,
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items, 1 to 200.
    pub limit: u32,
    /// What an earlier page's `next` said. One that is not ours is answered with [`ListError::BadCursor`].
    pub cursor: Option<String>,
}

/// Why a list could not be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is not one of ours.
    #[error("not a cursor")]
    BadCursor,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account or an entry could not be written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// There is none (of this property).
    #[error("there is none")]
    NotFound,
    /// Another one has this e-mail address.
    #[error("taken")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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

/// A guest and the one conversation it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestRow {
    /// The guest.
    pub id: GuestId,
    /// The hotel.
    pub property: PropertyId,
    /// What the guest said of itself.
    pub profile: GuestProfile,
    /// The conversation.
    pub conversation: ConversationId,
}

/// Guests and their sessions.
#[async_trait]
pub trait Guests: Send + Sync {
    /// Adds a guest, its session and its (still empty) conversation in one commit.
    async fn add_guest(
        &self,
        guest: GuestRow,
        channel: Channel,
        key: SessionKey,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The guest behind a session.
    async fn guest_session(&self, key: SessionKey) -> Result<Option<GuestRow>, StoreError>;
    /// What the guest says of itself changed.
    async fn put_guest(&self, id: GuestId, profile: &GuestProfile) -> Result<(), StoreError>;
}

/// A file that somebody sent us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What readers are told of it.
    pub file: Attachment,
    /// To which hotel.
    pub property: PropertyId,
    /// Who.
    pub by: AuthorKey,
    /// When.
    pub at: Timestamp,
}

/// A file as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// What readers are told of it.
    pub file: Attachment,
    /// To which hotel.
    pub property: PropertyId,
    /// Who.
    pub by: AuthorKey,
    /// Is it here?
    pub state: FileState,
    /// Where a message names it.
    pub conversation: Option<ConversationId>,
}

/// Is a file here?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It is still with WhatsApp.
    Pending,
    /// It is.
    Ready,
    /// It will not come.
    Lost,
}

/// Files: all but their bytes.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// Adds a file whose bytes are about to be put in their place: until [`Store::put_file`] says so, no
    /// message may name it.
    async fn add_attachment(&self, upload: Upload) -> Result<(), StoreError>;
    /// One file.
    async fn attachment(&self, id: Uuid) -> Result<Option<FileRow>, StoreError>;
    /// Forgets at most 500 files that were sent before this time and that no message names, and says which.
    async fn sweep_attachments(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;
}

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

/// The views of the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Everything but closed ones.
    #[default]
    All,
    /// Not closed, assigned to this agent.
    Mine(AgentId),
    /// Not closed, assigned to nobody.
    Unassigned,
    /// A guest waits for a human.
    Waiting,
    /// Closed ones.
    Closed,
}

/// Which conversations are wanted. Conversations without any event are never listed.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    /// The view.
    pub view: View,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those whose guest's name, e-mail, phone or room, whose last message or tags hold this text.
    pub q: Option<String>,
}

/// The list of conversations.
#[async_trait]
pub trait Listing: Send + Sync {
    /// A page of summaries, those waiting longest first, then those changed last.
    async fn conversations(
        &self,
        property: PropertyId,
        query: ConversationQuery,
        page: PageRequest,
    ) -> Result<Page<Summary>, ListError>;
    /// One summary.
    async fn summary(&self, property: PropertyId, id: ConversationId) -> Result<Option<Summary>, StoreError>;
}
