//! Records of the AI's turns, and a conversation as it happened.

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ConversationId, PropertyId, TurnId};
use frontdesk_domain::timestamp::Timestamp;

use crate::rehearse::Asked;
use crate::store::Records;
use crate::store::records::{BookedCall, RECORDS_KEPT, Replay, ReplayedTurn, TurnRecord};

use super::fault::Fault;
use super::{PostgresStore, beside, rehearsal, rows};

const ADD: &str = "INSERT INTO turn_records (conversation, turn, at, record) VALUES ($1, $2, $3, $4)";

const TRIM: &str = "
    DELETE FROM turn_records
     WHERE conversation = $1
       AND id <= (SELECT id FROM turn_records WHERE conversation = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";

const EXISTS: &str = "
    SELECT EXISTS (SELECT 1 FROM conversations WHERE id = $1 AND ($2::uuid IS NULL OR property = $2))";

const EVENTS: &str = "SELECT * FROM events WHERE conversation = $1 ORDER BY seq DESC LIMIT 2000";

const ENDED: &str =
    "SELECT * FROM ended_turns WHERE conversation = $1 ORDER BY opened_at, ended_at LIMIT 2000";

const OPEN: &str = "SELECT turn, after_seq, through_seq, opened_at FROM turns WHERE conversation = $1";

const RECORDS: &str = "SELECT record FROM turn_records WHERE conversation = $1 ORDER BY id";

const CALLS: &str = "SELECT * FROM model_calls WHERE conversation = $1 ORDER BY at LIMIT 5000";

#[async_trait]
impl Records for PostgresStore {
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
        Ok(rehearsal::asked(&self.readers, property, turns).await?)
    }

    async fn replay(
        &self,
        property: PropertyId,
        conversation: ConversationId,
    ) -> Result<Option<Replay>, StoreError> {
        Ok(replay(&self.readers, Some(property), conversation).await?)
    }
}

async fn add(conn: &mut PgConnection, record: &TurnRecord) -> Result<(), Fault> {
    sqlx::query(ADD)
        .bind(record.conversation.0)
        .bind(record.turn.0)
        .bind(record.at.0)
        .bind(rows::json(record)?)
        .execute(&mut *conn)
        .await?;
    sqlx::query(TRIM).bind(record.conversation.0).bind(i64::from(RECORDS_KEPT)).execute(conn).await?;
    Ok(())
}

/// A conversation of a database, as it happened; the server may be running. `None` if there is none.
///
/// # Errors
/// The database cannot be read, or is of another version.
pub async fn replay_from(
    url: &SecretString,
    conversation: ConversationId,
) -> Result<Option<Replay>, StoreError> {
    let pool = beside::look(url).await.map_err(Fault::from)?;
    let found = replay(&pool, None, conversation).await;
    pool.close().await;
    Ok(found?)
}

/// The newest events of a conversation, oldest first.
pub(super) async fn events(
    readers: &PgPool,
    conversation: ConversationId,
) -> Result<Vec<Event>, sqlx::Error> {
    let found = sqlx::query(EVENTS).bind(conversation.0).fetch_all(readers).await?;
    found.iter().rev().map(|row| rows::event(conversation, row)).collect()
}

async fn replay(
    readers: &PgPool,
    property: Option<PropertyId>,
    conversation: ConversationId,
) -> Result<Option<Replay>, Fault> {
    let id = conversation.0;
    let exists = sqlx::query_scalar(EXISTS).bind(id).bind(property.map(|property| property.0));
    if !exists.fetch_one(readers).await? {
        return Ok(None);
    }
    let events = events(readers, conversation).await?;
    let mut turns: Vec<ReplayedTurn> = sqlx::query_as(ENDED).bind(id).fetch_all(readers).await?;
    let found = sqlx::query(OPEN).bind(id).fetch_optional(readers).await?;
    turns.extend(found.as_ref().map(open_turn).transpose()?);
    let records: Vec<String> = sqlx::query_scalar(RECORDS).bind(id).fetch_all(readers).await?;
    let calls: Vec<BookedCall> = sqlx::query_as(CALLS).bind(id).fetch_all(readers).await?;
    Ok(Some(Replay::of(conversation, &events, turns, &records, &calls)))
}

fn open_turn(row: &PgRow) -> Result<ReplayedTurn, sqlx::Error> {
    Ok(ReplayedTurn {
        turn: TurnId(row.try_get("turn")?),
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

impl FromRow<'_, PgRow> for ReplayedTurn {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let time =
            |column| -> Result<_, sqlx::Error> { Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp)) };
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

impl FromRow<'_, PgRow> for BookedCall {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let first_word: Option<i64> = row.try_get("first_word_ms")?;
        Ok(Self {
            turn: TurnId(row.try_get("turn")?),
            at: rows::time_at(row, "at")?,
            outcome: row.try_get("outcome")?,
            prompt_tokens: rows::seq_at(row, "prompt_tokens")?,
            answer_tokens: rows::seq_at(row, "completion_tokens")?,
            estimated: row.try_get("estimated")?,
            cost_micros: rows::seq_at(row, "cost_micros")?,
            queued_ms: rows::seq_at(row, "queued_ms")?,
            first_word_ms: first_word.and_then(|ms| u64::try_from(ms).ok()),
            whole_ms: rows::seq_at(row, "whole_ms")?,
        })
    }
}
