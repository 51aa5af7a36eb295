//! The small pattern language of lexicon terms and cues.
//!
//! | piece      | matches                                              |
//! |------------|------------------------------------------------------|
//! | `word`     | that token                                           |
//! | `word*`    | tokens that begin so; `*word` end so; `*word*` hold it |
//! | `a\|b`     | either alternative (each may be several tokens: `check-in`) |
//! | `(word)`   | the word or nothing                                  |
//! | `#`        | a token that begins with a digit                     |
//! | `..`       | up to three tokens of any kind; `...` up to eight    |
//! | `^`, `$`   | begin and end of the text                            |

use super::text;

/// How one token is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Equal.
    Exact(String),
    /// Begins with.
    Prefix(String),
    /// Ends with.
    Suffix(String),
    /// Holds.
    Contains(String),
    /// Begins with a digit.
    Number,
}

impl Test {
    /// Whether the token passes.
    pub fn passes(&self, token: &str) -> bool {
        match self {
            Test::Exact(word) => token == word,
            Test::Prefix(word) => token.starts_with(word.as_str()),
            Test::Suffix(word) => token.ends_with(word.as_str()),
            Test::Contains(word) => token.contains(word.as_str()),
            Test::Number => token.starts_with(|c: char| c.is_ascii_digit()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Alternatives, each a run of tokens; `optional` ones may be absent.
    Words {
        alternatives: Vec<Vec<Test>>,
        optional: bool,
    },
    Gap(usize),
}

/// A parsed term or cue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
    at_start: bool,
    at_end: bool,
}

impl Pattern {
    /// Parses one term; `None` when it holds no word, or begins with a gap or an optional word.
    pub fn parse(term: &str) -> Option<Pattern> {
        let mut pattern = Pattern { pieces: Vec::new(), at_start: false, at_end: false };
        for raw in term.split_whitespace() {
            let raw = match raw.strip_prefix('^') {
                Some(rest) => {
                    pattern.at_start = true;
                    rest
                }
                None => raw,
            };
            let raw = match raw.strip_suffix('$') {
                Some(rest) => {
                    pattern.at_end = true;
                    rest
                }
                None => raw,
            };
            match raw {
                "" => {}
                ".." => pattern.pieces.push(Piece::Gap(3)),
                "..." => pattern.pieces.push(Piece::Gap(8)),
                _ => {
                    let inner = raw.strip_prefix('(').and_then(|r| r.strip_suffix(')'));
                    let alternatives: Vec<Vec<Test>> =
                        inner.unwrap_or(raw).split('|').map(tests).filter(|run| !run.is_empty()).collect();
                    if !alternatives.is_empty() {
                        pattern.pieces.push(Piece::Words { alternatives, optional: inner.is_some() });
                    }
                }
            }
        }
        let usable = matches!(pattern.pieces.first(), Some(Piece::Words { optional: false, .. }));
        usable.then_some(pattern)
    }

    /// The tests of which one must pass on the first token: what an index is built from.
    pub fn openings(&self) -> impl Iterator<Item = &Test> {
        let alternatives = match self.pieces.first() {
            Some(Piece::Words { alternatives, .. }) => alternatives.as_slice(),
            _ => &[],
        };
        alternatives.iter().filter_map(|run| run.first())
    }

    /// Every literal word with its tests, for the vocabulary of the spelling repair.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.pieces
            .iter()
            .flat_map(|piece| match piece {
                Piece::Words { alternatives, .. } => alternatives.as_slice(),
                Piece::Gap(_) => &[],
            })
            .flatten()
            .filter_map(|test| match test {
                Test::Exact(word) | Test::Prefix(word) => Some(word.as_str()),
                _ => None,
            })
    }

    /// Tries the pattern at a position; the matched positions, without those in gaps.
    pub fn match_at(&self, tokens: &[String], at: usize) -> Option<Vec<usize>> {
        let mut matched = Vec::new();
        self.matches_at(tokens, at, &mut matched).then_some(matched)
    }

    /// The same with room to write into: only if it matches, `matched` holds the positions.
    pub fn matches_at(&self, tokens: &[String], at: usize, matched: &mut Vec<usize>) -> bool {
        matched.clear();
        (!self.at_start || at == 0) && self.step(tokens, at, 0, matched)
    }

    fn step(&self, tokens: &[String], at: usize, piece: usize, matched: &mut Vec<usize>) -> bool {
        match self.pieces.get(piece) {
            None => !self.at_end || at == tokens.len(),
            Some(Piece::Gap(most)) => (0..=*most)
                .take_while(|skip| at + skip <= tokens.len())
                .any(|skip| self.step(tokens, at + skip, piece + 1, matched)),
            Some(Piece::Words { alternatives, optional }) => {
                for run in alternatives {
                    let Some(slice) = tokens.get(at..at + run.len()) else { continue };
                    if run.iter().zip(slice).all(|(test, token)| test.passes(token)) {
                        let before = matched.len();
                        matched.extend(at..at + run.len());
                        if self.step(tokens, at + run.len(), piece + 1, matched) {
                            return true;
                        }
                        matched.truncate(before);
                    }
                }
                *optional && self.step(tokens, at, piece + 1, matched)
            }
        }
    }
}

/// The tests for one alternative: its wildcards apply to its first and last token.
fn tests(raw: &str) -> Vec<Test> {
    if raw == "#" {
        return vec![Test::Number];
    }
    let (open_left, open_right) = (raw.starts_with('*'), raw.ends_with('*'));
    let words = text::tokens(raw);
    let last = words.len().saturating_sub(1);
    words
        .into_iter()
        .enumerate()
        .map(|(index, word)| {
            let left = open_left && index == 0;
            // Korean particles stick to the noun: every Korean word is open to the right.
            let right = (open_right && index == last) || word.chars().any(text::is_hangul);
            match (left, right) {
                (true, true) => Test::Contains(word),
                (true, false) => Test::Suffix(word),
                (false, true) => Test::Prefix(word),
                (false, false) => Test::Exact(word),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests_of_patterns {
    use super::*;

    fn matches(term: &str, text: &str) -> bool {
        let pattern = Pattern::parse(term).expect(term);
        let tokens = text::tokens(text);
        (0..tokens.len()).any(|at| pattern.match_at(&tokens, at).is_some())
    }

    #[test]
    fn the_table_in_the_module_text() {
        let cases = [
            ("pool", "the pool?", true),
            ("pool", "pools", false),
            ("park*", "parking", true),
            ("*park*", "Tiefgaragenparkplatz", true),
            ("*platz", "Parkplatz", true),
            ("change|amend .. booking", "amend my old booking", true),
            ("change|amend .. booking", "amend one two three four booking", false),
            ("for # (more) nights", "for 3 nights", true),
            ("for # (more) nights", "for 3 more nights", true),
            ("^hi$", "hi", true),
            ("^hi$", "hi there", false),
            ("check-in|arrival", "when is Check In", true),
            ("早餐", "请问早餐几点", true),
            ("早餐 .. 几点", "早餐是几点", true),
            ("조식", "조식은 언제", true),
        ];
        for (term, text, expected) in cases {
            assert_eq!(matches(term, text), expected, "{term} / {text}");
        }
    }

    #[test]
    fn a_term_needs_a_word() {
        for term in ["", "..", "^ $", ".. pool", "(pool)"] {
            assert_eq!(Pattern::parse(term), None, "{term}");
        }
    }
}
