//! Making the tables of the log: where the events of a conversation are, and how it stands after them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

use frontdesk_domain::conversation::Snapshot;
use frontdesk_domain::event::Status;
use frontdesk_domain::ids::ConversationId;

use super::fault::Fault;
use super::heads::Heads;
use super::rows;
use super::sheet::Sheet;
use super::tail::Part;
use super::values::{self, Values};

/// How many events are caught up with at a time.
const CATCH_UP: i64 = 8_192;

const UPDATE_CONVERSATIONS: &str = "
    UPDATE OR FAIL conversations
       SET last_seq = new.last_seq,
           status = new.status,
           assigned = new.assigned,
           waiting_since = new.waiting_since,
           snoozed_until = new.snoozed_until,
           updated_at = new.updated_at,
           search = new.search,
           snapshot = new.snapshot
      FROM (SELECT substr(?2, value ->> 0, 16) AS id,
                   value ->> 1 AS last_seq,
                   value ->> 2 AS status,
                   substr(?2, value ->> 3, 16) AS assigned,
                   value ->> 4 AS waiting_since,
                   value ->> 5 AS snoozed_until,
                   value ->> 6 AS updated_at,
                   CAST(substr(?2, value ->> 7, value ->> 8) AS TEXT) AS search,
                   CAST(substr(?2, value ->> 9, value ->> 10) AS TEXT) AS snapshot
              FROM json_each(?1)) AS new
     WHERE conversations.id = new.id";

const MARK: &str = "UPDATE meta SET value = ?1 WHERE key = 'folded'";
const MARKED: &str = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'folded'";
const END: &str = "SELECT coalesce(max(position), 0) FROM events";

const NOT_FOLDED: &str = "
    SELECT position, conversation, seq, at, author_kind, author_id, author_name, client_id, fingerprint,
           guest_prev, body
      FROM events
     WHERE position > ?1
     ORDER BY position
     LIMIT ?2";

const SNAPSHOT: &str = "SELECT snapshot FROM conversations WHERE id = ?1";

/// Writes the parts into the tables, which then say all of the log up to the position `upto`. Within the
/// caller's transaction.
///
/// # Errors
/// What the database said. The caller rolls back.
pub(super) async fn fold(
    conn: &mut SqliteConnection,
    parts: impl Iterator<Item = &Part>,
    upto: i64,
) -> Result<(), Fault> {
    let mut parts: Vec<&Part> = parts.collect();
    // In the order of the tables: ids rise with time, so that what is busy at one time lies close together.
    parts.sort_unstable_by_key(|part| part.snapshot.id);
    let mut places = Values::new(&values::PLACES);
    let mut conversations = Sheet::default();
    for part in parts {
        write_conversation(&mut conversations, &part.snapshot)?;
        for (position, event) in &part.events {
            let row = places.row().cell(rows::key(&event.conversation.0))?;
            row.cell(rows::stored(event.seq))?.cell(*position)?;
        }
    }
    places.run(conn).await?;
    conversations.run(UPDATE_CONVERSATIONS, conn).await?;
    sqlx::query(MARK).bind(upto.to_string()).execute(conn).await?;
    Ok(())
}

/// Folds what a crash left of the log, and says where the log ends.
///
/// # Errors
/// What the database said.
pub(super) async fn catch_up(conn: &mut SqliteConnection) -> Result<Heads, sqlx::Error> {
    let mut mark: i64 = sqlx::query_scalar(MARKED).fetch_one(&mut *conn).await?;
    let end: i64 = sqlx::query_scalar(END).fetch_one(&mut *conn).await?;
    while mark < end {
        let mut tx = conn.begin().await?;
        let found = sqlx::query(NOT_FOLDED).bind(mark).bind(CATCH_UP).fetch_all(&mut *tx).await?;
        let mut parts = HashMap::new();
        for row in &found {
            mark = row.try_get("position")?;
            replay(&mut tx, &mut parts, mark, row).await?;
        }
        fold(&mut tx, parts.values().flatten(), mark).await.map_err(Fault::into_sql)?;
        tx.commit().await?;
    }
    // Positions are not used again, even if the events there were removed.
    Ok(Heads::of_log(mark.max(end)))
}

/// Adds an event to what becomes of its conversation. What is not events (how far somebody has read) is lost
/// with the memory it was in.
async fn replay(
    conn: &mut SqliteConnection,
    parts: &mut HashMap<ConversationId, Option<Part>>,
    position: i64,
    row: &SqliteRow,
) -> Result<(), sqlx::Error> {
    let id = ConversationId(rows::id_at(row, "conversation")?);
    let part = match parts.entry(id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            let row = sqlx::query(SNAPSHOT).bind(rows::key(&id.0)).fetch_optional(conn).await?;
            let snapshot = row.map(|row| rows::json_at::<Snapshot>(&row, "snapshot")).transpose()?;
            new.insert(snapshot.map(|snapshot| Part { snapshot: Arc::new(snapshot), events: Vec::new() }))
        }
    };
    // Of a conversation that was removed, nothing is made.
    let Some(part) = part else { return Ok(()) };
    let event = rows::event(id, row)?;
    // Whether the AI was at work is not asked: its turn is taken up anew, and that answers all there is.
    Arc::make_mut(&mut part.snapshot).apply(&event, false);
    part.events.push((position, event));
    Ok(())
}

fn write_conversation(sheet: &mut Sheet, snapshot: &Snapshot) -> Result<(), Fault> {
    let snoozed_until = snapshot.until.filter(|_| snapshot.status == Status::Snoozed);
    sheet
        .row()
        .bytes(Some(rows::key(&snapshot.id.0)))
        .int(rows::stored(snapshot.last_seq))
        .word(Some(rows::status(snapshot.status)))
        .bytes(snapshot.assigned.as_ref().map(|agent| rows::key(&agent.id.0)))
        .int(rows::waits_since(snapshot))
        .int(snoozed_until.map(|at| at.0))
        .int(snapshot.updated_at.0)
        .text(Some(&rows::searched_of(snapshot)))
        .json(snapshot)?;
    Ok(())
}
