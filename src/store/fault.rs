//! What can go wrong below this folder, and what the callers are told of it.

use frontdesk_actors::ports::StoreError;

use super::{ListError, WriteError, postgres, sqlite};

/// Why a read or a write did not come about.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    /// The database said no, or could not.
    Sql(sqlx::Error),
    /// The store as a whole has an answer.
    Store(StoreError),
    /// There is no such row.
    NotFound,
    /// A rule or another row is in the way.
    Taken,
}

/// True if what was written is at fault and not the database: others' rows may still be stored.
fn is_about_rows(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
        || sqlite::is_about_rows(error)
        || postgres::is_about_rows(error)
}

/// True if a row that is there, or is missing, is in the way.
fn breaks_a_rule(error: &sqlx::Error) -> bool {
    sqlite::breaks_a_rule(error) || postgres::breaks_a_rule(error)
}

impl Fault {
    /// The error of the database, for where there can be no other.
    pub(in crate::store) fn into_sql(self) -> sqlx::Error {
        match self {
            Self::Sql(error) => error,
            other => sqlx::Error::Protocol(format!("{other:?}")),
        }
    }

    /// The error of the database if the connection cannot be trusted any more.
    pub(in crate::store) fn into_break(self) -> Result<Self, sqlx::Error> {
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
pub(in crate::store) fn some(count: u64) -> Result<(), Fault> {
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
            Fault::Sql(error) if breaks_a_rule(&error) => Self::Conflict,
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
