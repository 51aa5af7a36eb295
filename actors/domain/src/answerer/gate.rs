//! How sure is the best entry? A small logistic regression over features of question and entry.

use super::index::Index;
use super::lexicon::{ConceptId, Lexicon};
use super::query::Query;
use super::score::{Scored, concept_idf, related};

/// Number of features.
pub const FEATURES: usize = 14;

/// Names of the features, in their order.
pub const NAMES: [&str; FEATURES] = [
    "bias",
    "topic_share",
    "has_topic",
    "topic_in_title",
    "unknown_words",
    "missing_topics",
    "score",
    "margin",
    "extra_topics",
    "aspect_share",
    "missing_aspects",
    "word_share",
    "lacks_price_or_hours",
    "repaired",
];

/// Weights of the features.
///
/// Made with `cargo run --release -p frontdesk-domain --example evaluate -- train KB QUESTIONS...`:
/// gradient descent with L2 on development questions of 30 hotels, each question asked once as it
/// is and once with its right entries hidden.
pub const WEIGHTS: [f32; FEATURES] =
    [-1.46, 0.98, -1.11, 0.47, -0.38, -1.77, 3.82, 0.37, -1.41, -0.02, 0.12, 0.33, -2.57, 0.27];

/// From this probability on, the entry is the answer.
pub const ANSWER: f32 = 0.50;
/// From this probability on, the entry is offered as "did you mean".
pub const SUGGEST: f32 = 0.12;

/// Up to here, an entry that speaks of another thing of the same kind (a sauna, asked for a massage) lacks
/// what was asked for: it holds the wider concept only through its own narrower one.
const SIBLING: f32 = 0.35;

/// The features of the best entry.
pub fn features(index: &Index, lexicon: &Lexicon, query: &Query, ranked: &[Scored]) -> [f32; FEATURES] {
    let mut x = [0.0; FEATURES];
    let Some(&(top, score)) = ranked.first() else { return x };
    let Some(document) = index.documents.get(top) else { return x };
    let held = |id: ConceptId| -> f32 {
        let parent = lexicon.concept(id).and_then(|c| c.parent);
        let of = |id| document.concepts.get(&id).copied().unwrap_or(0.0);
        of(id).max(parent.map_or(0.0, |p| 0.6 * of(p)))
    };
    let total: f32 = query.topics.iter().map(|(id, w)| w * concept_idf(index, lexicon, *id)).sum();
    let found: f32 =
        query.topics.iter().map(|(id, w)| w * concept_idf(index, lexicon, *id) * held(*id)).sum();
    x[0] = 1.0;
    x[1] = if total > 0.0 { found / total } else { 0.0 };
    x[2] = if query.topics.is_empty() { 0.0 } else { 1.0 };
    let in_title = |id: &ConceptId| document.title_topics.contains(id);
    x[3] = if query.topics.iter().any(|(id, _)| in_title(id)) { 1.0 } else { 0.0 };
    let mut unknown = 0.0;
    let mut word_total = 0.0;
    let mut word_found = 0.0;
    for word in &query.words {
        let here = word.stems.iter().any(|s| index.term(s).iter().any(|(id, _)| *id == top));
        let rarity =
            word.stems.iter().map(|s| index.idf(index.term(s).len())).fold(f32::INFINITY, f32::min).min(6.0);
        word_total += rarity * word.weight;
        if here {
            word_found += rarity * word.weight;
        } else if !word.covered {
            unknown += 1.0;
        }
    }
    x[4] = f32::min(unknown, 4.0);
    #[allow(clippy::cast_precision_loss)]
    {
        x[5] = query.topics.iter().filter(|(id, w)| *w > 0.45 && held(*id) < SIBLING).count().min(3) as f32;
        let extra = document
            .title_topics
            .iter()
            .filter(|t| !query.topics.iter().any(|(q, _)| related(lexicon, *q, **t)))
            .count();
        x[8] = extra.min(3) as f32;
        let missing = query.aspects.iter().filter(|(id, _)| held(*id) == 0.0).count();
        x[10] = missing.min(3) as f32;
        x[9] = (query.aspects.len() - missing).min(2) as f32;
        x[13] = query.repaired.min(3) as f32;
    }
    // IDF grows with the number of entries: without this a large hotel would seem surer.
    #[allow(clippy::cast_precision_loss)]
    let scale = 2.2 * ((index.documents.len() + 2) as f32).ln();
    x[6] = (score / scale).clamp(0.0, 2.0);
    x[7] = margin(index, ranked, score);
    x[11] = if word_total > 0.0 { word_found / word_total } else { 0.0 };
    let telling = ["price", "hours"].map(|name| lexicon.id(name));
    let lacks = |id: &ConceptId| telling.contains(&Some(*id)) && held(*id) == 0.0;
    x[12] = if query.aspects.iter().any(|(id, _)| lacks(id)) { 1.0 } else { 0.0 };
    x
}

/// Lead over the best entry about something else; entries on the same topic are no rivals.
fn margin(index: &Index, ranked: &[Scored], score: f32) -> f32 {
    let topics = |id: usize| index.documents.get(id).map(|d| d.title_topics.as_slice());
    let Some(own) = ranked.first().and_then(|(id, _)| topics(*id)) else { return 0.0 };
    let rival = ranked.iter().skip(1).find(|(id, _)| {
        topics(*id).is_none_or(|other| own.is_empty() || !other.iter().any(|t| own.contains(t)))
    });
    let second = rival.map_or(0.0, |(_, s)| *s);
    ((score - second) / score.max(0.1)).clamp(0.0, 1.0)
}

/// The probability that the best entry answers the question.
pub fn probability(x: &[f32; FEATURES], weights: &[f32; FEATURES]) -> f32 {
    let z: f32 = x.iter().zip(weights).map(|(x, w)| x * w).sum();
    1.0 / (1.0 + (-z).exp())
}
