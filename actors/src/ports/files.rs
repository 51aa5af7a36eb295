//! Files: those that are to be fetched, and where they are kept.

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::timestamp::Timestamp;

/// A file that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFile {
    /// The file.
    pub id: Uuid,
    /// Where a message names it.
    pub conversation: ConversationId,
    /// The name that is shown.
    pub name: String,
    /// WhatsApp's id for it.
    pub media: String,
    /// What the sender says it is.
    pub media_type: String,
    /// The SHA-256 digest that its message told.
    pub sha256: Option<[u8; 32]>,
    /// How often it was tried.
    pub tries: u32,
    /// When its message was stored.
    pub since: Timestamp,
}

/// What became of fetching a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFate {
    /// It is here.
    Kept(KeptFile),
    /// Not yet: again at this time.
    Later(Timestamp),
    /// It will not come.
    Lost,
}

/// A file that is in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// What it is, by content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

/// Why a file was not kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file any more.
    #[error("gone")]
    Gone,
    /// More bytes, or more pixels, than are taken.
    #[error("too large")]
    TooLarge,
    /// It is none of the kinds that are taken, or damaged.
    #[error("not a file that is taken: {0}")]
    Unfit(&'static str),
    /// Its bytes are not those that were announced.
    #[error("damaged on its way")]
    Damaged,
    /// What its message announced is another file.
    #[error("not the file that was announced")]
    Another,
    /// Not at the moment; later it may go.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// A file on its way here.
pub struct Arriving {
    /// How many bytes it is said to have.
    pub size: Option<u64>,
    /// The SHA-256 digest that it is said to have.
    pub sha256: Option<[u8; 32]>,
    /// Its bytes.
    pub parts: Box<dyn Parts>,
}

/// The bytes of a file, part by part.
#[async_trait]
pub trait Parts: Send {
    /// The next part; `None` at the end.
    ///
    /// # Errors
    /// [`FileError::Unavailable`] if it broke off.
    async fn next(&mut self) -> Result<Option<Bytes>, FileError>;
}

/// Where guests' files are while they are not here.
#[async_trait]
pub trait MediaSource: Send + Sync + 'static {
    /// Begins to fetch a file.
    async fn open(&self, media: &str) -> Result<Arriving, FileError>;
}

/// Where files are kept. What may be kept, and how it is made harmless, is decided there.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Looks at a file and keeps it under `id`, on disk when this returns. With `any`, a kind that is not
    /// known is kept as plain bytes, and so is a picture that cannot be written anew; else they are
    /// [`FileError::Unfit`] or [`FileError::TooLarge`].
    async fn keep(&self, id: Uuid, bytes: Bytes, any: bool) -> Result<KeptFile, FileError>;

    /// The same for a file on its way, of any kind and of at most `max_bytes`, of which never more than a part
    /// is in memory if it is large. What does not have the digest that was announced is [`FileError::Damaged`].
    async fn take(&self, id: Uuid, arriving: Arriving, max_bytes: u64) -> Result<KeptFile, FileError>;

    /// A file that was kept, whole.
    async fn read(&self, id: Uuid) -> Result<Bytes, FileError>;
}
