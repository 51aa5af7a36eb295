//! Files: all but their bytes.

use async_trait::async_trait;
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::Attachment;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::people::AuthorKey;
use frontdesk_domain::timestamp::Timestamp;

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
    /// Adds a file whose bytes are about to be put in their place: until [`Store::put_file`](frontdesk_actors::ports::Store::put_file) says so, no
    /// message may name it.
    async fn add_attachment(&self, upload: Upload) -> Result<(), StoreError>;
    /// One file.
    async fn attachment(&self, id: Uuid) -> Result<Option<FileRow>, StoreError>;
    /// Forgets at most 500 files that were sent before this time and that no message names, and says which.
    async fn sweep_attachments(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;
}
