//! Locks that are of no row. Each is held until the transaction ends.

use sqlx::PgConnection;

/// The end of the audit log.
pub(super) const AUDIT: i32 = 0x4644_0001;
/// The hotel's own name of a guest.
pub(super) const SUBJECT: i32 = 0x4644_0002;

/// The names by which WhatsApp knows a property's guests.
pub(super) const NAMES: i32 = 0x4644_0003;

const TAKE: &str = "SELECT pg_advisory_xact_lock($1, hashtext($2))";

/// Waits until nobody else holds it. `which` is one among its kind; two of the same number only wait for each other.
pub(super) async fn take(conn: &mut PgConnection, kind: i32, which: &str) -> Result<(), sqlx::Error> {
    sqlx::query(TAKE).bind(kind).bind(which).execute(conn).await?;
    Ok(())
}
