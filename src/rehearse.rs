//! Rehearsal: recorded questions are asked again, of a changed prompt, model or knowledge base, and what is answered
//! otherwise than before is shown. Nobody but the one who rehearses sees any of it.
//!
//! One engine ([`Responder`], [`change`]) behind two doors: `frontdesk rehearse`, and the server's own
//! ([`Rehearsals`]), where the calls of a model go through the pool behind the guests.

use anyhow::bail;
use frontdesk_domain::answerer;
use frontdesk_domain::ids::{EntryId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::Entry;

mod compare;
mod rehearsals;
mod responder;

pub use compare::{Change, change, compare, table};
pub use rehearsals::{Against, Ended, News, Place, Plan, Rehearsals};
pub use responder::Responder;

/// The most questions of one rehearsal.
pub const QUESTIONS_MAX: usize = 10_000;

/// A question that was asked once.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Names it.
    pub id: String,
    /// The guest's words.
    pub text: String,
    /// The guest's words before them, oldest first.
    pub context: Vec<String>,
    /// What was answered then, where that is known.
    pub before: Option<Answer>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RehearsedAnswer)]
pub struct Answer {
    /// The question.
    pub id: String,
    /// Its words.
    pub question: String,
    /// `said`, `smalltalk`, `declined`, `request_created`, `handed_over` or `failed`.
    pub outcome: String,
    /// Why, where there is a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The words.
    pub text: String,
    /// Titles of the entries that it rests on.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// A rehearsal, as it is saved to be compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// Who answered.
    pub by: String,
    /// What.
    pub answers: Vec<Answer>,
}

/// The questions of a file, one JSON object a line, as `frontdesk evaluate` takes them.
///
/// # Errors
/// A line that is none, by its number; or too many.
pub fn questions(text: &str) -> Result<Vec<Asked>, anyhow::Error> {
    let lines = answerer::read_questions(text)?;
    if lines.len() > QUESTIONS_MAX {
        bail!("question file: more than {QUESTIONS_MAX} questions");
    }
    let asked = lines.into_iter().map(|(_, line)| Asked {
        id: answerer::plain(&line.id),
        context: line.guest_turns(),
        text: line.text,
        before: None,
    });
    Ok(asked.collect())
}

/// The entries of a file with one hotel, as `frontdesk evaluate` takes them.
///
/// # Errors
/// It is none, or holds several hotels.
pub fn knowledge(text: &str, property: PropertyId) -> Result<Vec<Entry>, anyhow::Error> {
    let hotels = answerer::read_entries(text)?;
    if hotels.len() > 1 {
        bail!("knowledge file: {} hotels; a rehearsal is for one", hotels.len());
    }
    let entry = |(nth, entry): (u128, answerer::Entry)| Entry {
        id: EntryId(Uuid::from_u128(nth)),
        property,
        title: entry.title,
        body: entry.body,
        locale: entry.locale,
        tags: entry.tags,
        aliases: entry.aliases,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    };
    Ok((1..).zip(hotels.into_values().flatten()).map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_faults_named() {
        let asked = questions(
            "{\"id\":1,\"text\":\"Pool?\"}\n\n{\"id\":\"b\",\"text\":\"And on Sunday?\",\"context\":[\"Is the pool \
             open?\",{\"from\":\"staff\",\"text\":\"Yes.\"}]}",
        )
        .expect("questions");
        assert_eq!((asked[0].id.as_str(), asked[1].id.as_str()), ("1", "b"));
        assert_eq!(asked[1].context, ["Is the pool open?"]);
        let wrong = questions("{\"id\":1,\"text\":\"Pool?\"}\n{\"id\":2}").expect_err("no text");
        assert!(wrong.to_string().contains("line 2"), "{wrong}");
        let property = PropertyId(Uuid::nil());
        for file in [
            "[{\"id\":1,\"question\":\"Pool?\",\"answer\":\"Yes.\"}]",
            "{\"language\":\"en\",\"entries\":[{\"q\":\"Pool?\",\"a\":\"Yes.\"}]}",
        ] {
            let entries = knowledge(file, property).expect("entries");
            assert_eq!(
                (entries.len(), entries[0].title.as_str(), entries[0].body.as_str()),
                (1, "Pool?", "Yes.")
            );
        }
        let two = "{\"A\":{\"entries\":[]},\"B\":{\"entries\":[]}}";
        let wrong = knowledge(two, property).expect_err("two hotels");
        assert!(wrong.to_string().contains("2 hotels"), "{wrong}");
        assert!(knowledge("{\"entries\":[{}]}", property).is_err());
        assert!(knowledge("[1]", property).is_err());
    }
}
