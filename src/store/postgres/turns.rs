//! The rows of turns, open and over.

use std::collections::HashMap;

use sqlx::PgConnection;

use frontdesk_actors::ports::{Commit, TurnRow};
use frontdesk_domain::conversation::{EndedTurn, Turn};
use frontdesk_domain::ids::ConversationId;

use super::fault::Fault;
use super::rows;

const OPEN: &str = "
    INSERT INTO turns (conversation, turn, opened_at, restarts, recoveries, after_seq, through_seq)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                         $7::bigint[])
        ON CONFLICT (conversation) DO UPDATE
       SET turn = excluded.turn,
           opened_at = excluded.opened_at,
           restarts = excluded.restarts,
           recoveries = excluded.recoveries,
           after_seq = excluded.after_seq,
           through_seq = excluded.through_seq";

const CLOSE: &str = "DELETE FROM turns WHERE conversation = ANY($1)";

const KEEP_ENDED: &str = "
    INSERT INTO ended_turns (turn, conversation, episode, after_seq, through_seq, outcome, reason, carried,
                             answer_seq, opened_at, asked_at, first_word_at, ended_at, restarts, recoveries)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                         $8::boolean[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
                         $14::bigint[], $15::bigint[])";

/// Writes what becomes of the turns in these commits, within the caller's transaction.
///
/// # Errors
/// What the statements met with.
pub(super) async fn store(conn: &mut PgConnection, commits: &[&Commit]) -> Result<(), Fault> {
    let mut last: HashMap<ConversationId, &TurnRow> = HashMap::new();
    for commit in commits.iter().filter(|commit| !matches!(commit.turn, TurnRow::Keep)) {
        last.insert(commit.snapshot.id, &commit.turn);
    }
    let mut opened = Vec::new();
    let mut closed = Vec::new();
    for (id, row) in last {
        match row {
            TurnRow::Keep => {}
            TurnRow::Open(turn) => opened.push((id, turn)),
            TurnRow::Close => closed.push(id.0),
        }
    }
    if !opened.is_empty() {
        open(conn, &opened).await?;
    }
    if !closed.is_empty() {
        sqlx::query(CLOSE).bind(closed).execute(&mut *conn).await?;
    }
    let ended: Vec<_> = commits.iter().flat_map(|commit| &commit.ended).collect();
    if !ended.is_empty() {
        keep_ended(conn, &ended).await?;
    }
    Ok(())
}

async fn open(conn: &mut PgConnection, opened: &[(ConversationId, &Turn)]) -> Result<(), Fault> {
    let each = || opened.iter().map(|(_, turn)| *turn);
    sqlx::query(OPEN)
        .bind(opened.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.id.0).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.opened_at.0).collect::<Vec<_>>())
        .bind(each().map(|turn| i64::from(turn.restarts)).collect::<Vec<_>>())
        .bind(each().map(|turn| i64::from(turn.recoveries)).collect::<Vec<_>>())
        .bind(each().map(|turn| rows::stored(turn.after)).collect::<Vec<_>>())
        .bind(each().map(|turn| rows::stored(turn.through)).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

async fn keep_ended(conn: &mut PgConnection, ended: &[&EndedTurn]) -> Result<(), Fault> {
    let each = || ended.iter();
    sqlx::query(KEEP_ENDED)
        .bind(each().map(|turn| turn.turn.0).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.conversation.0).collect::<Vec<_>>())
        .bind(each().map(|turn| i64::from(turn.episode)).collect::<Vec<_>>())
        .bind(each().map(|turn| rows::stored(turn.after)).collect::<Vec<_>>())
        .bind(each().map(|turn| rows::stored(turn.through)).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.outcome.code()).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.reason.as_deref().map(rows::plain)).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.carried).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.answer.map(rows::stored)).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.opened_at.0).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.asked_at.map(|at| at.0)).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.first_word_at.map(|at| at.0)).collect::<Vec<_>>())
        .bind(each().map(|turn| turn.ended_at.0).collect::<Vec<_>>())
        .bind(each().map(|turn| i64::from(turn.restarts)).collect::<Vec<_>>())
        .bind(each().map(|turn| i64::from(turn.recoveries)).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}
