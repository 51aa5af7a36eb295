//! What a rehearsal reads of a database, while the server runs or not.

use secrecy::SecretString;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};

use crate::rehearse::Asked;
use crate::store::rehearsal::{Ended, Recorded, by_conversation};

use super::fault::Fault;
use super::{beside, knowledge, records, rows};

/// The property that has the most entries; a database has one mostly.
const PROPERTY: &str = "
    SELECT id FROM properties
     ORDER BY (SELECT count(*) FROM knowledge WHERE knowledge.property = properties.id) DESC LIMIT 1";

/// Turns that came to an end of their own, the newest first.
const TURNS: &str = "
    SELECT ended_turns.conversation, after_seq, through_seq, outcome, reason, answer_seq
      FROM ended_turns JOIN conversations ON conversations.id = ended_turns.conversation
     WHERE property = $1 AND NOT carried AND outcome NOT IN ('superseded', 'failed_to_human')
     ORDER BY ended_at DESC LIMIT $2";

/// A hotel's entries and the newest questions of its guests.
///
/// # Errors
/// The database cannot be read, or is of another version.
pub async fn recorded_from(url: &SecretString, turns: u32) -> Result<Recorded, StoreError> {
    let pool = beside::look(url).await.map_err(Fault::from)?;
    let found = recorded(&pool, turns).await;
    pool.close().await;
    Ok(found?)
}

async fn recorded(readers: &PgPool, turns: u32) -> Result<Recorded, Fault> {
    let property: Option<Uuid> = sqlx::query_scalar(PROPERTY).fetch_optional(readers).await?;
    let property = PropertyId(property.ok_or(Fault::NotFound)?);
    let entries = sqlx::query_as(knowledge::ALL).bind(property.0).fetch_all(readers).await?;
    let asked = asked(readers, property, turns).await?;
    Ok(Recorded { property, entries, asked })
}

/// The newest questions of a hotel's guests, the newest first.
pub(super) async fn asked(readers: &PgPool, property: PropertyId, turns: u32) -> Result<Vec<Asked>, Fault> {
    let found = sqlx::query(TURNS).bind(property.0).bind(i64::from(turns)).fetch_all(readers).await?;
    let turns = found.iter().map(ended).collect::<Result<Vec<_>, _>>()?;
    let mut asked: Vec<Option<Asked>> = turns.iter().map(|_| None).collect();
    for (conversation, turns) in by_conversation(&turns) {
        let events = records::events(readers, conversation).await?;
        for (place, turn) in turns {
            asked[place] = turn.question(&events);
        }
    }
    Ok(asked.into_iter().flatten().collect())
}

fn ended(row: &PgRow) -> Result<Ended, sqlx::Error> {
    let answer: Option<i64> = row.try_get("answer_seq")?;
    Ok(Ended {
        conversation: ConversationId(row.try_get("conversation")?),
        after: rows::seq_at(row, "after_seq")?,
        through: rows::seq_at(row, "through_seq")?,
        outcome: row.try_get("outcome")?,
        reason: row.try_get("reason")?,
        answer: answer.and_then(|seq| Seq::try_from(seq).ok()),
    })
}
