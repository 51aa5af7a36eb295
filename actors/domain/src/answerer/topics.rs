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
        let found = lexicon.scan(&tokens, detection.plausible, &mut Memo::default());
        let topics = found.iter().filter(|found| {
            lexicon.concept(found.label).is_some_and(|concept| {
                concept.kind == Kind::Topic && !without.contains(&concept.name.as_str())
            }) && !language::are_stop_words(&tokens, &found.positions, spoken)
        });
        Self(topics.map(|found| found.label).collect())
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
}
