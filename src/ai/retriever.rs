//! A property's knowledge, searched by the domain's answerer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use frontdesk_domain::answerer::{self, Answerer, Decision as Decided, Lexicon, Reason, Urgency};
use frontdesk_domain::event::Citation;
use frontdesk_domain::ids::EntryId;

use super::knowledge::{Build, Decision, Reply, Retriever, Source};
use super::question::Question;
use crate::store::Entry;

/// What a hotel sets about its answers.
#[derive(Clone)]
pub struct Speech {
    /// The concepts, with the hotel's own.
    pub lexicon: Arc<Lexicon>,
    /// What guests are told to call in an emergency.
    pub emergency_number: String,
}

impl Default for Speech {
    fn default() -> Self {
        let lexicon = Arc::clone(Lexicon::shipped());
        Self { lexicon, emergency_number: answerer::EMERGENCY_NUMBER.to_owned() }
    }
}

/// The file in the data folder in which a hotel adds its own words; see `actors/domain/ANSWERS.md`.
pub const LEXICON_FILE: &str = "lexicon.txt";

/// The shipped lexicon, with what the file adds if there is one.
///
/// # Errors
/// The file cannot be read, or a line of it is wrong; the text names the line.
pub fn lexicon(file: &Path) -> Result<Arc<Lexicon>, String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Lexicon::shipped()
            .extended(&text)
            .map(Arc::new)
            .map_err(|error| format!("{}: {error}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Arc::clone(Lexicon::shipped())),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// Makes a property's entries searchable by the answerer.
pub fn build(speech: Speech) -> Build {
    Arc::new(move |entries| Arc::new(Searchable::new(entries, &speech)))
}

struct Searchable {
    answerer: Answerer,
    entries: HashMap<String, Entry>,
}

impl Searchable {
    fn new(entries: Vec<Entry>, speech: &Speech) -> Self {
        let indexed = entries.iter().map(|entry| answerer::Entry {
            id: entry.id.to_string(),
            title: entry.title.clone(),
            body: entry.body.clone(),
            aliases: entry.aliases.clone(),
            tags: entry.tags.clone(),
            locale: entry.locale.clone(),
        });
        let answerer = Answerer::with_lexicon(indexed.collect(), Arc::clone(&speech.lexicon))
            .with_emergency_number(&speech.emergency_number);
        let entries = entries.into_iter().map(|entry| (entry.id.to_string(), entry)).collect();
        Self { answerer, entries }
    }
}

impl Retriever for Searchable {
    fn reply(&self, question: &Question) -> Reply {
        let reply = self.answerer.reply(&asked(question));
        let citation = |citation: &answerer::Citation| {
            let id: EntryId = citation.id.parse().ok()?;
            Some(Citation { id, title: citation.title.clone() })
        };
        Reply {
            decision: decision(reply.decision),
            text: reply.text,
            citations: reply.citations.iter().filter_map(citation).collect(),
            suggestions: reply.suggestions.into_iter().map(|suggestion| suggestion.title).collect(),
            language: Some(reply.language.tag().to_owned()),
        }
    }

    fn top(&self, question: &Question, count: usize) -> Vec<Source> {
        let hits = self.answerer.retrieve(&asked(question), count);
        let source = |hit: answerer::Hit| {
            let entry = self.entries.get(&hit.id)?;
            Some(Source {
                entry: entry.id,
                title: entry.title.clone(),
                body: entry.body.clone(),
                score: hit.score,
            })
        };
        hits.into_iter().filter_map(source).collect()
    }
}

fn asked(question: &Question) -> answerer::Question<'_> {
    answerer::Question {
        text: &question.text,
        context: &question.context,
        hidden: &[],
        locale: question.locale.as_deref(),
    }
}

fn decision(decided: Decided) -> Decision {
    let people = |reason: &str, urgent| Decision::HandOver { reason: reason.to_owned(), urgent };
    match decided {
        Decided::Answer => Decision::Answer,
        Decided::SmallTalk => Decision::SmallTalk,
        Decided::Decline => Decision::Decline,
        Decided::Clarify => Decision::Suggest,
        Decided::HandOver(Reason::WantsHuman) => people("wants_human", false),
        Decided::HandOver(Reason::Problem) => people("problem", false),
        Decided::HandOver(Reason::Transaction) => people("transaction", false),
        Decided::HandOver(Reason::NotKnown) => people("not_known", false),
        Decided::Urgent(Urgency::Medical) => people("medical", true),
        Decided::Urgent(Urgency::Fire) => people("fire", true),
        Decided::Urgent(Urgency::Violence) => people("violence", true),
        Decided::Urgent(Urgency::SelfHarm) => people("self_harm", true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hotels_own_words_and_number() {
        let file = std::env::temp_dir().join(format!("frontdesk-lexicon-{}.txt", std::process::id()));
        assert!(lexicon(&file).is_ok(), "no file is no fault");
        std::fs::write(&file, "[falconry] topic\nen: falcon*\n").expect("written");
        let own = lexicon(&file).expect("valid");
        assert!(own.id("falconry").is_some());
        std::fs::write(&file, "[falconry topic\n").expect("written");
        assert!(lexicon(&file).expect_err("no bracket").contains("line 1"));
        std::fs::remove_file(&file).expect("removed");
        let base = build(Speech { lexicon: own, emergency_number: "999".to_owned() })(Vec::new());
        let reply =
            base.reply(&Question { text: "help, fire in the kitchen!".to_owned(), ..Question::default() });
        assert!(reply.text.contains("999"), "{}", reply.text);
        assert_eq!(reply.decision, Decision::HandOver { reason: "fire".to_owned(), urgent: true });
    }
}
