//! Understanding a question: its words, concepts, spelling, context and parts.

use super::index::{Index, unspaced_pairs};
use super::language::{self, Detection, Language, LanguageSet};
use super::lexicon::{ConceptId, Kind, Lexicon};
use super::phrasebook::Memo;
use super::stem::stem;
use super::text;

/// Weight of what is taken over from the turn before.
const CONTEXT_WEIGHT: f32 = 0.5;
/// A repaired word counts a little less than one spelt right.
const REPAIRED_WEIGHT: f32 = 0.8;
/// A word already accounted for by a concept.
const COVERED_WEIGHT: f32 = 0.5;
/// A topic that is often only mentioned, beside another one.
const SOFT_WEIGHT: f32 = 0.35;
/// Tokens that are looked at.
const MOST_TOKENS: usize = 200;

/// A content word of the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its stem in each language of the index.
    pub stems: Vec<String>,
    /// How much it counts.
    pub weight: f32,
    /// Whether a concept accounts for it.
    pub covered: bool,
}

/// A question, understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Content words.
    pub words: Vec<Word>,
    /// Topics with their weight.
    pub topics: Vec<(ConceptId, f32)>,
    /// Aspects with their weight.
    pub aspects: Vec<(ConceptId, f32)>,
    /// All tokens, after spelling repair.
    pub tokens: Vec<String>,
    /// How many words were repaired.
    pub repaired: usize,
}

/// Reads questions against one index and lexicon.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The index whose words are known.
    pub index: &'a Index,
    /// The concepts.
    pub lexicon: &'a Lexicon,
}

impl Reader<'_> {
    /// Reads one question with the guest's earlier turns.
    pub fn read(&self, text: &str, context: &[String], detection: Detection) -> Query {
        let mut query = self.read_alone(text, detection);
        if let Some(before) = context.last().filter(|_| is_follow_up(&query)) {
            let earlier = self.read_alone(before, language::detect(before));
            lean(&mut query, earlier);
        }
        query
    }

    fn read_alone(&self, text: &str, detection: Detection) -> Query {
        let plausible = detection.plausible;
        let spoken = LanguageSet::NONE.with(detection.language.unwrap_or(Language::En));
        let mut tokens = text::tokens(text);
        tokens.truncate(MOST_TOKENS);
        let mut memo = Memo::default();
        let mut query = Query::default();
        let mut repaired = vec![false; tokens.len()];
        for (at, token) in tokens.iter_mut().enumerate() {
            let known = self.index.vocabulary.knows(token)
                || self.lexicon.vocabulary().knows(token)
                || language::is_stop_word(token, LanguageSet::ALL)
                || !self.lexicon.scan(std::slice::from_ref(token), LanguageSet::ALL, &mut memo).is_empty();
            if known {
                continue;
            }
            let near = nearer(self.index.vocabulary.nearest(token), self.lexicon.vocabulary().nearest(token));
            if let Some(near) = near {
                *token = near.to_owned();
                repaired[at] = true;
                query.repaired += 1;
            }
        }
        let mut covered = vec![false; tokens.len()];
        for found in self.lexicon.scan(&tokens, plausible, &mut memo) {
            let kind = self.lexicon.kind(found.label);
            if kind == Kind::Topic && language::are_stop_words(&tokens, &found.positions, spoken) {
                continue;
            }
            for &position in &found.positions {
                if let Some(slot) = covered.get_mut(position) {
                    *slot = true;
                }
            }
            let weight = if found.positions.iter().any(|&p| repaired.get(p) == Some(&true)) {
                REPAIRED_WEIGHT
            } else {
                1.0
            };
            let list = match kind {
                Kind::Topic => &mut query.topics,
                Kind::Aspect => &mut query.aspects,
                Kind::Generic => continue,
            };
            if !list.iter().any(|(id, _)| *id == found.label) {
                list.push((found.label, weight));
            }
        }
        self.soften(&mut query.topics);
        for (at, token) in tokens.iter().enumerate() {
            let number = token.chars().all(|c| c.is_ascii_digit());
            let lone = token.chars().all(text::is_unspaced);
            if number || lone || language::is_stop_word(token, plausible) {
                continue;
            }
            let mut stems: Vec<String> = self.index.languages.iter().map(|l| stem(token, *l)).collect();
            stems.sort();
            stems.dedup();
            let weight = if covered[at] { COVERED_WEIGHT } else { 1.0 };
            query.words.push(Word { stems, weight, covered: covered[at] });
        }
        for pair in unspaced_pairs(&tokens) {
            query.words.push(Word { stems: vec![pair], weight: 0.3, covered: true });
        }
        query.tokens = tokens;
        query
    }
}

impl Reader<'_> {
    /// Topics that are often only mentioned count little beside others.
    fn soften(&self, topics: &mut [(ConceptId, f32)]) {
        let soft = |id: ConceptId| self.lexicon.concept(id).is_some_and(|c| c.soft);
        if topics.iter().any(|(id, _)| !soft(*id)) {
            for (id, weight) in topics.iter_mut() {
                if soft(*id) {
                    *weight *= SOFT_WEIGHT;
                }
            }
        }
    }
}

/// The nearer of a hotel's word and a lexicon's word; the hotel's when equally near.
fn nearer<'a>(own: Option<(usize, &'a str)>, common: Option<(usize, &'a str)>) -> Option<&'a str> {
    match (own, common) {
        (Some((a, own)), Some((b, common))) => Some(if a <= b { own } else { common }),
        (own, common) => own.or(common).map(|(_, word)| word),
    }
}

/// Short turns without a topic of their own, and turns that begin like a continuation.
fn is_follow_up(query: &Query) -> bool {
    const OPENERS: &[&str] = &[
        "and",
        "what about",
        "how about",
        "also",
        "und",
        "et",
        "y",
        "e",
        "en",
        "oraz",
        "a co",
        "ve",
        "а",
        "и",
        "what if",
        "same",
        "was ist mit",
        "wie sieht es",
        "et pour",
        "qu en est",
        "wat met",
        "로",
        "그럼",
        "그리고",
        "や",
        "で は",
        "那",
        "还 有",
        "وماذا",
        "ماذا عن",
    ];
    let joined = format!("{} ", query.tokens.join(" "));
    let opens = OPENERS.iter().any(|opener| joined.starts_with(&format!("{opener} ")));
    let content = query.words.iter().filter(|w| !w.covered).count();
    opens || (query.topics.is_empty() && content < 3 && query.tokens.len() <= 8)
}

/// Takes over from the earlier turn what this one leaves open, at half weight.
fn lean(query: &mut Query, earlier: Query) {
    let own_topic = !query.topics.is_empty();
    if !own_topic {
        query.topics = earlier.topics.into_iter().map(|(id, w)| (id, w * CONTEXT_WEIGHT)).collect();
        query.words.extend(earlier.words.into_iter().map(|mut word| {
            word.weight *= CONTEXT_WEIGHT;
            word.covered = true;
            word
        }));
    }
    if query.aspects.is_empty() {
        query.aspects = earlier.aspects.into_iter().map(|(id, w)| (id, w * CONTEXT_WEIGHT)).collect();
    }
}
