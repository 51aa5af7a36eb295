//! The log's order, where the log came from another server.
//!
//! Transactions are numbered by each server for itself: the numbers in a log that was restored elsewhere may be of
//! transactions that are still to come. Such a log is ordered by its positions from there on.

use sqlx::{Connection, PgConnection};

const IS_FROM_ELSEWHERE: &str = "
    SELECT greatest((SELECT max(xact) FROM events),
                    (SELECT max(greatest(xact, pg_snapshot_xmax(since)::text::bigint)) FROM webhooks))
         > pg_current_xact_id()::text::bigint";

/// Each webhook begins before the first event that it was not sent: some are sent again, none is left out. Which
/// transactions were over when it began says nothing here.
const WEBHOOKS: &str = "
    UPDATE webhooks
       SET position = coalesce(
               (SELECT min(events.position) - 1 FROM events
                 WHERE (events.xact, events.position) > (webhooks.xact, webhooks.position)),
               (SELECT max(events.position) FROM events), 0),
           xact = 0, since = NULL";
const EVENTS: &str = "UPDATE events SET xact = 0 WHERE xact <> 0";

/// Gives the log an order that this server can go on with, if it has none.
///
/// # Errors
/// What the database said.
pub(super) async fn renumber(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let foreign: Option<bool> = sqlx::query_scalar(IS_FROM_ELSEWHERE).fetch_one(&mut *conn).await?;
    if foreign != Some(true) {
        return Ok(());
    }
    let mut tx = conn.begin().await?;
    sqlx::query(WEBHOOKS).execute(&mut *tx).await?;
    let events = sqlx::query(EVENTS).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    tracing::info!(events, "the log came from another server; its order was written anew");
    Ok(())
}
