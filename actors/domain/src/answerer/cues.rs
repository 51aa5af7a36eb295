//! The cue lists of the router, read once from data files.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::language::LanguageSet;
use super::phrasebook::{Found, Phrasebook};
use super::sections;

const SHIPPED: &[&str] = &[
    include_str!("../../data/cues/emergency.txt"),
    include_str!("../../data/cues/human.txt"),
    include_str!("../../data/cues/problem.txt"),
    include_str!("../../data/cues/transaction.txt"),
    include_str!("../../data/cues/other.txt"),
    include_str!("../../data/cues/sets.txt"),
    include_str!("../../data/cues/composed.txt"),
    include_str!("../../data/cues/correction.txt"),
];

/// All cue lists, by the name of their section.
#[derive(Debug, Default)]
pub struct Cues {
    names: HashMap<String, usize>,
    book: Phrasebook,
}

/// Which lists a text touches, and where.
#[derive(Debug)]
pub struct Signs<'a> {
    cues: &'a Cues,
    found: Vec<Found>,
}

impl Cues {
    /// The lists that ship with Frontdesk.
    pub fn shipped() -> &'static Cues {
        static SHIPPED_CUES: OnceLock<Cues> = OnceLock::new();
        SHIPPED_CUES.get_or_init(|| {
            let mut cues = Cues::default();
            let mut sets = sections::Sets::new();
            for source in SHIPPED {
                // A test proves that every shipped file parses.
                for section in sections::parse_with(source, &mut sets).unwrap_or_default() {
                    let next = cues.names.len();
                    let label = *cues.names.entry(section.name).or_insert(next);
                    for (languages, pattern) in section.terms {
                        cues.book.add(label, languages, pattern);
                    }
                }
            }
            cues
        })
    }

    /// Some of the lists: what is looked for there is found in a fraction of the time, and of others nothing is
    /// said.
    #[must_use]
    pub fn only(&self, lists: &[&str]) -> Cues {
        let named = |name: &&str| Some(((*name).to_owned(), *self.names.get(*name)?));
        let names: HashMap<String, usize> = lists.iter().filter_map(named).collect();
        let wanted: Vec<usize> = names.values().copied().collect();
        Cues { names, book: self.book.only(|label| wanted.contains(&label)) }
    }

    /// Looks for every cue of the given languages.
    pub fn look(&self, tokens: &[String], languages: LanguageSet) -> Signs<'_> {
        Signs { cues: self, found: self.book.scan_once(tokens, languages) }
    }
}

impl Signs<'_> {
    /// The lists that were looked through.
    pub fn cues(&self) -> &Cues {
        self.cues
    }

    /// Whether the text touches a list.
    pub fn has(&self, list: &str) -> bool {
        self.matches(list).next().is_some()
    }

    /// Positions of the tokens that belong to a list.
    pub fn positions(&self, list: &str) -> impl Iterator<Item = usize> + '_ {
        self.matches(list).flat_map(|found| found.positions.iter().copied())
    }

    /// Every cue found: its list, and the positions of its tokens.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[usize])> + '_ {
        self.found.iter().filter_map(|found| {
            let name = self.cues.names.iter().find(|(_, label)| **label == found.label)?;
            Some((name.0.as_str(), found.positions.as_slice()))
        })
    }

    fn matches(&self, list: &str) -> impl Iterator<Item = &Found> + '_ {
        let label = self.cues.names.get(list).copied();
        self.found.iter().filter(move |found| Some(found.label) == label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_files_parse() {
        let mut sets = sections::Sets::new();
        for (index, source) in SHIPPED.iter().enumerate() {
            sections::parse_with(source, &mut sets).unwrap_or_else(|e| panic!("file {index}: {e}"));
        }
        for list in ["medical", "human", "problem", "transaction", "hostile", "off_topic", "thanks"] {
            assert!(Cues::shipped().names.contains_key(list), "{list}");
        }
    }
}
