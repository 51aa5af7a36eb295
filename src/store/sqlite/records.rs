//! Records of the AI's turns, and a conversation as it happened.

use std::path::Path;

use async_trait::async_trait;
use sqlx::sqlite::{SqlitePoolOptions, SqliteRow};
use sqlx::{FromRow, Row, SqliteConnection, SqlitePool};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ConversationId, PropertyId, TurnId};

use crate::rehearse::Asked;
use crate::store::Records;
use crate::store::records::{BookedCall, RECORDS_KEPT, Replay, ReplayedTurn, TurnRecord};

use super::fault::Fault;
use super::{SqliteStore, open, rehearsal, rows};

const ADD: &str = "INSERT INTO turn_records (conversation, turn, at, record) VALUES (?1, ?2, ?3, ?4)";

const TRIM: &str = "
    DELETE FROM turn_records
     WHERE conversation = ?1
       AND id <= (SELECT id FROM turn_records WHERE conversation = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";

const EXISTS: &str = "SELECT count(*) FROM conversations WHERE id = ?1 AND (?2 IS NULL OR property = ?2)";

/// Those that the tables know, and those of the log that they do not know yet.
const EVENTS: &str = "
    SELECT seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body FROM (
        SELECT places.seq AS seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
          FROM places JOIN events USING (position) WHERE places.conversation = ?1
        UNION ALL
        SELECT seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
          FROM events
         WHERE position > (SELECT coalesce(max(value), 0) FROM meta WHERE key = 'folded') AND conversation = ?1)
     ORDER BY seq DESC LIMIT 2000";

const ENDED: &str = "
    SELECT turn, after_seq, through_seq, outcome, reason, carried, answer_seq, opened_at, asked_at, first_word_at,
           ended_at
      FROM ended_turns WHERE conversation = ?1 ORDER BY opened_at, ended_at LIMIT 2000";

const OPEN: &str = "SELECT turn, after_seq, through_seq, opened_at FROM turns WHERE conversation = ?1";

const RECORDS: &str = "SELECT record FROM turn_records WHERE conversation = ?1 ORDER BY id";

const CALLS: &str = "
    SELECT turn, at, outcome, prompt_tokens, completion_tokens, estimated, cost_micros, queued_ms, first_word_ms,
           whole_ms
      FROM model_calls WHERE conversation = ?1 ORDER BY at LIMIT 5000";

#[async_trait]
impl Records for SqliteStore {
    async fn add_records(&self, records: Vec<TurnRecord>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                for record in &records {
                    add(conn, record).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn recorded(&self, property: PropertyId, turns: u32) -> Result<Vec<Asked>, StoreError> {
        self.settle().await;
        Ok(rehearsal::asked(&self.readers, property, turns).await?)
    }

    async fn replay(
        &self,
        property: PropertyId,
        conversation: ConversationId,
    ) -> Result<Option<Replay>, StoreError> {
        self.settle().await;
        Ok(replay(&self.readers, Some(property), conversation).await?)
    }
}

async fn add(conn: &mut SqliteConnection, record: &TurnRecord) -> Result<(), Fault> {
    sqlx::query(ADD)
        .bind(rows::key(&record.conversation.0))
        .bind(rows::key(&record.turn.0))
        .bind(record.at.0)
        .bind(rows::json(record)?)
        .execute(&mut *conn)
        .await?;
    sqlx::query(TRIM)
        .bind(rows::key(&record.conversation.0))
        .bind(i64::from(RECORDS_KEPT))
        .execute(conn)
        .await?;
    Ok(())
}

/// A conversation of a database file, as it happened; the server may be running. `None` if there is none.
///
/// # Errors
/// The file cannot be read, or is of another version.
pub async fn replay_file(path: &Path, conversation: ConversationId) -> Result<Option<Replay>, StoreError> {
    let unreadable = |error: sqlx::Error| StoreError::Unavailable(error.to_string());
    let options = open::options(path).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(unreadable)?;
    let found = replay(&pool, None, conversation).await.map_err(|fault| unreadable(fault.into_sql()));
    pool.close().await;
    found
}

/// The newest events of a conversation, oldest first.
pub(super) async fn events(
    readers: &SqlitePool,
    conversation: ConversationId,
) -> Result<Vec<Event>, sqlx::Error> {
    let found = sqlx::query(EVENTS).bind(rows::key(&conversation.0)).fetch_all(readers).await?;
    found.iter().rev().map(|row| rows::event(conversation, row)).collect()
}

async fn replay(
    readers: &SqlitePool,
    property: Option<PropertyId>,
    conversation: ConversationId,
) -> Result<Option<Replay>, Fault> {
    let key = rows::key(&conversation.0);
    let exists: i64 = sqlx::query_scalar(EXISTS)
        .bind(key)
        .bind(property.as_ref().map(|property| rows::key(&property.0)))
        .fetch_one(readers)
        .await?;
    if exists == 0 {
        return Ok(None);
    }
    let events = events(readers, conversation).await?;
    let mut turns: Vec<ReplayedTurn> = sqlx::query_as(ENDED).bind(key).fetch_all(readers).await?;
    let found = sqlx::query(OPEN).bind(key).fetch_optional(readers).await?;
    turns.extend(found.as_ref().map(open_turn).transpose()?);
    let records: Vec<String> = sqlx::query_scalar(RECORDS).bind(key).fetch_all(readers).await?;
    let calls: Vec<BookedCall> = sqlx::query_as(CALLS).bind(key).fetch_all(readers).await?;
    Ok(Some(Replay::of(conversation, &events, turns, &records, &calls)))
}

fn open_turn(row: &SqliteRow) -> Result<ReplayedTurn, sqlx::Error> {
    Ok(ReplayedTurn {
        turn: TurnId(rows::id_at(row, "turn")?),
        after: rows::seq_at(row, "after_seq")?,
        through: rows::seq_at(row, "through_seq")?,
        outcome: None,
        reason: None,
        carried: false,
        answer: None,
        opened_at: rows::time_at(row, "opened_at")?,
        asked_at: None,
        first_word_at: None,
        ended_at: None,
        records: Vec::new(),
        calls: Vec::new(),
    })
}

impl FromRow<'_, SqliteRow> for ReplayedTurn {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let time = |column| -> Result<_, sqlx::Error> {
            Ok(row.try_get::<Option<i64>, _>(column)?.map(frontdesk_domain::timestamp::Timestamp))
        };
        let answer: Option<i64> = row.try_get("answer_seq")?;
        Ok(Self {
            outcome: row.try_get("outcome")?,
            reason: row.try_get("reason")?,
            carried: row.try_get("carried")?,
            answer: answer.and_then(|seq| u64::try_from(seq).ok()),
            asked_at: time("asked_at")?,
            first_word_at: time("first_word_at")?,
            ended_at: time("ended_at")?,
            ..open_turn(row)?
        })
    }
}

impl FromRow<'_, SqliteRow> for BookedCall {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let number = |column| -> Result<u64, sqlx::Error> {
            Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
        };
        let first_word: Option<i64> = row.try_get("first_word_ms")?;
        Ok(Self {
            turn: TurnId(rows::id_at(row, "turn")?),
            at: rows::time_at(row, "at")?,
            outcome: row.try_get("outcome")?,
            prompt_tokens: number("prompt_tokens")?,
            answer_tokens: number("completion_tokens")?,
            estimated: row.try_get("estimated")?,
            cost_micros: number("cost_micros")?,
            queued_ms: number("queued_ms")?,
            first_word_ms: first_word.and_then(|ms| u64::try_from(ms).ok()),
            whole_ms: number("whole_ms")?,
        })
    }
}
