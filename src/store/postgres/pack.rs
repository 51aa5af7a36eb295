//! What is left in the server's files of rows that are gone.
//!
//! PostgreSQL keeps an old version of a row until it is swept up, and its bytes until their place is used again.
//! Small tables are written anew, which leaves nothing; commits wait meanwhile. Large ones are swept up: nobody can
//! read the old rows any more, but bytes of them stay in the files for a while, as they do in the server's
//! write-ahead log, its archives and standbys.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::store::personal::TABLES;

use super::fault::code;

/// The largest table that is written anew, in bytes: a second or two.
const SMALL_MAX_BYTES: i64 = 128 << 20;

/// Sweeping takes what it takes; but whoever wants to write must not stand behind us while we wait for a reader.
const SETTINGS: &str =
    "SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '1s', false)";
const SIZE: &str = "SELECT pg_total_relation_size(to_regclass($1))";
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Sweeps up every table that holds something of guests.
///
/// # Errors
/// What the database said.
pub(super) async fn pack(readers: &PgPool) -> Result<(), sqlx::Error> {
    // Not given back: its settings are not the pool's.
    let mut conn = readers.acquire().await?.detach();
    sqlx::query(SETTINGS).execute(&mut conn).await?;
    for table in TABLES {
        let size: Option<i64> = sqlx::query_scalar(SIZE).bind(table.name).fetch_one(&mut conn).await?;
        let Some(size) = size.filter(|_| table.is_of_guests()) else { continue };
        sweep(&mut conn, table.name, size).await?;
    }
    sqlx::Connection::close(conn).await
}

async fn sweep(conn: &mut PgConnection, table: &str, size: i64) -> Result<(), sqlx::Error> {
    if size <= SMALL_MAX_BYTES {
        let anew = sqlx::query(AssertSqlSafe(format!("VACUUM (FULL) {table}"))).execute(&mut *conn).await;
        match anew {
            Ok(_) => return Ok(()),
            // A long read, such as a backup, is in the way.
            Err(error) if code(&error) == Some(LOCK_NOT_AVAILABLE) => {}
            Err(error) => return Err(error),
        }
    }
    tracing::info!(table, "swept up; VACUUM FULL in a quiet hour takes old bytes out of its file as well");
    sqlx::query(AssertSqlSafe(format!("VACUUM {table}"))).execute(conn).await?;
    Ok(())
}
