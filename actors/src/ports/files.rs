//! Files: those that are to be fetched, and where they are kept.

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use frontdesk_domain::timestamp::Timestamp;

/// A file that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFile {
    /// The file.
    pub id: Uuid,
    /// WhatsApp's id for it.
    pub media: String,
    /// What the sender says it is.
    pub media_type: String,
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
    /// Not at the moment; later it may go.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// Where guests' files are while they are not here.
#[async_trait]
pub trait MediaSource: Send + Sync + 'static {
    /// Fetches a file whole, if it has at most `max_bytes`.
    async fn fetch(&self, media: &str, max_bytes: u64) -> Result<Bytes, FileError>;
}

/// Where files are kept. What may be kept, and how it is made harmless, is decided there.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Looks at a file and keeps it under `id`, on disk when this returns. With `any`, a kind that is not
    /// known is kept as plain bytes; else it is [`FileError::Unfit`].
    async fn keep(&self, id: Uuid, bytes: Bytes, any: bool) -> Result<KeptFile, FileError>;

    /// A file that was kept, whole.
    async fn read(&self, id: Uuid) -> Result<Bytes, FileError>;
}
