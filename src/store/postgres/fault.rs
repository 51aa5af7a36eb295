//! What PostgreSQL's errors mean.

use sqlx::postgres::PgDatabaseError;

pub(super) use crate::store::fault::{Fault, some};

/// PostgreSQL's error code (SQLSTATE), if the error is one of PostgreSQL's.
pub(super) fn code(error: &sqlx::Error) -> Option<&str> {
    Some(error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.code())
}

/// True if what was written is at fault and not the server: others' rows may still be stored. By classes: 22 and 23
/// are about values and constraints, 42 about the statement, 54 about sizes; P0001 is what a trigger says.
pub(crate) fn is_about_rows(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| matches!(&code[..2], "22" | "23" | "42" | "54") || code == "P0001")
}

/// True if a row that is there, or is missing, is in the way.
pub(crate) fn breaks_a_rule(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code.starts_with("23") || code == "P0001")
}
