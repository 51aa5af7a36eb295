//! The books of the model's calls.

use futures_util::future::BoxFuture;
use sqlx::{PgConnection, PgPool};

use frontdesk_actors::ports::ModelCall;
use frontdesk_domain::pool::Spent;
use frontdesk_domain::timestamp::Timestamp;

use super::fault::Fault;
use super::rows;

const ADD: &str = "
    INSERT INTO model_calls (turn, conversation, property, at, outcome, prompt_tokens, completion_tokens, estimated,
                             cost_micros, queued_ms, first_word_ms, whole_ms)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
                         $8::boolean[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])";

/// A sum of numbers is no number of the same size to PostgreSQL.
const SPENT: &str = "
    SELECT coalesce(sum(prompt_tokens + completion_tokens), 0)::bigint, coalesce(sum(cost_micros), 0)::bigint
      FROM model_calls WHERE at >= $1";

/// Adds calls.
pub(super) fn add(conn: &mut PgConnection, calls: Vec<ModelCall>) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        let each = || calls.iter();
        sqlx::query(ADD)
            .bind(each().map(|call| call.turn.0).collect::<Vec<_>>())
            .bind(each().map(|call| call.conversation.0).collect::<Vec<_>>())
            .bind(each().map(|call| call.property.0).collect::<Vec<_>>())
            .bind(each().map(|call| call.at.0).collect::<Vec<_>>())
            .bind(each().map(|call| rows::plain(&call.outcome)).collect::<Vec<_>>())
            .bind(each().map(|call| rows::stored(call.tokens.prompt)).collect::<Vec<_>>())
            .bind(each().map(|call| rows::stored(call.tokens.completion)).collect::<Vec<_>>())
            .bind(each().map(|call| call.estimated).collect::<Vec<_>>())
            .bind(each().map(|call| rows::stored(call.cost_micros)).collect::<Vec<_>>())
            .bind(each().map(|call| rows::millis(call.queued)).collect::<Vec<_>>())
            .bind(each().map(|call| call.first_word.map(rows::millis)).collect::<Vec<_>>())
            .bind(each().map(|call| rows::millis(call.whole)).collect::<Vec<_>>())
            .execute(conn)
            .await?;
        Ok(())
    })
}

/// What was spent since then.
pub(super) async fn spent(readers: &PgPool, since: Timestamp) -> Result<Spent, Fault> {
    let (tokens, micros): (i64, i64) = sqlx::query_as(SPENT).bind(since.0).fetch_one(readers).await?;
    Ok(Spent { tokens: u64::try_from(tokens).unwrap_or(0), micros: u64::try_from(micros).unwrap_or(0) })
}
