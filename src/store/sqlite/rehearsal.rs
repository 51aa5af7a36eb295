//! What a rehearsal reads of a database file, while the server runs or not.

use std::path::Path;

use sqlx::sqlite::{SqlitePoolOptions, SqliteRow};
use sqlx::{Row, SqlitePool};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};

use crate::rehearse::Asked;
use crate::store::rehearsal::{Ended, Recorded, by_conversation};

use super::fault::Fault;
use super::{open, records, rows};

/// The property that has the most entries; a file has one mostly.
const PROPERTY: &str = "
    SELECT id FROM properties
     ORDER BY (SELECT count(*) FROM knowledge WHERE knowledge.property = properties.id) DESC LIMIT 1";

const ENTRIES: &str = "SELECT * FROM knowledge WHERE property = ?1 ORDER BY title COLLATE NOCASE, id";

/// Turns that came to an end of their own, the newest first.
const TURNS: &str = "
    SELECT ended_turns.conversation, after_seq, through_seq, outcome, reason, answer_seq
      FROM ended_turns JOIN conversations ON conversations.id = ended_turns.conversation
     WHERE property = ?1 AND NOT carried AND outcome NOT IN ('superseded', 'failed_to_human')
     ORDER BY ended_at DESC LIMIT ?2";

/// Reads the file.
///
/// # Errors
/// It cannot be read, or is of another version.
pub async fn recorded_file(path: &Path, turns: u32) -> Result<Recorded, StoreError> {
    let unreadable = |fault: Fault| StoreError::Unavailable(fault.into_sql().to_string());
    let options = open::options(path).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
    let pool = pool.map_err(|error| unreadable(error.into()))?;
    let found = recorded(&pool, turns).await.map_err(unreadable);
    pool.close().await;
    found
}

async fn recorded(readers: &SqlitePool, turns: u32) -> Result<Recorded, Fault> {
    let row = sqlx::query(PROPERTY).fetch_optional(readers).await?.ok_or(Fault::NotFound)?;
    let property = PropertyId(rows::id_at(&row, "id")?);
    let entries = sqlx::query_as(ENTRIES).bind(rows::key(&property.0)).fetch_all(readers).await?;
    let asked = asked(readers, property, turns).await?;
    Ok(Recorded { property, entries, asked })
}

/// The newest questions of a hotel's guests, the newest first.
pub(super) async fn asked(
    readers: &SqlitePool,
    property: PropertyId,
    turns: u32,
) -> Result<Vec<Asked>, Fault> {
    let found = sqlx::query(TURNS).bind(rows::key(&property.0)).bind(turns).fetch_all(readers).await?;
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

fn ended(row: &SqliteRow) -> Result<Ended, sqlx::Error> {
    let answer: Option<i64> = row.try_get("answer_seq")?;
    Ok(Ended {
        conversation: ConversationId(rows::id_at(row, "conversation")?),
        after: rows::seq_at(row, "after_seq")?,
        through: rows::seq_at(row, "through_seq")?,
        outcome: row.try_get("outcome")?,
        reason: row.try_get("reason")?,
        answer: answer.and_then(|seq| Seq::try_from(seq).ok()),
    })
}
