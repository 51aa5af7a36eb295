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

use crate::config::DatabaseUrl;
use crate::store::copy::{CopyError, Facts};
use crate::store::{postgres, sqlite};

/// The database within a backup: a database file of SQLite, or what PostgreSQL's `pg_dump` writes.
const DATABASE: &str = "frontdesk.db";
const DUMP: &str = "frontdesk.dump";
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
    #[error("the database {database} cannot be copied: {reason}")]
    Database {
        /// Which.
        database: String,
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
    #[error("the database {database} is in use; stop the server first")]
    InUse {
        /// Which.
        database: String,
    },
    /// It is of the other kind of database.
    #[error("{} is a backup of {found}, and DATABASE_URL names {wanted}; a backup goes back to where it came from", path.display())]
    OtherKind {
        /// Which.
        path: PathBuf,
        /// What it is of.
        found: &'static str,
        /// What is wanted.
        wanted: &'static str,
    },
    /// The database took nothing of the backup.
    #[error("{} was not restored: {reason}; nothing was changed", path.display())]
    NotRestored {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: CopyError,
    },
}

/// The two kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    fn of(database: &DatabaseUrl) -> Self {
        match database {
            DatabaseUrl::Sqlite(_) => Self::Sqlite,
            DatabaseUrl::Postgres(_) => Self::Postgres,
        }
    }

    /// Of which kind a backup is: its database has another name.
    fn of_backup(backup: &Path) -> Self {
        if backup.join(DUMP).exists() { Self::Postgres } else { Self::Sqlite }
    }

    /// The database within a backup.
    fn file(self) -> &'static str {
        match self {
            Self::Sqlite => DATABASE,
            Self::Postgres => DUMP,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// The newest schema that this version knows.
    fn known_schema(self) -> i64 {
        match self {
            Self::Sqlite => sqlite::known_schema(),
            Self::Postgres => postgres::known_schema(),
        }
    }

    /// Looks the copy over that is in a backup.
    async fn verify(self, copy: &Path) -> Result<Facts, CopyError> {
        match self {
            Self::Sqlite => sqlite::verify(copy).await,
            Self::Postgres => postgres::verify_dump(copy).await,
        }
    }
}

/// A database's name in messages: without what gets in.
fn named(database: &DatabaseUrl) -> String {
    match database {
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(_) => "of DATABASE_URL".to_owned(),
    }
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
