//! Which patterns a token may open, found by looking pieces of it up rather than by trying every pattern.

use std::collections::HashMap;

use super::hash::Fnv;
use super::pattern::Test;

/// Longer pieces are tried one by one. No word of ours is as long, but a hotel's might be.
const PIECE_MAX_BYTES: usize = 63;

/// What the first token of each pattern must look like.
#[derive(Debug, Clone, Default)]
pub struct Openings {
    exact: Pieces,
    prefix: Pieces,
    suffix: Pieces,
    inside: Pieces,
    number: Vec<usize>,
    other: Vec<(Test, usize)>,
}

impl Openings {
    /// A token that passes the test may open the pattern.
    pub fn add(&mut self, test: &Test, pattern: usize) {
        let (pieces, piece) = match test {
            Test::Exact(piece) => (&mut self.exact, piece),
            Test::Prefix(piece) => (&mut self.prefix, piece),
            Test::Suffix(piece) => (&mut self.suffix, piece),
            Test::Contains(piece) => (&mut self.inside, piece),
            Test::Number => return self.number.push(pattern),
        };
        if piece.is_empty() || piece.len() > PIECE_MAX_BYTES {
            self.other.push((test.clone(), pattern));
        } else {
            pieces.add(piece, pattern);
        }
    }

    /// Puts into `ids` the patterns that the token may open, each once, in the order in which they were added.
    pub fn of(&self, token: &str, ids: &mut Vec<usize>) {
        ids.clear();
        let length = token.len();
        self.exact.at(token, |piece| piece == length, ids);
        self.prefix.at(token, |_| true, ids);
        for (at, byte) in token.bytes().enumerate() {
            // No piece begins in the middle of a character.
            if self.suffix.begins(byte) {
                self.suffix.at(&token[at..], |piece| piece == length - at, ids);
            }
            if self.inside.begins(byte) {
                self.inside.at(&token[at..], |_| true, ids);
            }
        }
        if Test::Number.passes(token) {
            ids.extend_from_slice(&self.number);
        }
        ids.extend(self.other.iter().filter(|(test, _)| test.passes(token)).map(|(_, id)| *id));
        if ids.len() > 1 {
            ids.sort_unstable();
            ids.dedup();
        }
    }
}

/// Pieces of words, with what they stand for.
#[derive(Debug, Clone)]
struct Pieces {
    ids: HashMap<Box<str>, Vec<usize>, Fnv>,
    /// By the first byte of a piece, a bit for each length that there is: most tokens need no look-up at all.
    lengths: [u64; 256],
}

impl Default for Pieces {
    fn default() -> Self {
        Self { ids: HashMap::default(), lengths: [0; 256] }
    }
}

impl Pieces {
    /// Whether some piece begins with this byte.
    fn begins(&self, byte: u8) -> bool {
        self.lengths[usize::from(byte)] != 0
    }

    fn add(&mut self, piece: &str, id: usize) {
        if let Some(first) = piece.bytes().next() {
            self.lengths[usize::from(first)] |= 1 << piece.len();
            self.ids.entry(piece.into()).or_default().push(id);
        }
    }

    /// Adds what stands for the pieces that begin `text` and whose length is wanted.
    fn at(&self, text: &str, wants: impl Fn(usize) -> bool, ids: &mut Vec<usize>) {
        let Some(first) = text.bytes().next() else { return };
        let mut lengths = self.lengths[usize::from(first)];
        while lengths != 0 {
            let length = lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            if length > text.len() {
                return;
            }
            if wants(length)
                && let Some(found) = text.get(..length).and_then(|piece| self.ids.get(piece))
            {
                ids.extend_from_slice(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_trying_every_test_finds() {
        let long = "x".repeat(70);
        let words =
            ["a", "park", "platz", "parkplatz", "tz", "ü", "üb", "über", "12", "早", "餐", long.as_str()];
        let mut tests = vec![Test::Number, Test::Number];
        for word in words {
            let word = word.to_owned();
            tests.push(Test::Exact(word.clone()));
            tests.push(Test::Prefix(word.clone()));
            tests.push(Test::Suffix(word.clone()));
            tests.push(Test::Contains(word));
        }
        let mut openings = Openings::default();
        tests.iter().enumerate().for_each(|(id, test)| openings.add(test, id));
        let mut found = Vec::new();
        let tokens =
            ["parkplatz", "tiefgaragenparkplatz", "aaa", "drüber", "über", "12h", "h12", "早餐", "", "tz"];
        for token in tokens.into_iter().chain([long.as_str()]) {
            openings.of(token, &mut found);
            let tried: Vec<usize> = (0..tests.len()).filter(|id| tests[*id].passes(token)).collect();
            assert_eq!(found, tried, "{token}");
        }
    }
}
