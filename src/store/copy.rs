//! Whole copies of a database, whichever it is.

use std::io;

/// Why a copy was not made, or is no good.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// What the database said.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// What the file system said.
    #[error("{0}")]
    File(#[from] io::Error),
    /// The copy is damaged, or holds something other than whole conversations.
    #[error("it is not intact: {0}")]
    NotIntact(String),
    /// One of PostgreSQL's own tools failed, or is missing.
    #[error("{tool}: {reason}")]
    Tool {
        /// Which.
        tool: &'static str,
        /// What it said.
        reason: String,
    },
    /// A server has the database.
    #[error("it is in use")]
    InUse,
}

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its schema.
    pub schema: i64,
    /// Names its log.
    pub epoch: String,
    /// How many conversations.
    pub conversations: i64,
    /// How many events.
    pub events: i64,
}
