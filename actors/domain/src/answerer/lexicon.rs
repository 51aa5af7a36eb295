//! The concept lexicon: what hotels are asked about, in many languages.
//!
//! A concept is a *topic* ("pool"), an *aspect* of a topic ("opening hours", "price") or *generic*
//! (words such as "hotel", which say nothing about the matter). A topic may have a parent: asked
//! for "late check-out", an entry about "check-out" is a second best. A hotel extends the lexicon
//! with text in the same format.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::fuzzy::Vocabulary;
use super::language::LanguageSet;
use super::phrasebook::{Found, Memo, Phrasebook, keep_longest};
use super::sections::{self, SectionError};

const SHIPPED: &[&str] = &[
    include_str!("../../data/lexicon/aspects.txt"),
    include_str!("../../data/lexicon/stay.txt"),
    include_str!("../../data/lexicon/food.txt"),
    include_str!("../../data/lexicon/house.txt"),
    include_str!("../../data/lexicon/leisure.txt"),
    include_str!("../../data/lexicon/travel.txt"),
    include_str!("../../data/lexicon/money.txt"),
    include_str!("../../data/lexicon/impressions.txt"),
    include_str!("../../data/lexicon/everyday.txt"),
];

/// Position of a concept in its lexicon.
pub type ConceptId = usize;

/// What part a concept plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A matter that an entry is about.
    Topic,
    /// What about the matter is asked: hours, price, place.
    Aspect,
    /// Words without weight.
    Generic,
}

/// One concept.
#[derive(Debug, Clone)]
pub struct Concept {
    /// Its name in the file.
    pub name: String,
    /// The part it plays.
    pub kind: Kind,
    /// The wider concept, if any.
    pub parent: Option<ConceptId>,
    /// Often only mentioned ("my son is allergic to nuts"): counts little beside another topic.
    pub soft: bool,
}

/// All concepts and their terms.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    concepts: Vec<Concept>,
    by_name: HashMap<String, ConceptId>,
    book: Phrasebook,
    vocabulary: Vocabulary,
}

impl Lexicon {
    /// The lexicon that ships with Frontdesk.
    pub fn shipped() -> &'static Arc<Lexicon> {
        static SHIPPED_LEXICON: OnceLock<Arc<Lexicon>> = OnceLock::new();
        SHIPPED_LEXICON.get_or_init(|| {
            let mut lexicon = Lexicon::default();
            for source in SHIPPED {
                // A test proves that every shipped file parses.
                let _ = lexicon.add(source);
            }
            Arc::new(lexicon)
        })
    }

    /// This lexicon with a hotel's own terms: new concepts, or more terms for known ones.
    pub fn extended(&self, source: &str) -> Result<Lexicon, SectionError> {
        let mut lexicon = self.clone();
        lexicon.add(source)?;
        Ok(lexicon)
    }

    fn add(&mut self, source: &str) -> Result<(), SectionError> {
        for section in sections::parse(source)? {
            let fault = |fault: String| SectionError { line: section.line, fault };
            let mut kind = Kind::Topic;
            let mut parent = None;
            let mut soft = false;
            for attribute in &section.attributes {
                match attribute.as_str() {
                    "topic" => kind = Kind::Topic,
                    "aspect" => kind = Kind::Aspect,
                    "soft" => soft = true,
                    "generic" => kind = Kind::Generic,
                    other => match other.strip_prefix('<') {
                        Some(name) => {
                            let id = self.by_name.get(name).copied();
                            parent =
                                Some(id.ok_or_else(|| {
                                    fault(format!("parent \"{name}\" is not defined above"))
                                })?);
                        }
                        None => return Err(fault(format!("unknown attribute \"{other}\""))),
                    },
                }
            }
            let id = match self.by_name.get(&section.name) {
                Some(&id) => id,
                None => {
                    let id = self.concepts.len();
                    self.concepts.push(Concept { name: section.name.clone(), kind, parent, soft });
                    self.by_name.insert(section.name.clone(), id);
                    id
                }
            };
            for (languages, pattern) in section.terms {
                for word in pattern.words() {
                    self.vocabulary.add(word);
                }
                self.book.add(id, languages, pattern);
            }
        }
        Ok(())
    }

    /// The concept at a position.
    pub fn concept(&self, id: ConceptId) -> Option<&Concept> {
        self.concepts.get(id)
    }

    /// The position of a concept by its name.
    pub fn id(&self, name: &str) -> Option<ConceptId> {
        self.by_name.get(name).copied()
    }

    /// How many concepts there are.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there is no concept at all.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The part a concept plays; generic for an unknown one.
    pub fn kind(&self, id: ConceptId) -> Kind {
        self.concepts.get(id).map_or(Kind::Generic, |concept| concept.kind)
    }

    /// Concepts in a run of tokens, the longest term winning.
    pub fn scan(&self, tokens: &[String], languages: LanguageSet, memo: &mut Memo) -> Vec<Found> {
        keep_longest(self.book.scan(tokens, languages, memo))
    }

    /// Literal words of the lexicon, the vocabulary of the spelling repair.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answerer::text;

    #[test]
    fn shipped_files_parse() {
        let mut lexicon = Lexicon::default();
        for (index, source) in SHIPPED.iter().enumerate() {
            lexicon.add(source).unwrap_or_else(|e| panic!("file {index}: {e}"));
        }
        assert!(lexicon.len() >= 100, "{} concepts", lexicon.len());
    }

    #[test]
    fn a_hotel_extends_it() {
        let own = Lexicon::shipped().extended("[falconry] topic\nen: falcon*\n").expect("valid");
        let tokens = text::tokens("Do you show falcons?");
        let found = own.scan(&tokens, LanguageSet::ALL, &mut Memo::default());
        assert!(found.iter().any(|f| Some(f.label) == own.id("falconry")));
        assert!(Lexicon::shipped().extended("[x] <nowhere\nen: y\n").is_err());
    }
}
