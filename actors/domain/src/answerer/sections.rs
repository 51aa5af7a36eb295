//! The plain text format of the lexicon and the cue lists.
//!
//! ```text
//! # a comment
//! [name] attributes        opens a section
//! de: term, other term     terms of one language
//! *: term                  terms of every language
//!
//! [person] set             names words that terms may use together
//! en: mother, father
//! [medical]
//! en: {person} .. faints   is `mother|father .. faints`
//! ```
//!
//! A word group within a set is written with hyphens ("have-to"), as in every alternative.

use std::collections::HashMap;

use thiserror::Error;

use super::language::{Language, LanguageSet};
use super::pattern::Pattern;

/// What is wrong with a lexicon or cue text, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct SectionError {
    /// Line number, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: String,
}

/// One `[name] attributes` block with its terms.
#[derive(Debug, Clone)]
pub struct Section {
    /// The name in brackets.
    pub name: String,
    /// What follows the brackets, split at spaces.
    pub attributes: Vec<String>,
    /// The terms, each with the languages it belongs to.
    pub terms: Vec<(LanguageSet, Pattern)>,
    /// Line of the heading, counted from 1.
    pub line: usize,
}

/// Sets of words by name and language tag, for `{name}` in terms.
pub type Sets = HashMap<(String, String), String>;

/// Reads a whole text that uses no sets but its own.
pub fn parse(source: &str) -> Result<Vec<Section>, SectionError> {
    parse_with(source, &mut Sets::new())
}

/// Reads a whole text; its sets are added to `sets`, and it may use those that are there.
pub fn parse_with(source: &str, sets: &mut Sets) -> Result<Vec<Section>, SectionError> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, raw) in source.lines().enumerate() {
        let line = index + 1;
        let fault = |fault: String| SectionError { line, fault };
        let text = raw.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(rest) = text.strip_prefix('[') {
            let Some((name, attributes)) = rest.split_once(']') else {
                return Err(fault("a heading must end with ]".to_owned()));
            };
            sections.push(Section {
                name: name.trim().to_owned(),
                attributes: attributes.split_whitespace().map(str::to_owned).collect(),
                terms: Vec::new(),
                line,
            });
            continue;
        }
        let Some((tag, list)) = text.split_once(':') else {
            return Err(fault("expected \"language: term, term\"".to_owned()));
        };
        let languages =
            languages(tag.trim()).ok_or_else(|| fault(format!("unknown language \"{}\"", tag.trim())))?;
        let Some(section) = sections.last_mut() else {
            return Err(fault("a term stands before the first heading".to_owned()));
        };
        let terms = list.split([',', '、', '،']).map(str::trim).filter(|t| !t.is_empty());
        if section.attributes.iter().any(|attribute| attribute == "set") {
            let words = terms.map(expand(sets, tag.trim())).collect::<Result<Vec<_>, _>>().map_err(fault)?;
            sets.insert((section.name.clone(), tag.trim().to_owned()), words.join("|"));
            continue;
        }
        for term in terms {
            let whole = expand(sets, tag.trim())(term).map_err(fault)?;
            let pattern = Pattern::parse(&whole)
                .ok_or_else(|| fault(format!("\"{term}\" holds no word to look for")))?;
            section.terms.push((languages, pattern));
        }
    }
    sections.retain(|section| !section.attributes.iter().any(|attribute| attribute == "set"));
    Ok(sections)
}

/// Puts the words of its set in the place of each `{name}`.
fn expand<'a>(sets: &'a Sets, tag: &'a str) -> impl Fn(&str) -> Result<String, String> + 'a {
    move |term| {
        let mut whole = String::new();
        let mut rest = term;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(|| format!("\"{term}\" lacks a }}"))?;
            let words = sets
                .get(&(name.to_owned(), tag.to_owned()))
                .ok_or_else(|| format!("there is no set \"{name}\" for {tag} above"))?;
            whole.push_str(before);
            whole.push_str(words);
            rest = behind;
        }
        whole.push_str(rest);
        Ok(whole)
    }
}

fn languages(tag: &str) -> Option<LanguageSet> {
    if tag == "*" {
        return Some(LanguageSet::ALL);
    }
    tag.split_whitespace()
        .try_fold(LanguageSet::NONE, |set, tag| Language::from_tag(tag).map(|language| set.with(language)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections() {
        let read = parse("# c\n[pool] topic\nen: pool, swimming pool\n*: spa*\n").expect("valid");
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].attributes, ["topic"]);
        assert_eq!(read[0].terms.len(), 3);
    }

    #[test]
    fn sets_stand_for_their_words() {
        let text = "[who] set\nen: mother, my-father\n[medical]\nen: {who} .. fainted\n";
        let read = parse(text).expect("valid");
        assert_eq!(read.len(), 1);
        let tokens = crate::answerer::text::tokens("help, my father just fainted");
        assert!((0..tokens.len()).any(|at| read[0].terms[0].1.match_at(&tokens, at).is_some()));
        for wrong in ["[a]\nen: {b} c", "[a]\nen: {b c", "[b] set\nde: x\n[a]\nen: {b}"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_line_and_fault() {
        let cases = [
            ("en: pool", 1),
            ("[pool\n", 1),
            ("[pool]\nqq: pool", 2),
            ("[pool]\npool", 2),
            ("[pool]\n\nen: ..", 3),
        ];
        for (source, line) in cases {
            assert_eq!(parse(source).expect_err(source).line, line, "{source}");
        }
    }
}
