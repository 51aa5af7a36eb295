//! What a rehearsal reads of a database file, while the server runs or not.

use std::collections::HashMap;
use std::path::Path;

use sqlx::sqlite::{SqlitePoolOptions, SqliteRow};
use sqlx::{Row, SqlitePool};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::{Event, EventKind};
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};
use frontdesk_domain::people::AuthorKind;

use crate::rehearse::{Answer, Asked};
use crate::store::Entry;

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

/// The context of a question: how many of the guest's earlier messages.
const CONTEXT: usize = 2;

/// A hotel's entries, and the newest questions that its guests asked, with what was answered.
pub struct Recorded {
    /// The hotel.
    pub property: PropertyId,
    /// What the AI answers from.
    pub entries: Vec<Entry>,
    /// The questions, the newest first.
    pub asked: Vec<Asked>,
}

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
    let mut of_each: HashMap<ConversationId, Vec<usize>> = HashMap::new();
    for (place, row) in found.iter().enumerate() {
        of_each.entry(ConversationId(rows::id_at(row, "conversation")?)).or_default().push(place);
    }
    let mut asked: Vec<Option<Asked>> = found.iter().map(|_| None).collect();
    // One conversation after the other: no more than one is held in memory.
    for (conversation, places) in of_each {
        let events = records::events(readers, conversation).await?;
        for place in places {
            asked[place] = question(&found[place], conversation, &events);
        }
    }
    Ok(asked.into_iter().flatten().collect())
}

/// The question of a turn. `None` if its words are no longer there.
fn question(row: &SqliteRow, conversation: ConversationId, events: &[Event]) -> Option<Asked> {
    let (after, through) = (rows::seq_at(row, "after_seq").ok()?, rows::seq_at(row, "through_seq").ok()?);
    let said = |event: &Event| match &event.kind {
        EventKind::Message(message) if event.by.kind == AuthorKind::Guest => {
            Some((event.seq, message.text.clone()))
        }
        _ => None,
    };
    let words: Vec<(Seq, String)> =
        events.iter().filter_map(said).filter(|(seq, _)| *seq <= through).collect();
    let (before, open) = words.split_at(words.partition_point(|(seq, _)| *seq <= after));
    let text = open.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    if text.trim().is_empty() {
        return None;
    }
    let skip = before.len().saturating_sub(CONTEXT);
    let context = before.iter().skip(skip).map(|(_, text)| text.clone()).collect();
    let id = format!("{conversation}:{through}");
    let outcome: String = row.try_get("outcome").ok()?;
    let answer: Option<i64> = row.try_get("answer_seq").ok()?;
    let answer = answer.and_then(|seq| events.iter().find(|event| i64::try_from(event.seq) == Ok(seq)));
    let (words, sources) = match answer.map(|event| &event.kind) {
        Some(EventKind::Message(message)) => {
            (message.text.clone(), message.citations.iter().map(|cited| cited.title.clone()).collect())
        }
        _ => (String::new(), Vec::new()),
    };
    let before = Answer {
        id: id.clone(),
        question: text.clone(),
        // A question back is an answer with chips, and is told apart in the log alone.
        outcome: if matches!(outcome.as_str(), "answered" | "clarified") {
            "said".to_owned()
        } else {
            outcome
        },
        reason: row.try_get("reason").ok()?,
        text: words.trim().to_owned(),
        sources,
    };
    Some(Asked { id, text, context, before: Some(before) })
}
