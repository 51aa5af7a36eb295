//! Storing commits: their events at the end of the log, and their turns.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use frontdesk_actors::ports::{Commit, TurnRow};
use frontdesk_domain::conversation::{EndedTurn, Turn};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ClientId, ConversationId};
use frontdesk_domain::people::Audience;

use super::fault::Fault;
use super::sheet::Sheet;
use super::values::{self, Values};
use super::{attachments, deliveries, rows};

/// `OR FAIL`: whoever runs a statement that fails rolls back to before all of them, so SQLite need not keep a
/// copy of every page to take back the one statement.
const UPSERT_TURNS: &str = "
    INSERT OR FAIL INTO turns (conversation, turn, opened_at, restarts, recoveries, after_seq, through_seq)
    SELECT substr(?2, value ->> 0, 16), substr(?2, value ->> 1, 16), value ->> 2, value ->> 3, value ->> 4,
           value ->> 5, value ->> 6
      FROM json_each(?1)
     WHERE true -- without it, ON would be read as part of the join
        ON CONFLICT (conversation) DO UPDATE
       SET turn = excluded.turn,
           opened_at = excluded.opened_at,
           restarts = excluded.restarts,
           recoveries = excluded.recoveries,
           after_seq = excluded.after_seq,
           through_seq = excluded.through_seq";

const DELETE_TURNS: &str = "
    DELETE FROM turns WHERE conversation IN (SELECT substr(?2, value ->> 0, 16) FROM json_each(?1))";

const INSERT_ENDED_TURNS: &str = "
    INSERT OR FAIL INTO ended_turns (turn, conversation, episode, after_seq, through_seq, outcome, reason, carried,
                             answer_seq, opened_at, asked_at, first_word_at, ended_at, restarts, recoveries)
    SELECT substr(?2, value ->> 0, 16), substr(?2, value ->> 1, 16), value ->> 2, value ->> 3, value ->> 4,
           value ->> 5, CAST(substr(?2, value ->> 6, value ->> 7) AS TEXT), value ->> 8, value ->> 9,
           value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15
      FROM json_each(?1)";

/// Stores commits, each behind the position of the log that goes with it, within the caller's transaction.
/// That they follow on what is stored was seen to before.
///
/// # Errors
/// [`StoreError::Conflict`] if what one of them names is taken; otherwise what the database said. Either way the
/// caller rolls back.
///
/// [`StoreError::Conflict`]: frontdesk_actors::ports::StoreError::Conflict
pub(super) async fn store<'a>(
    conn: &mut SqliteConnection,
    commits: impl Iterator<Item = (&'a Commit, i64)> + Send,
) -> Result<(), Fault> {
    let mut events = Values::new(&values::EVENTS);
    let mut turns: HashMap<ConversationId, &TurnRow> = HashMap::new();
    let mut with_more: Vec<&'a Commit> = Vec::new();
    let mut ended = Sheet::default();
    for (commit, before) in commits {
        if commit.inbound.is_some() || !commit.enclosed.is_empty() || !commit.deliveries.is_empty() {
            with_more.push(commit);
        }
        for (event, position) in commit.events.iter().zip(before + 1..) {
            write_event(&mut events, event, position)?;
        }
        if !matches!(commit.turn, TurnRow::Keep) {
            turns.insert(commit.snapshot.id, &commit.turn);
        }
        for turn in &commit.ended {
            write_ended(&mut ended, turn);
        }
    }
    let mut opened = Sheet::default();
    let mut closed = Sheet::default();
    for (id, turn) in turns {
        match turn {
            TurnRow::Keep => {}
            TurnRow::Open(turn) => write_turn(&mut opened, id, turn),
            TurnRow::Close => {
                closed.row().bytes(Some(rows::key(&id.0)));
            }
        }
    }
    events.run(conn).await?;
    opened.run(UPSERT_TURNS, conn).await?;
    closed.run(DELETE_TURNS, conn).await?;
    for commit in with_more {
        attachments::store(conn, commit).await?;
        deliveries::store(conn, commit).await?;
    }
    ended.run(INSERT_ENDED_TURNS, conn).await?;
    Ok(())
}

fn write_event(values: &mut Values, event: &Event, position: i64) -> Result<(), Fault> {
    values
        .row()
        .cell(position)?
        .cell(rows::key(&event.conversation.0))?
        .cell(rows::stored(event.seq))?
        .cell(event.at.0)?
        .cell(rows::author_kind(event.by.kind))?
        .cell(event.by.id.as_ref().map(rows::key))?
        .cell(event.by.name.as_deref())?
        .cell(event.id.as_ref().map(ClientId::as_str))?
        .cell(event.fingerprint.map(u64::cast_signed))?
        .cell(rows::stored(event.guest_prev))?
        .cell(i64::from(event.kind.seen_by(Audience::Guest)))?
        .cell(rows::json(&event.kind)?)?;
    Ok(())
}

fn write_turn(sheet: &mut Sheet, conversation: ConversationId, turn: &Turn) {
    sheet
        .row()
        .bytes(Some(rows::key(&conversation.0)))
        .bytes(Some(rows::key(&turn.id.0)))
        .int(turn.opened_at.0)
        .int(i64::from(turn.restarts))
        .int(i64::from(turn.recoveries))
        .int(rows::stored(turn.after))
        .int(rows::stored(turn.through));
}

fn write_ended(sheet: &mut Sheet, turn: &EndedTurn) {
    sheet
        .row()
        .bytes(Some(rows::key(&turn.turn.0)))
        .bytes(Some(rows::key(&turn.conversation.0)))
        .int(i64::from(turn.episode))
        .int(rows::stored(turn.after))
        .int(rows::stored(turn.through))
        .word(Some(turn.outcome.code()))
        .text(turn.reason.as_deref())
        .int(i64::from(turn.carried))
        .int(turn.answer.map(rows::stored))
        .int(turn.opened_at.0)
        .int(turn.asked_at.map(|at| at.0))
        .int(turn.first_word_at.map(|at| at.0))
        .int(turn.ended_at.0)
        .int(i64::from(turn.restarts))
        .int(i64::from(turn.recoveries));
}
