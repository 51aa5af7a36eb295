//! Many patterns at once: finds which of them occur in a run of tokens.

use std::collections::HashMap;

use super::language::LanguageSet;
use super::openings::Openings;
use super::pattern::Pattern;

/// A pattern found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The label the pattern was added with.
    pub label: usize,
    /// Positions of the matched tokens, without those in gaps.
    pub positions: Vec<usize>,
}

/// A set of labelled patterns, indexed by what their first token must look like.
#[derive(Debug, Clone, Default)]
pub struct Phrasebook {
    patterns: Vec<(usize, LanguageSet, Pattern)>,
    openings: Openings,
}

/// Remembers which patterns a token may open; useful when many texts are scanned.
#[derive(Debug, Default)]
pub struct Memo(HashMap<String, Vec<usize>>);

impl Phrasebook {
    /// Adds a pattern under a label.
    pub fn add(&mut self, label: usize, languages: LanguageSet, pattern: Pattern) {
        let id = self.patterns.len();
        for test in pattern.openings() {
            self.openings.add(test, id);
        }
        self.patterns.push((label, languages, pattern));
    }

    /// Finds every pattern of the given languages, at every position.
    pub fn scan(&self, tokens: &[String], languages: LanguageSet, memo: &mut Memo) -> Vec<Found> {
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if !memo.0.contains_key(token) {
                let mut ids = Vec::new();
                self.openings.of(token, &mut ids);
                memo.0.insert(token.clone(), ids);
            }
            for &id in memo.0.get(token).map_or(&[][..], Vec::as_slice) {
                let (label, of, pattern) = &self.patterns[id];
                if !of.intersects(languages) {
                    continue;
                }
                if let Some(positions) = pattern.match_at(tokens, at) {
                    found.push(Found { label: *label, positions });
                }
            }
        }
        found
    }

    /// The same for one text.
    pub fn scan_once(&self, tokens: &[String], languages: LanguageSet) -> Vec<Found> {
        let (mut found, mut ids, mut positions) = (Vec::new(), Vec::new(), Vec::new());
        for (at, token) in tokens.iter().enumerate() {
            self.openings.of(token, &mut ids);
            for &id in &ids {
                let (label, of, pattern) = &self.patterns[id];
                if of.intersects(languages) && pattern.matches_at(tokens, at, &mut positions) {
                    found.push(Found { label: *label, positions: positions.clone() });
                }
            }
        }
        found
    }

    /// The patterns of some labels.
    #[must_use]
    pub fn only(&self, wants: impl Fn(usize) -> bool) -> Phrasebook {
        let mut book = Phrasebook::default();
        for (label, languages, pattern) in self.patterns.iter().filter(|(label, ..)| wants(*label)) {
            book.add(*label, *languages, pattern.clone());
        }
        book
    }
}

/// Drops what lies wholly inside a longer find: "late check out" is not also "check out".
pub fn keep_longest(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| b.positions.len().cmp(&a.positions.len()).then(a.label.cmp(&b.label)));
    let mut kept: Vec<Found> = Vec::with_capacity(found.len());
    for candidate in found {
        let inside = kept.iter().any(|longer| {
            longer.positions.len() > candidate.positions.len()
                && candidate.positions.iter().all(|p| longer.positions.contains(p))
        });
        if !inside && !kept.contains(&candidate) {
            kept.push(candidate);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answerer::text;

    #[test]
    fn finds_and_prefers_the_longer() {
        let mut book = Phrasebook::default();
        for (label, term) in ["check out", "late check out", "*park*", "wlan"].iter().enumerate() {
            book.add(label, LanguageSet::ALL, Pattern::parse(term).expect(term));
        }
        let mut memo = Memo::default();
        let tokens = text::tokens("Late check-out and Parkplatz");
        let kept = keep_longest(book.scan(&tokens, LanguageSet::ALL, &mut memo));
        let labels: Vec<usize> = kept.iter().map(|f| f.label).collect();
        assert_eq!(labels, [1, 2]);
    }
}
