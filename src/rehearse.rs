//! Rehearsal: recorded questions are asked again, of a changed prompt, model or knowledge base, and what is answered
//! otherwise than before is shown. Nobody but the one who rehearses sees any of it.

use std::sync::Arc;

use anyhow::bail;
use frontdesk_actors::ports::{Line, Model, Piece, Prompt};
use frontdesk_domain::answerer;
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::ids::{ConversationId, EntryId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::Author;
use frontdesk_domain::timestamp::Timestamp;
use futures_util::StreamExt;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::Entry;

mod compare;

pub use compare::{Change, compare, table};

/// So many questions are asked at once.
const AT_ONCE: usize = 4;
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Asks all questions, and gives the answers in their order. `told` is called after each.
pub async fn ask(
    model: &Arc<dyn Model>,
    property: PropertyId,
    asked: &[Asked],
    told: impl Fn(usize),
) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(asked.len());
    let mut under_way =
        stream::iter(asked).map(|question| one(model.as_ref(), property, question)).buffered(AT_ONCE);
    while let Some(answer) = under_way.next().await {
        answers.push(answer);
        told(answers.len());
    }
    answers
}

async fn one(model: &dyn Model, property: PropertyId, asked: &Asked) -> Answer {
    let guest = Author::guest(GuestId(Uuid::nil()), None);
    let said = |text: &String| Line { by: guest.clone(), text: text.clone() };
    let mut lines = Vec::new();
    for before in &asked.context {
        lines.push(said(before));
        // The guest's earlier words were answered: only the last ones are open.
        lines.push(Line { by: Author::ai(), text: "…".to_owned() });
    }
    lines.push(said(&asked.text));
    let (conversation, turn) = (ConversationId(Uuid::nil()), TurnId(Uuid::now_v7()));
    let mut pieces = model.answer(Prompt { property, conversation, turn, lines, locale: None });
    let mut text = String::new();
    let (mut outcome, mut reason, mut sources) = ("failed", Some("interrupted".to_owned()), Vec::new());
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(Piece::Text(words)) => text.push_str(&words),
            Ok(Piece::End(TurnEnd::Said { citations, .. })) => {
                (outcome, reason) = ("said", None);
                sources = citations.into_iter().map(|citation| citation.title).collect();
            }
            Ok(Piece::End(TurnEnd::HandedOver { reason: why, .. })) => {
                (outcome, reason) = ("handed_over", Some(why));
            }
            Ok(Piece::End(TurnEnd::SmallTalk)) => (outcome, reason) = ("smalltalk", None),
            Ok(Piece::End(TurnEnd::Declined)) => (outcome, reason) = ("declined", None),
            Ok(Piece::End(TurnEnd::Requested { department, .. })) => {
                (outcome, reason) = ("request_created", Some(department));
            }
            Ok(Piece::End(TurnEnd::Failed { reason: why })) => (outcome, reason) = ("failed", Some(why)),
            Err(error) => (outcome, reason) = ("failed", Some(error.to_string())),
        }
    }
    let (id, question) = (asked.id.clone(), asked.text.clone());
    Answer { id, question, outcome: outcome.to_owned(), reason, text: text.trim().to_owned(), sources }
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
