//! Spelling repair: the nearest known word to one nobody knows.

use std::collections::{HashMap, HashSet};

/// Shortest token that is repaired, in characters.
const SHORTEST: usize = 4;

/// Known words by their first character.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: HashSet<String>,
    by_first: HashMap<char, Vec<Known>>,
}

/// A word with what rules it out cheaply.
#[derive(Debug, Clone)]
struct Known {
    word: String,
    letters: Vec<char>,
    /// Which letters occur, one bit each (several letters may share a bit).
    mask: u64,
}

fn mask(letters: &[char]) -> u64 {
    letters.iter().fold(0, |mask, c| mask | 1 << (u32::from(*c) % 64))
}

impl Vocabulary {
    /// Adds a word; short ones are known but nothing is repaired towards them.
    pub fn add(&mut self, word: &str) {
        if !self.words.insert(word.to_owned()) {
            return;
        }
        if let Some(first) = word.chars().next() {
            let letters: Vec<char> = word.chars().collect();
            if letters.len() >= SHORTEST {
                let known = Known { word: word.to_owned(), mask: mask(&letters), letters };
                self.by_first.entry(first).or_default().push(known);
            }
        }
    }

    /// Whether the word is known as it stands.
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The nearest known word with its distance: one slip, two from eight characters on. The first letter must be
    /// right, or swapped with the second: people rarely miss it, and it keeps this fast.
    pub fn nearest(&self, token: &str) -> Option<(usize, &str)> {
        let letters: Vec<char> = token.chars().collect();
        if letters.len() < SHORTEST || !letters.iter().all(|c| c.is_alphabetic()) {
            return None;
        }
        let most = if letters.len() >= 8 { 2 } else { 1 };
        let own = mask(&letters);
        let mut best: Option<(usize, usize, &str)> = None;
        for first in [letters[0], letters[1]] {
            for known in self.by_first.get(&first).map_or(&[][..], Vec::as_slice) {
                let spread = known.letters.len().abs_diff(letters.len());
                // One edit changes at most two letters of the set.
                if spread > most || (known.mask ^ own).count_ones() as usize > 2 * most {
                    continue;
                }
                let Some(distance) = distance(&letters, &known.letters, most) else { continue };
                // Ties go to the shorter difference, then to the alphabet: order must not depend
                // on the hash map.
                let candidate = (distance, spread, known.word.as_str());
                if best.is_none_or(|best| candidate < best) {
                    best = Some(candidate);
                }
            }
        }
        best.map(|(distance, _, word)| (distance, word))
    }
}

/// Edits (insert, delete, replace, swap of neighbours) between two words, if at most `most`.
pub fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; width];
        let mut least = i;
        for j in 1..width {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut value = (last[j - 1] + cost).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                value = value.min(before[j - 2] + 1);
            }
            row[j] = value;
            least = least.min(value);
        }
        if least > most {
            return None;
        }
        before = last;
        last = row;
    }
    last.last().copied().filter(|&edits| edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_slips_only() {
        let mut vocabulary = Vocabulary::default();
        for word in ["breakfast", "parking", "dogs", "opening", "pool", "wifi"] {
            vocabulary.add(word);
        }
        let cases = [
            ("brekfast", Some("breakfast")),
            ("pakring", Some("parking")),
            ("dgos", Some("dogs")),
            ("openning", Some("opening")),
            ("wiffi", Some("wifi")),
            ("helipad", None),
            ("po", None),
        ];
        for (token, expected) in cases {
            assert_eq!(vocabulary.nearest(token).map(|(_, word)| word), expected, "{token}");
        }
    }

    #[test]
    fn distance_counts_swaps_once() {
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("tiem"), &chars("time"), 2), Some(1));
        assert_eq!(distance(&chars("abc"), &chars("xyz"), 2), None);
        assert_eq!(distance(&[], &[], 2), Some(0));
    }
}
