//! What can go wrong below this folder, and what the callers are told of it.

use frontdesk_actors::ports::StoreError;

use crate::store::{ListError, WriteError};

/// Why a read or a write did not come about.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database said no, or could not.
    Sql(sqlx::Error),
    /// The store as a whole has an answer.
    Store(StoreError),
    /// There is no such row.
    NotFound,
    /// A rule or another row is in the way.
    Taken,
}

/// SQLite's primary result codes that are told apart.
pub(super) mod code {
    pub(in crate::store::sqlite) const ERROR: i32 = 1;
    pub(in crate::store::sqlite) const PERM: i32 = 3;
    pub(in crate::store::sqlite) const BUSY: i32 = 5;
    pub(in crate::store::sqlite) const LOCKED: i32 = 6;
    pub(in crate::store::sqlite) const READONLY: i32 = 8;
    pub(in crate::store::sqlite) const IOERR: i32 = 10;
    pub(in crate::store::sqlite) const FULL: i32 = 13;
    pub(in crate::store::sqlite) const CANTOPEN: i32 = 14;
    pub(in crate::store::sqlite) const TOOBIG: i32 = 18;
    pub(in crate::store::sqlite) const CONSTRAINT: i32 = 19;
    pub(in crate::store::sqlite) const MISMATCH: i32 = 20;
}

/// SQLite's primary result code, if the error is one of SQLite's.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// True if what was written is at fault and not the disk: others' rows may still be stored.
pub(super) fn is_about_rows(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
        || matches!(primary_code(error), Some(code::CONSTRAINT | code::ERROR | code::TOOBIG | code::MISMATCH))
}

impl Fault {
    /// The error of the database, for where there can be no other.
    pub(super) fn into_sql(self) -> sqlx::Error {
        match self {
            Self::Sql(error) => error,
            other => sqlx::Error::Protocol(format!("{other:?}")),
        }
    }

    /// The error of the database if the connection cannot be trusted any more.
    pub(super) fn into_break(self) -> Result<Self, sqlx::Error> {
        match self {
            Self::Sql(error) if !is_about_rows(&error) => Err(error),
            other => Ok(other),
        }
    }
}

/// At least one row was there to be written.
///
/// # Errors
/// [`Fault::NotFound`].
pub(super) fn some(count: u64) -> Result<(), Fault> {
    if count > 0 { Ok(()) } else { Err(Fault::NotFound) }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Sql(sqlx::Error::Decode(error.into()))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::NotFound | Fault::Taken => Self::Conflict,
            Fault::Sql(error) if primary_code(&error) == Some(code::CONSTRAINT) => Self::Conflict,
            Fault::Sql(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<Fault> for WriteError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound => Self::NotFound,
            Fault::Taken => Self::Taken,
            Fault::Sql(sqlx::Error::Database(error)) if error.is_unique_violation() => Self::Taken,
            Fault::Sql(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Self::NotFound,
            other => Self::Store(other.into()),
        }
    }
}

impl From<Fault> for ListError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}
