//! What a text is about, for those who only want to compare two texts.

use super::language::{self, LanguageSet};
use super::lexicon::{ConceptId, Kind, Lexicon};
use super::phrasebook::Memo;
use super::score::related;
use super::text;

/// The longest text that is read, in words.
const MOST_TOKENS: usize = 400;

/// The topics that a text names, in whatever language of the shipped lexicon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topics(Vec<ConceptId>);

impl Topics {
    /// The topics of a text; topics of these names are left out.
    pub fn of(text: &str, without: &[&str]) -> Self {
        let lexicon = Lexicon::shipped();
        let detection = language::detect(text);
        let spoken = detection.language.map_or(LanguageSet::ALL, |own| LanguageSet::NONE.with(own));
        let mut tokens = text::tokens(text);
        tokens.truncate(MOST_TOKENS);
        let mut topics = Vec::new();
        for found in lexicon.scan(&tokens, detection.plausible, &mut Memo::default()) {
            let Some(concept) = lexicon.concept(found.label) else { continue };
            // "the" is no tea: a topic must not claim a function word.
            let function_word =
                |at: &usize| tokens.get(*at).is_some_and(|word| language::is_stop_word(word, spoken));
            if concept.kind == Kind::Topic
                && !without.contains(&concept.name.as_str())
                && !topics.contains(&found.label)
                && !found.positions.iter().all(function_word)
            {
                topics.push(found.label);
            }
        }
        Self(topics)
    }

    /// Whether it names none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something that one names is the same, wider or narrower than something that the other names.
    pub fn meet(&self, other: &Topics) -> bool {
        let lexicon = Lexicon::shipped();
        self.0.iter().any(|own| other.0.iter().any(|one| related(lexicon, *own, *one)))
    }

    /// Their names, for tests and for people who look into it.
    pub fn names(&self) -> Vec<&'static str> {
        let lexicon = Lexicon::shipped();
        self.0.iter().filter_map(|id| lexicon.concept(*id)).map(|concept| concept.name.as_str()).collect()
    }
}
