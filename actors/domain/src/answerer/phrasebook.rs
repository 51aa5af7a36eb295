//! Many patterns at once: finds which of them occur in a run of tokens.

use std::collections::HashMap;

use super::hash::Fnv;
use super::language::LanguageSet;
use super::pattern::{Pattern, Test};

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
    exact: HashMap<String, Vec<usize>, Fnv>,
    /// By the first character of the prefix.
    prefix: HashMap<char, Vec<(String, usize)>, Fnv>,
    /// Suffixes, infixes and numbers: tried one by one.
    other: Vec<(Test, usize)>,
}

/// Remembers which patterns a token may open; useful when many texts are scanned.
#[derive(Debug, Default)]
pub struct Memo(HashMap<String, Vec<usize>>);

impl Phrasebook {
    /// Adds a pattern under a label.
    pub fn add(&mut self, label: usize, languages: LanguageSet, pattern: Pattern) {
        let id = self.patterns.len();
        for test in pattern.openings() {
            match test {
                Test::Exact(word) => self.exact.entry(word.clone()).or_default().push(id),
                Test::Prefix(word) => {
                    if let Some(first) = word.chars().next() {
                        self.prefix.entry(first).or_default().push((word.clone(), id));
                    }
                }
                test => self.other.push((test.clone(), id)),
            }
        }
        self.patterns.push((label, languages, pattern));
    }

    /// Finds every pattern of the given languages, at every position.
    pub fn scan(&self, tokens: &[String], languages: LanguageSet, memo: &mut Memo) -> Vec<Found> {
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if !memo.0.contains_key(token) {
                let mut ids = Vec::new();
                self.openers(token, |_| true, &mut ids);
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

    /// The same for one text, and only for patterns whose label is wanted.
    pub fn scan_once(
        &self,
        tokens: &[String],
        languages: LanguageSet,
        wants: impl Fn(usize) -> bool,
    ) -> Vec<Found> {
        let wants = |id: usize| {
            let (label, of, _) = &self.patterns[id];
            of.intersects(languages) && wants(*label)
        };
        let (mut found, mut ids, mut positions) = (Vec::new(), Vec::new(), Vec::new());
        for (at, token) in tokens.iter().enumerate() {
            self.openers(token, wants, &mut ids);
            for &id in &ids {
                let (label, _, pattern) = &self.patterns[id];
                if pattern.matches_at(tokens, at, &mut positions) {
                    found.push(Found { label: *label, positions: positions.clone() });
                }
            }
        }
        found
    }

    /// Puts into `ids` those patterns that the token may open.
    fn openers(&self, token: &str, wants: impl Fn(usize) -> bool, ids: &mut Vec<usize>) {
        ids.clear();
        ids.extend(self.exact.get(token).into_iter().flatten().filter(|id| wants(**id)));
        if let Some(list) = token.chars().next().and_then(|first| self.prefix.get(&first)) {
            let opens = |(prefix, id): &&(String, usize)| wants(*id) && token.starts_with(prefix.as_str());
            ids.extend(list.iter().filter(opens).map(|(_, id)| *id));
        }
        ids.extend(
            self.other.iter().filter(|(test, id)| wants(*id) && test.passes(token)).map(|(_, id)| *id),
        );
        ids.sort_unstable();
        ids.dedup();
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
