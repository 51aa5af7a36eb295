//! The plain text format of the lexicon and the cue lists.
//!
//! ```text
//! # a comment
//! [name] attributes        opens a section
//! de: term, other term     terms of one language
//! *: term                  terms of every language
//! ```

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

/// Reads a whole text.
pub fn parse(source: &str) -> Result<Vec<Section>, SectionError> {
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
        for term in list.split([',', '、', '،']).map(str::trim).filter(|t| !t.is_empty()) {
            let pattern =
                Pattern::parse(term).ok_or_else(|| fault(format!("\"{term}\" holds no word to look for")))?;
            section.terms.push((languages, pattern));
        }
    }
    Ok(sections)
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
