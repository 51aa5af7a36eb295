//! Scoring entries against an understood question.

use super::index::{Document, Index};
use super::lexicon::{ConceptId, Kind, Lexicon};
use super::query::Query;

/// Weights of the ranking, found by hand on a development set of hotel questions.
pub mod weights {
    /// Factor of plain words.
    pub const WORD: f32 = 1.0;
    /// Factor of topics.
    pub const TOPIC: f32 = 2.2;
    /// Factor of aspects.
    pub const ASPECT: f32 = 0.9;
    /// A topic of the title that the question does not have.
    pub const EXTRA_TOPIC: f32 = 0.7;
    /// An aspect of the title that the question does not have.
    pub const EXTRA_ASPECT: f32 = 0.35;
    /// Lowest IDF of a topic: common topics still tell entries apart.
    pub const TOPIC_FLOOR: f32 = 1.0;
    /// Wider concept of a topic of the question.
    pub const PARENT: f32 = 0.5;
}

/// An entry with its score, by position.
pub type Scored = (usize, f32);

/// Whether a query topic means this concept, directly or through a parent or child.
pub fn related(lexicon: &Lexicon, a: ConceptId, b: ConceptId) -> bool {
    let parent = |id: ConceptId| lexicon.concept(id).and_then(|c| c.parent);
    a == b || parent(a) == Some(b) || parent(b) == Some(a)
}

/// The IDF of a concept, with a floor for topics.
pub fn concept_idf(index: &Index, lexicon: &Lexicon, id: ConceptId) -> f32 {
    let idf = index.idf(index.concept(id).len());
    match lexicon.kind(id) {
        Kind::Topic => idf.max(weights::TOPIC_FLOOR),
        _ => idf.max(0.5),
    }
}

/// Ranks entries, best first; at most `most`, hidden ones left out.
pub fn rank(
    index: &Index,
    lexicon: &Lexicon,
    query: &Query,
    hidden: &dyn Fn(usize) -> bool,
    most: usize,
) -> Vec<Scored> {
    let mut sums = Sums::new(index.documents.len());
    for word in &query.words {
        for stem in &word.stems {
            let postings = index.term(stem);
            let factor = index.idf(postings.len()) * word.weight * weights::WORD;
            sums.raise(postings, factor);
        }
        sums.settle();
    }
    for &(topic, weight) in &query.topics {
        let parent = lexicon.concept(topic).and_then(|c| c.parent);
        for (concept, share) in [(Some(topic), 1.0), (parent, weights::PARENT)] {
            let Some(concept) = concept else { continue };
            let factor = concept_idf(index, lexicon, concept) * weight * share * weights::TOPIC;
            sums.raise(index.concept(concept), factor);
        }
        sums.settle();
    }
    let wanted: Vec<(ConceptId, f32)> = query
        .aspects
        .iter()
        .map(|(id, weight)| (*id, weights::ASPECT * weight * concept_idf(index, lexicon, *id)))
        .collect();
    let mut ranked: Vec<Scored> = sums
        .touched
        .iter()
        .filter(|id| !hidden(**id))
        .filter_map(|&id| {
            let document = index.documents.get(id)?;
            Some((id, sums.total[id] + aspects(document, &wanted) - extras(document, query)))
        })
        .collect();
    ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(most);
    ranked
}

/// Sums for all entries. What belongs to one word or topic (several stems, a wider concept) counts
/// once, with its best value.
struct Sums {
    total: Vec<f32>,
    best: Vec<f32>,
    pending: Vec<usize>,
    touched: Vec<usize>,
    seen: Vec<bool>,
}

impl Sums {
    fn new(entries: usize) -> Sums {
        Sums {
            total: vec![0.0; entries],
            best: vec![0.0; entries],
            pending: Vec::new(),
            touched: Vec::new(),
            seen: vec![false; entries],
        }
    }

    fn raise(&mut self, postings: &[(usize, f32)], factor: f32) {
        for &(id, weight) in postings {
            if self.best[id] == 0.0 {
                self.pending.push(id);
            }
            self.best[id] = self.best[id].max(weight * factor);
        }
    }

    fn settle(&mut self) {
        for id in self.pending.drain(..) {
            self.total[id] += self.best[id];
            self.best[id] = 0.0;
            if !self.seen[id] {
                self.seen[id] = true;
                self.touched.push(id);
            }
        }
    }
}

/// Aspects only count for entries already found by word or topic.
fn aspects(document: &Document, wanted: &[(ConceptId, f32)]) -> f32 {
    wanted.iter().filter_map(|(id, value)| Some(value * document.concepts.get(id)?)).sum()
}

/// What the title speaks of and the question does not.
fn extras(document: &Document, query: &Query) -> f32 {
    let missing = |wanted: &[(ConceptId, f32)], held: &[ConceptId]| {
        held.iter().filter(|id| !wanted.iter().any(|(other, _)| other == *id)).count()
    };
    let topics = missing(&query.topics, &document.title_topics);
    let aspects = missing(&query.aspects, &document.title_aspects);
    #[allow(clippy::cast_precision_loss)]
    let penalty = topics as f32 * weights::EXTRA_TOPIC + aspects as f32 * weights::EXTRA_ASPECT;
    penalty
}
