//! `SimpleRetriever`: plain word overlap. It is for tests and for nothing else; guests deserve better.

use std::collections::HashSet;
use std::sync::Arc;

use frontdesk_domain::event::Citation;

use super::knowledge::{Build, Decision, Reply, Retriever, Source};
use super::question::Question;
use crate::store::Entry;

/// Entries, each with its words.
pub struct SimpleRetriever {
    entries: Vec<(Entry, HashSet<String>)>,
}

impl SimpleRetriever {
    /// Makes entries searchable.
    pub fn new(entries: Vec<Entry>) -> Self {
        let index = |entry: Entry| {
            let words = words(&format!("{} {} {}", entry.title, entry.body, entry.tags.join(" ")));
            (entry, words)
        };
        Self { entries: entries.into_iter().map(index).collect() }
    }
}

/// The simple retriever, as [`super::knowledge::KnowledgeBases`] takes it.
pub fn build() -> Build {
    Arc::new(|entries| Arc::new(SimpleRetriever::new(entries)))
}

impl Retriever for SimpleRetriever {
    fn reply(&self, question: &Question) -> Reply {
        let best = self.top(question, 1).into_iter().next().filter(|source| source.score >= 0.3);
        let language = question.locale.clone();
        match best {
            Some(source) => Reply {
                decision: Decision::Answer,
                citations: vec![Citation { id: source.entry, title: source.title }],
                text: source.body,
                suggestions: Vec::new(),
                language,
            },
            None => Reply {
                decision: Decision::HandOver { reason: "unsure".to_owned(), urgent: false },
                text: String::new(),
                citations: Vec::new(),
                suggestions: Vec::new(),
                language,
            },
        }
    }

    fn top(&self, question: &Question, count: usize) -> Vec<Source> {
        let asked = words(&question.text);
        let mut sources: Vec<Source> = self
            .entries
            .iter()
            .map(|(entry, words)| Source {
                entry: entry.id,
                title: entry.title.clone(),
                body: entry.body.clone(),
                score: share(asked.intersection(words).count(), asked.len()),
            })
            .filter(|source| source.score > 0.0)
            .collect();
        sources.sort_by(|a, b| b.score.total_cmp(&a.score));
        sources.truncate(count);
        sources
    }
}

fn share(part: usize, whole: usize) -> f32 {
    let small = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    if whole == 0 { 0.0 } else { small(part) / small(whole) }
}

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    words
        .map(str::to_lowercase)
        .filter(|word| !["the", "and", "what", "are", "you"].contains(&word.as_str()))
        .collect()
}
