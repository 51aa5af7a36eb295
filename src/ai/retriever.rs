//! A property's knowledge, searched by the domain's answerer.

use std::collections::HashMap;
use std::sync::Arc;

use frontdesk_domain::answerer::{self, Answerer, Decision as Decided, Reason, Urgency};
use frontdesk_domain::event::Citation;
use frontdesk_domain::ids::EntryId;

use super::knowledge::{Build, Decision, Reply, Retriever, Source};
use super::question::Question;
use crate::store::Entry;

/// Makes a property's entries searchable by the answerer.
pub fn build() -> Build {
    Arc::new(|entries| Arc::new(Searchable::new(entries)))
}

struct Searchable {
    answerer: Answerer,
    entries: HashMap<String, Entry>,
}

impl Searchable {
    fn new(entries: Vec<Entry>) -> Self {
        let indexed = entries.iter().map(|entry| answerer::Entry {
            id: entry.id.to_string(),
            title: entry.title.clone(),
            body: entry.body.clone(),
            aliases: Vec::new(),
            tags: entry.tags.clone(),
            locale: entry.locale.clone(),
        });
        let answerer = Answerer::new(indexed.collect());
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
        Decided::Answer | Decided::Decline | Decided::SmallTalk => Decision::Answer,
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
