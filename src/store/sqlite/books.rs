//! The books of the model's calls.

use futures_util::future::BoxFuture;
use sqlx::{SqliteConnection, SqlitePool};

use frontdesk_actors::ports::ModelCall;
use frontdesk_domain::pool::Spent;
use frontdesk_domain::timestamp::Timestamp;

use super::fault::Fault;
use super::rows;
use super::sheet::Sheet;

const ADD: &str = "
    INSERT INTO model_calls (turn, conversation, property, at, outcome, prompt_tokens, completion_tokens, estimated,
                             cost_micros, queued_ms, first_word_ms, whole_ms)
    SELECT substr(?2, value ->> 0, 16), substr(?2, value ->> 1, 16), substr(?2, value ->> 2, 16), value ->> 3,
           CAST(substr(?2, value ->> 4, value ->> 5) AS TEXT), value ->> 6, value ->> 7, value ->> 8, value ->> 9,
           value ->> 10, value ->> 11, value ->> 12
      FROM json_each(?1)";

const SPENT: &str = "
    SELECT coalesce(sum(prompt_tokens + completion_tokens), 0), coalesce(sum(cost_micros), 0)
      FROM model_calls WHERE at >= ?1";

/// Adds calls.
pub(super) fn add(conn: &mut SqliteConnection, calls: Vec<ModelCall>) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        let mut sheet = Sheet::default();
        for call in &calls {
            sheet
                .row()
                .bytes(Some(rows::key(&call.turn.0)))
                .bytes(Some(rows::key(&call.conversation.0)))
                .bytes(Some(rows::key(&call.property.0)))
                .int(call.at.0)
                .text(Some(&call.outcome))
                .int(rows::stored(call.tokens.prompt))
                .int(rows::stored(call.tokens.completion))
                .int(i64::from(call.estimated))
                .int(rows::stored(call.cost_micros))
                .int(rows::millis(call.queued))
                .int(call.first_word.map(rows::millis))
                .int(rows::millis(call.whole));
        }
        sheet.run(ADD, conn).await?;
        Ok(())
    })
}

/// What was spent since then.
pub(super) async fn spent(readers: &SqlitePool, since: Timestamp) -> Result<Spent, Fault> {
    let (tokens, micros): (i64, i64) = sqlx::query_as(SPENT).bind(since.0).fetch_one(readers).await?;
    Ok(Spent { tokens: u64::try_from(tokens).unwrap_or(0), micros: u64::try_from(micros).unwrap_or(0) })
}
