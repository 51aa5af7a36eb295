//! Storing commits: one statement a table, however many there are.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use frontdesk_actors::ports::{Commit, StoreError, TurnRow};
use frontdesk_domain::conversation::{Snapshot, Turn};
use frontdesk_domain::event::{Event, Status};
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::people::Audience;

use super::fault::Fault;
use super::sheet::Sheet;
use super::{attachments, rows};

/// `OR FAIL`, here and below: whoever runs a statement that fails rolls back to before all of them, so SQLite
/// need not keep a copy of every page to take back the one statement.
const INSERT_EVENTS: &str = "
    INSERT OR FAIL INTO events (conversation, seq, at, author_kind, author_id, author_name, client_id, fingerprint,
                        guest_prev, guest_visible, body)
    SELECT substr(?2, value ->> 0, 16),
           value ->> 1,
           value ->> 2,
           value ->> 3,
           substr(?2, value ->> 4, 16),
           CAST(substr(?2, value ->> 5, value ->> 6) AS TEXT),
           value ->> 7,
           value ->> 8,
           value ->> 9,
           value ->> 10,
           CAST(substr(?2, value ->> 11, value ->> 12) AS TEXT)
      FROM json_each(?1)";

/// Only a conversation that stands where the commits began is changed: one that was written to by somebody
/// else, or that is not there at all, is told by the number of rows.
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
                   value ->> 1 AS first_seq,
                   value ->> 2 AS last_seq,
                   value ->> 3 AS status,
                   substr(?2, value ->> 4, 16) AS assigned,
                   value ->> 5 AS waiting_since,
                   value ->> 6 AS snoozed_until,
                   value ->> 7 AS updated_at,
                   CAST(substr(?2, value ->> 8, value ->> 9) AS TEXT) AS search,
                   CAST(substr(?2, value ->> 10, value ->> 11) AS TEXT) AS snapshot
              FROM json_each(?1)) AS new
     WHERE conversations.id = new.id AND conversations.last_seq = new.first_seq";

const UPSERT_TURNS: &str = "
    INSERT OR FAIL INTO turns (conversation, turn, opened_at, restarts, recoveries)
    SELECT substr(?2, value ->> 0, 16), substr(?2, value ->> 1, 16), value ->> 2, value ->> 3, value ->> 4
      FROM json_each(?1)
     WHERE true -- without it, ON would be read as part of the join
        ON CONFLICT (conversation) DO UPDATE
       SET turn = excluded.turn,
           opened_at = excluded.opened_at,
           restarts = excluded.restarts,
           recoveries = excluded.recoveries";

const DELETE_TURNS: &str = "
    DELETE FROM turns WHERE conversation IN (SELECT substr(?2, value ->> 0, 16) FROM json_each(?1))";

/// What becomes of one conversation in a group.
struct Change<'a> {
    /// Its last event before the group.
    first_seq: Seq,
    /// As it stands after the group's last commit.
    snapshot: &'a Snapshot,
    /// What that group says of its turn.
    turn: &'a TurnRow,
}

/// Stores commits, all of them, within the caller's transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if one of them does not follow on what is stored; otherwise what the database
/// said. Either way the caller rolls back.
pub(super) async fn store<'a>(
    conn: &mut SqliteConnection,
    commits: impl Iterator<Item = &'a Commit> + Send,
) -> Result<(), Fault> {
    let mut events = Sheet::default();
    let mut with_more: Vec<&'a Commit> = Vec::new();
    let mut changes: HashMap<ConversationId, Change<'a>> = HashMap::new();
    for commit in commits {
        follow(&mut changes, commit)?;
        if commit.inbound.is_some() || !commit.enclosed.is_empty() {
            with_more.push(commit);
        }
        for event in &commit.events {
            write_event(&mut events, event)?;
        }
    }
    let mut conversations = Sheet::default();
    let mut opened = Sheet::default();
    let mut closed = Sheet::default();
    for (id, change) in &changes {
        write_change(&mut conversations, change)?;
        match change.turn {
            TurnRow::Keep => {}
            TurnRow::Open(turn) => write_turn(&mut opened, *id, turn),
            TurnRow::Close => {
                closed.row().bytes(Some(rows::key(&id.0)));
            }
        }
    }
    let wanted = changes.len() as u64;
    drop(changes);

    // The events first: if their places are taken, nothing else was touched.
    events.run(INSERT_EVENTS, conn).await?;
    if conversations.run(UPDATE_CONVERSATIONS, conn).await? != wanted {
        return Err(StoreError::Conflict.into());
    }
    opened.run(UPSERT_TURNS, conn).await?;
    closed.run(DELETE_TURNS, conn).await?;
    for commit in with_more {
        attachments::store(conn, commit).await?;
    }
    Ok(())
}

/// Adds a commit to what becomes of its conversation. It must begin where the one before it ended, and its
/// own events must leave no hole.
fn follow<'a>(
    changes: &mut HashMap<ConversationId, Change<'a>>,
    commit: &'a Commit,
) -> Result<(), StoreError> {
    let snapshot = &commit.snapshot;
    let count = commit.events.len() as Seq;
    let first_seq = snapshot.last_seq.checked_sub(count).ok_or(StoreError::Conflict)?;
    let dense = (first_seq + 1..).zip(&commit.events);
    if dense.into_iter().any(|(seq, event)| event.seq != seq || event.conversation != snapshot.id) {
        return Err(StoreError::Conflict);
    }
    let change = changes.entry(snapshot.id).or_insert(Change { first_seq, snapshot, turn: &TurnRow::Keep });
    let stands_at =
        if std::ptr::eq(change.snapshot, snapshot) { first_seq } else { change.snapshot.last_seq };
    if stands_at != first_seq {
        return Err(StoreError::Conflict);
    }
    change.snapshot = snapshot;
    if !matches!(commit.turn, TurnRow::Keep) {
        change.turn = &commit.turn;
    }
    Ok(())
}

fn write_event(sheet: &mut Sheet, event: &Event) -> Result<(), Fault> {
    sheet
        .row()
        .bytes(Some(rows::key(&event.conversation.0)))
        .int(rows::stored(event.seq))
        .int(event.at.0)
        .word(Some(rows::author_kind(event.by.kind)))
        .bytes(event.by.id.as_ref().map(rows::key))
        .text(event.by.name.as_deref())
        .word(event.id.as_ref().map(frontdesk_domain::ids::ClientId::as_str))
        .int(event.fingerprint.map(u64::cast_signed))
        .int(rows::stored(event.guest_prev))
        .int(i64::from(event.kind.seen_by(Audience::Guest)))
        .json(&event.kind)?;
    Ok(())
}

fn write_change(sheet: &mut Sheet, change: &Change<'_>) -> Result<(), Fault> {
    let snapshot = change.snapshot;
    let snoozed_until = snapshot.until.filter(|_| snapshot.status == Status::Snoozed);
    sheet
        .row()
        .bytes(Some(rows::key(&snapshot.id.0)))
        .int(rows::stored(change.first_seq))
        .int(rows::stored(snapshot.last_seq))
        .word(Some(rows::status(snapshot.status)))
        .bytes(snapshot.assigned.as_ref().map(|agent| rows::key(&agent.id.0)))
        .int(snapshot.waiting_since.map(|at| at.0))
        .int(snoozed_until.map(|at| at.0))
        .int(snapshot.updated_at.0)
        .text(Some(&rows::searched_of(snapshot)))
        .json(snapshot)?;
    Ok(())
}

fn write_turn(sheet: &mut Sheet, conversation: ConversationId, turn: &Turn) {
    sheet
        .row()
        .bytes(Some(rows::key(&conversation.0)))
        .bytes(Some(rows::key(&turn.id.0)))
        .int(turn.opened_at.0)
        .int(i64::from(turn.restarts))
        .int(i64::from(turn.recoveries));
}
