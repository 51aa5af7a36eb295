//! The inverted index of one property's entries: words by BM25F fields, and concepts.

use std::collections::HashMap;

use super::fuzzy::Vocabulary;
use super::language::{self, Language, LanguageSet};
use super::lexicon::{ConceptId, Kind, Lexicon};
use super::model::Entry;
use super::phrasebook::Memo;
use super::stem::stem;
use super::text;

/// Field weights of BM25F. Title and aliases are equally telling; the body mentions much in passing.
const TITLE: f32 = 1.0;
const TAGS: f32 = 0.7;
const BODY: f32 = 0.4;
/// BM25 saturation and length normalisation.
const K1: f32 = 1.2;
const B: f32 = 0.5;
/// Tokens of a body that are indexed.
const BODY_TOKENS: usize = 400;

/// Stems already found, by language and word: stemming is the dearest step of building.
type Stems = HashMap<Language, HashMap<String, String>>;

/// What the index knows about one entry.
#[derive(Debug, Clone)]
pub struct Document {
    /// Language of title and body.
    pub language: Language,
    /// Concepts with their weight: 1 in title, alias or tag, less in the body.
    pub concepts: HashMap<ConceptId, f32>,
    /// Topics of the title alone: what the entry is about.
    pub title_topics: Vec<ConceptId>,
    /// Aspects of the title.
    pub title_aspects: Vec<ConceptId>,
    /// Folded wordings (title and aliases), to recognise an exact repetition.
    pub wordings: Vec<Vec<String>>,
}

/// Words and concepts of all entries.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// One for each entry, in their order.
    pub documents: Vec<Document>,
    postings: HashMap<String, Vec<(usize, f32)>>,
    concepts: HashMap<ConceptId, Vec<(usize, f32)>>,
    /// Words of titles, aliases and tags: with the lexicon's, what misspelt words are repaired to.
    pub vocabulary: Vocabulary,
    /// Languages of the entries.
    pub languages: Vec<Language>,
}

impl Index {
    /// Builds the index; 2,000 entries take well under 200 ms.
    pub fn build(entries: &[Entry], lexicon: &Lexicon) -> Index {
        let mut index = Index::default();
        let mut memo = Memo::default();
        let mut raw: Vec<HashMap<String, f32>> = Vec::with_capacity(entries.len());
        let mut stems = Stems::default();
        for entry in entries {
            let (document, terms) = index.read(entry, lexicon, &mut memo, &mut stems);
            if !index.languages.contains(&document.language) {
                index.languages.push(document.language);
            }
            index.documents.push(document);
            raw.push(terms);
        }
        #[allow(clippy::cast_precision_loss)]
        let average = raw.iter().map(|t| t.values().sum::<f32>()).sum::<f32>() / raw.len().max(1) as f32;
        for (id, terms) in raw.into_iter().enumerate() {
            let norm = 1.0 - B + B * terms.values().sum::<f32>() / average.max(1e-3);
            for (term, tf) in terms {
                let weight = tf * (K1 + 1.0) / (tf + K1 * norm);
                index.postings.entry(term).or_default().push((id, weight));
            }
        }
        for (id, document) in index.documents.iter().enumerate() {
            for (&concept, &weight) in &document.concepts {
                index.concepts.entry(concept).or_default().push((id, weight));
            }
        }
        index
    }

    fn read(
        &mut self,
        entry: &Entry,
        lexicon: &Lexicon,
        memo: &mut Memo,
        stems: &mut Stems,
    ) -> (Document, HashMap<String, f32>) {
        let language = entry
            .locale
            .as_deref()
            .and_then(Language::from_tag)
            .or_else(|| language::detect(&format!("{} {}", entry.title, entry.body)).language)
            .unwrap_or(Language::En);
        let plausible = LanguageSet::NONE.with(Language::En).with(language);
        let mut document = Document {
            language,
            concepts: HashMap::new(),
            title_topics: Vec::new(),
            title_aspects: Vec::new(),
            wordings: Vec::new(),
        };
        let mut terms: HashMap<String, f32> = HashMap::new();
        let wordings = std::iter::once(&entry.title).chain(&entry.aliases);
        let fields = wordings
            .map(|text| (text, TITLE, true))
            .chain(entry.tags.iter().map(|text| (text, TAGS, false)))
            .chain(std::iter::once((&entry.body, BODY, false)));
        for (field, (source, weight, is_wording)) in fields.enumerate() {
            let mut tokens = text::tokens(source);
            tokens.truncate(BODY_TOKENS);
            for found in lexicon.scan(&tokens, plausible, memo) {
                document.note(found.label, weight, lexicon, field == 0);
            }
            if weight == BODY {
                document.note_amounts(source, &tokens, lexicon);
            }
            for token in &tokens {
                if weight > BODY {
                    self.vocabulary.add(token);
                }
                if language::is_stop_word(token, plausible) {
                    continue;
                }
                let known = stems.entry(language).or_default();
                let stem = match known.get(token) {
                    Some(stem) => stem.clone(),
                    None => {
                        let stem = stem(token, language);
                        known.insert(token.clone(), stem.clone());
                        stem
                    }
                };
                *terms.entry(stem).or_default() += weight;
            }
            for pair in unspaced_pairs(&tokens) {
                *terms.entry(pair).or_default() += weight;
            }
            if is_wording {
                document.wordings.push(tokens);
            }
        }
        (document, terms)
    }

    /// Entries that hold a stem, with their BM25 weight (before the IDF).
    pub fn term(&self, stem: &str) -> &[(usize, f32)] {
        self.postings.get(stem).map_or(&[], Vec::as_slice)
    }

    /// Entries that hold a concept, with its weight.
    pub fn concept(&self, id: ConceptId) -> &[(usize, f32)] {
        self.concepts.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Inverse document frequency in nats of something that occurs in `df` entries.
    #[allow(clippy::cast_precision_loss)]
    pub fn idf(&self, df: usize) -> f32 {
        let n = self.documents.len() as f32;
        let df = df as f32;
        (1.0 + (n - df + 0.5).max(0.5) / (df + 0.5)).ln()
    }
}

impl Document {
    fn note(&mut self, id: ConceptId, weight: f32, lexicon: &Lexicon, in_title: bool) {
        let kind = lexicon.kind(id);
        if kind == Kind::Generic {
            return;
        }
        let slot = self.concepts.entry(id).or_default();
        *slot = slot.max(weight);
        // The wider concept is present too, at half weight.
        let parent = lexicon.concept(id).and_then(|concept| concept.parent);
        if let Some(parent) = parent {
            let slot = self.concepts.entry(parent).or_default();
            *slot = slot.max(weight * 0.5);
        }
        let list = match kind {
            Kind::Topic => &mut self.title_topics,
            _ => &mut self.title_aspects,
        };
        if in_title && !list.contains(&id) {
            list.push(id);
        }
    }

    /// A body with clock times speaks of hours, one with amounts of money of prices.
    fn note_amounts(&mut self, body: &str, tokens: &[String], lexicon: &Lexicon) {
        let numbers = |t: &String| t.starts_with(|c: char| c.is_ascii_digit());
        let clock = tokens
            .windows(2)
            .any(|w| numbers(&w[0]) && (matches!(w[1].as_str(), "am" | "pm" | "uhr" | "h" | "00" | "30")));
        let money = ["€", "$", "£"].iter().any(|sign| body.contains(sign))
            || tokens.windows(2).any(|w| {
                numbers(&w[0]) && matches!(w[1].as_str(), "eur" | "euro" | "euros" | "usd" | "gbp" | "chf")
                    || numbers(&w[1]) && matches!(w[0].as_str(), "eur" | "usd" | "gbp" | "chf")
            });
        for (present, name) in [(clock, "hours"), (money, "price")] {
            if let Some(id) = lexicon.id(name).filter(|_| present) {
                let slot = self.concepts.entry(id).or_default();
                *slot = slot.max(0.6);
            }
        }
    }
}

/// Pairs of neighbouring characters in scripts without spaces: the words BM25 needs.
pub fn unspaced_pairs(tokens: &[String]) -> impl Iterator<Item = String> + '_ {
    let unspaced = |t: &str| t.chars().all(text::is_unspaced);
    tokens.windows(2).filter(move |w| unspaced(&w[0]) && unspaced(&w[1])).map(|w| format!("{}{}", w[0], w[1]))
}
