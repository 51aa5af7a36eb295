//! The embedded answerer: answers guests from the hotel's knowledge without a model.
//!
//! A message passes the [router](route()) first; what is a question is looked up in an in-memory
//! index of the property's entries ([`Answerer::retrieve`]), and a calibrated gate decides whether
//! the best entry is the answer, a suggestion, or nothing, so that a person takes over. Answers
//! are entries verbatim between short sentences in the guest's language. Pure: no clock, no
//! randomness, no I/O; the same question always gets the same reply.

mod cues;
mod evaluate;
mod fuzzy;
mod gate;
mod hash;
mod index;
mod interrupt;
mod language;
mod lexicon;
mod model;
mod openings;
mod parts;
mod pattern;
mod phrasebook;
mod query;
mod reply;
mod route;
mod score;
mod sections;
mod stem;
mod templates;
mod text;
mod topics;

use std::collections::HashSet;
use std::sync::Arc;

pub use evaluate::{
    EvaluateError, Hotel, QuestionLine, Turn, evaluate, find_hotel, plain, read_entries, read_knowledge,
    read_questions,
};
pub use gate::{ANSWER, FEATURES, NAMES, SUGGEST, WEIGHTS};
pub use interrupt::{Interruption, ends_with_question, interruption};
pub use language::{Detection, Language, detect};
pub use lexicon::Lexicon;
pub use model::{Citation, Decision, Entry, Hit, Question, Reason, Reply};
pub use route::{Route, SmallTalk, Urgency, explain, route};
pub use sections::SectionError;
pub use templates::{Template, emergency, link_code};
pub use text::fold;
pub use topics::Topics;

use index::Index;
use query::{Query, Reader};
use score::Scored;

/// Most entries that are ranked for one question.
const MOST_RANKED: usize = 50;
/// How probable the answer of each part must be for a message to be split.
const PART: f32 = 0.3;

/// The index of one property's knowledge. Rebuild it when an entry changes: 2,000 entries take
/// well under 200 ms.
#[derive(Debug, Clone)]
pub struct Answerer {
    entries: Vec<Entry>,
    index: Index,
    lexicon: Arc<Lexicon>,
    emergency_number: String,
}

/// The emergency number named unless the hotel's settings give another one: valid in the EU and from
/// mobile phones in most countries.
pub const EMERGENCY_NUMBER: &str = "112";

/// What was found for one part of a question.
#[derive(Debug, Clone)]
struct Finding {
    query: Query,
    ranked: Vec<Scored>,
    probability: f32,
}

impl Answerer {
    /// Builds the index over a property's entries, with the shipped lexicon.
    pub fn new(entries: Vec<Entry>) -> Answerer {
        Answerer::with_lexicon(entries, Arc::clone(Lexicon::shipped()))
    }

    /// The same with a lexicon that the hotel extended ([`Lexicon::extended`]).
    pub fn with_lexicon(entries: Vec<Entry>, lexicon: Arc<Lexicon>) -> Answerer {
        let index = Index::build(&entries, &lexicon);
        Answerer { entries, index, lexicon, emergency_number: EMERGENCY_NUMBER.to_owned() }
    }

    /// Names this number in an emergency.
    #[must_use]
    pub fn with_emergency_number(mut self, number: &str) -> Answerer {
        number.clone_into(&mut self.emergency_number);
        self
    }

    /// The `k` best entries for a question, best first. The router is not asked.
    pub fn retrieve(&self, question: &Question<'_>, k: usize) -> Vec<Hit> {
        let findings = self.findings(question);
        self.hits(&merge(&findings), k)
    }

    /// The features by which the gate judges the best entry; see [`NAMES`].
    pub fn features(&self, question: &Question<'_>) -> [f32; FEATURES] {
        let finding = self.whole(question);
        gate::features(&self.index, &self.lexicon, &finding.query, &finding.ranked)
    }

    /// Answers a question, or says who should.
    pub fn reply(&self, question: &Question<'_>) -> Reply {
        reply::compose(self, question)
    }

    fn whole(&self, question: &Question<'_>) -> Finding {
        self.find(question, question.text, question.context)
    }

    /// One finding for each part that is a question of its own, or one for the whole.
    fn findings(&self, question: &Question<'_>) -> Vec<Finding> {
        let whole = self.whole(question);
        let parts = parts::split(question.text);
        if parts.len() < 2 || parts.len() > 6 || whole.query.topics.len() < 2 {
            return vec![whole];
        }
        let mut separate: Vec<Finding> = Vec::new();
        for part in &parts {
            let mut finding = self.find(question, part, &[]);
            if finding.query.topics.is_empty() {
                continue;
            }
            if finding.query.aspects.is_empty() {
                // "We come with a dog and a car. What do both cost?"
                finding = self.find_query(question, {
                    let mut query = finding.query;
                    query.aspects.clone_from(&whole.query.aspects);
                    query
                });
            }
            let best = finding.ranked.first().map(|(id, _)| *id);
            let known = separate.iter().any(|f| f.ranked.first().map(|(id, _)| *id) == best);
            if best.is_some() && !known {
                separate.push(finding);
            }
        }
        let all_sure = separate.len() >= 2 && separate.iter().all(|f| f.probability >= PART);
        if all_sure { separate } else { vec![whole] }
    }

    fn find(&self, question: &Question<'_>, text: &str, context: &[String]) -> Finding {
        let reader = Reader { index: &self.index, lexicon: &self.lexicon };
        self.find_query(question, reader.read(text, context, detect(text)))
    }

    fn find_query(&self, question: &Question<'_>, query: Query) -> Finding {
        let hidden: HashSet<&str> = question.hidden.iter().map(String::as_str).collect();
        let is_hidden = |id: usize| self.entries.get(id).is_none_or(|e| hidden.contains(e.id.as_str()));
        let ranked = score::rank(&self.index, &self.lexicon, &query, &is_hidden, MOST_RANKED);
        let features = gate::features(&self.index, &self.lexicon, &query, &ranked);
        let probability = if ranked.is_empty() { 0.0 } else { gate::probability(&features, &WEIGHTS) };
        Finding { query, ranked, probability }
    }

    fn hits(&self, ranked: &[Scored], k: usize) -> Vec<Hit> {
        ranked
            .iter()
            .take(k)
            .filter_map(|(id, score)| Some(Hit { id: self.entries.get(*id)?.id.clone(), score: *score }))
            .collect()
    }

    fn citation(&self, id: usize) -> Option<Citation> {
        let entry = self.entries.get(id)?;
        Some(Citation { id: entry.id.clone(), title: entry.title.clone() })
    }

    /// Whether the question repeats the wording of an entry word by word.
    fn repeats_wording(&self, finding: &Finding) -> bool {
        let best = finding.ranked.first().and_then(|(id, _)| self.index.documents.get(*id));
        best.is_some_and(|d| d.wordings.contains(&finding.query.tokens))
    }
}

/// The best entry of every part first, then the others by their score.
fn merge(findings: &[Finding]) -> Vec<Scored> {
    let mut merged: Vec<Scored> = Vec::new();
    let firsts = findings.iter().filter_map(|f| f.ranked.first());
    let mut rest: Vec<&Scored> = findings.iter().flat_map(|f| f.ranked.iter().skip(1)).collect();
    rest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for candidate in firsts.chain(rest) {
        if !merged.iter().any(|(id, _)| *id == candidate.0) {
            merged.push(*candidate);
        }
    }
    merged
}
