//! What becomes of a delivery: by the answer to its send, and by what WhatsApp reports, in any order.

use sqlx::{PgConnection, Row};

use frontdesk_actors::messages::DeliveryReport;
use frontdesk_actors::ports::whatsapp::Outcome;
use frontdesk_domain::event::DeliveryState;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::outgoing::{DeliveryKey, words};

use crate::store::recipient::EARLY_KEPT_MILLIS;

use super::super::fault::Fault;
use super::super::rows::{delivery_rank as rank, plain};
use super::{key_of, named};

/// How a try ended. A row that a report has settled meanwhile only takes the id and what moves up.
const END: &str = "
    UPDATE deliveries
       SET due_at = CASE step WHEN 'done' THEN due_at ELSE $5 END,
           step = CASE step WHEN 'done' THEN 'done' ELSE $4 END,
           wamid = coalesce(wamid, $6),
           error = CASE WHEN $7 > state THEN coalesce($8, error) ELSE error END,
           state = greatest(state, $7)
     WHERE conversation = $1 AND seq = $2 AND part = $3";

const EARLY: &str = "DELETE FROM early_reports WHERE wamid = $1 RETURNING state, error";

const BY_WAMID: &str = "SELECT conversation, seq, part FROM deliveries WHERE wamid = $1";

/// Whatever is reported of it, it was taken.
const REPORT: &str = "
    UPDATE deliveries
       SET step = 'done',
           wamid = coalesce(wamid, $4),
           error = CASE WHEN $5 > state THEN coalesce($6, error) ELSE error END,
           state = greatest(state, $5)
     WHERE conversation = $1 AND seq = $2 AND part = $3";

const KEEP_EARLY: &str = "
    INSERT INTO early_reports AS known (wamid, state, error, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (wamid) DO UPDATE
       SET error = CASE WHEN excluded.state > known.state THEN excluded.error ELSE known.error END,
           state = greatest(known.state, excluded.state)";

const SWEEP_EARLY: &str = "DELETE FROM early_reports WHERE created_at < $1";

/// How a try ended.
///
/// # Errors
/// What the statements met with.
pub(super) async fn end(conn: &mut PgConnection, key: DeliveryKey, outcome: Outcome) -> Result<(), Fault> {
    let (step, due_at, wamid, state, error) = match outcome {
        Outcome::Taken(wamid) => {
            let (state, error) = early(conn, &wamid).await?;
            ("done", 0, Some(wamid), state.max(rank(DeliveryState::Sent)), error)
        }
        Outcome::Again(at) => ("waiting", at.0, None, 0, None),
        Outcome::Held(at, why) => ("waiting", at.0, None, rank(DeliveryState::Failed), Some(why)),
        Outcome::Unclear(at) => ("sending", at.0, None, 0, None),
        Outcome::Never(why) => ("done", 0, None, rank(DeliveryState::Failed), Some(why)),
    };
    let statement = named(END, &key).bind(step).bind(due_at).bind(wamid).bind(state).bind(error);
    statement.execute(conn).await?;
    Ok(())
}

/// What was reported of an id before it was known.
async fn early(conn: &mut PgConnection, wamid: &str) -> Result<(i64, Option<String>), Fault> {
    match sqlx::query(EARLY).bind(wamid).fetch_optional(conn).await? {
        Some(row) => Ok((row.try_get("state")?, row.try_get("error")?)),
        None => Ok((0, None)),
    }
}

/// What WhatsApp reports. Says which conversation it is about.
///
/// # Errors
/// What the statements met with.
pub(super) async fn take(
    conn: &mut PgConnection,
    report: &DeliveryReport,
) -> Result<Option<ConversationId>, Fault> {
    let state = rank(report.state);
    let error = report.error.as_ref().map(|error| words(error.code));
    let wamid = plain(&report.wamid).into_owned();
    let by_tracker = report.tracker.as_deref().and_then(DeliveryKey::from_tracker);
    let by_wamid = match by_tracker {
        Some(_) => None,
        None => sqlx::query(BY_WAMID).bind(wamid.clone()).fetch_optional(&mut *conn).await?,
    };
    let key = match &by_wamid {
        Some(row) => Some(key_of(row)?),
        None => by_tracker,
    };
    if let Some(key) = key {
        let statement = named(REPORT, &key).bind(wamid.clone()).bind(state).bind(error);
        if statement.execute(&mut *conn).await?.rows_affected() > 0 {
            return Ok(Some(key.conversation));
        }
    }
    let now = report.at.0.max(crate::http::now().0);
    sqlx::query(KEEP_EARLY).bind(wamid).bind(state).bind(error).bind(now).execute(&mut *conn).await?;
    sqlx::query(SWEEP_EARLY).bind(now - EARLY_KEPT_MILLIS).execute(conn).await?;
    Ok(None)
}
