//! Backups: a folder each, taken while the server runs, and the way back.
//!
//! A backup holds the database as of one moment, the attachments that it names, and a manifest that says what
//! is in it. It appears under its name only once all of it is on disk.

mod files;
mod manifest;
mod offsite;
mod restore;
mod schedule;
mod take;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use manifest::Manifest;
pub use offsite::{Offsite, OffsiteError, place};
pub use restore::{restore, verify};
pub use schedule::{Schedule, run};
pub use take::{PREFIX, prune, take};

use crate::store::sqlite::CopyError;

/// The database within a backup.
const DATABASE: &str = "frontdesk.db";
/// The attachments, within a backup as in the data folder.
pub const ATTACHMENTS: &str = "attachments";

/// Why a backup was not taken or not restored. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error("{}: {reason}; check that it exists, is writable and has space", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The database cannot be copied.
    #[error("the database {} cannot be copied: {reason}", path.display())]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: CopyError,
    },
    /// It is no backup, or not a whole one.
    #[error("{} is not an intact backup: {reason}; take another one", path.display())]
    NotIntact {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer version made it.
    #[error("{} was taken by a newer version (schema {found}, this one knows {known}); restore it with that version", path.display())]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// A server runs on the database that would be replaced.
    #[error("the database {} is in use; stop the server first", path.display())]
    InUse {
        /// Which.
        path: PathBuf,
    },
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, reason: error.to_string() }
    }

    fn broken(path: &Path, reason: &dyn ToString) -> Self {
        Self::NotIntact { path: path.to_owned(), reason: reason.to_string() }
    }
}
