//! What SQLite's errors mean.

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

pub(super) use crate::store::fault::{Fault, some};

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
    let code: i32 = error.as_database_error()?.try_downcast_ref::<SqliteError>()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// True if what was written is at fault and not the disk: others' rows may still be stored.
pub(crate) fn is_about_rows(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(code::CONSTRAINT | code::ERROR | code::TOOBIG | code::MISMATCH))
}

/// True if a row that is there, or is missing, is in the way.
pub(crate) fn breaks_a_rule(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(code::CONSTRAINT)
}
