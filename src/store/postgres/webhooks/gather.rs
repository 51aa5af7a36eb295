//! Reading on in the log for a webhook.
//!
//! The log is read by transaction, and within one by position; only of transactions before which all are over.
//! Positions alone are no order to read by: they are given out before a commit, and commits end in any order, so
//! that an event could come up behind a reader that has passed its place.

use std::time::Duration;

use sqlx::{PgConnection, Row};
use uuid::Uuid;

use frontdesk_domain::timestamp::Timestamp;

use super::add;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::{PostgresStore, rows};

/// Locked: no two nodes read on for one webhook.
const STANDS_AT: &str = "
    SELECT property, events, xact, position FROM webhooks WHERE id = $1 AND enabled FOR UPDATE";
const MOVE: &str = "UPDATE webhooks SET xact = $2, position = $3 WHERE id = $1";
/// Without what was over when the webhook was added or turned on, though an older transaction was not.
const READ_ON: &str = "
    SELECT xact, position, conversation, seq, kind,
           (SELECT property FROM conversations WHERE id = events.conversation) AS property
      FROM events
     WHERE (xact, position) > ($1, $2) AND xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       AND NOT coalesce(pg_visible_in_snapshot(xact::text::xid8, (SELECT since FROM webhooks WHERE id = $4)),
                        FALSE)
     ORDER BY xact, position
     LIMIT $3";
/// Of our own transaction we are told when it is over.
const IS_HELD_UP: &str = "
    SELECT EXISTS (SELECT 1 FROM events
                    WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                      AND xact <> coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0))";

/// How soon those are looked at that stand behind somebody's open transaction.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What came of it.
pub(super) struct Gathered {
    /// The log may go on.
    pub(super) may_be_more: bool,
    /// It does go on, but a transaction before that is not over.
    pub(super) is_held_up: bool,
}

const NOTHING: Gathered = Gathered { may_be_more: false, is_held_up: false };

/// Writes down what is to be sent of at most `limit` events, and how far it got.
pub(super) async fn gather(
    conn: &mut PgConnection,
    webhook: Uuid,
    at: Timestamp,
    limit: u32,
) -> Result<Gathered, Fault> {
    let found = sqlx::query(STANDS_AT).bind(webhook).fetch_optional(&mut *conn).await?;
    let Some(row) = found else { return Ok(NOTHING) };
    let property: Uuid = row.try_get("property")?;
    let (mut xact, mut position): (i64, i64) = (row.try_get("xact")?, row.try_get("position")?);
    let wanted: Vec<String> = rows::json_at(&row, "events")?;
    let found = sqlx::query(READ_ON).bind(xact).bind(position).bind(i64::from(limit)).bind(webhook);
    let found = found.fetch_all(&mut *conn).await?;
    for row in &found {
        (xact, position) = (row.try_get("xact")?, row.try_get("position")?);
        let kind: &str = row.try_get("kind")?;
        // A conversation that was removed is nobody's.
        let owner: Option<Uuid> = row.try_get("property")?;
        if owner != Some(property) || !wanted.iter().any(|wanted| wanted == kind) {
            continue;
        }
        let place = (row.try_get("conversation")?, row.try_get("seq")?);
        add(&mut *conn, webhook, Uuid::now_v7(), Some(place), kind, at).await?;
    }
    if !found.is_empty() {
        sqlx::query(MOVE).bind(webhook).bind(xact).bind(position).execute(&mut *conn).await?;
    }
    if found.len() == limit as usize {
        return Ok(Gathered { may_be_more: true, is_held_up: false });
    }
    let is_held_up = sqlx::query_scalar(IS_HELD_UP).fetch_one(conn).await?;
    Ok(Gathered { may_be_more: false, is_held_up })
}

impl PostgresStore {
    /// Has the log looked at again soon, though nothing was stored.
    pub(super) fn look_again(&self) {
        let moved = self.moved.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LOOK_AGAIN).await;
            moved.send_replace(());
        });
    }
}
