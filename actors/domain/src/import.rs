//! Knowledge from elsewhere: Markdown, CSV and pasted pages become questions and answers.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most entries of one import.
pub const ENTRIES_MAX: usize = 500;
/// The longest title that an import makes, in characters.
const TITLE_MAX_CHARS: usize = 200;
/// The longest line of a pasted page that may be a heading, in characters.
const HEADING_MAX_CHARS: usize = 90;

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Each heading with text below it is an entry.
    Markdown,
    /// Rows of question, answer and, if there, tags and locale; with a heading row or without.
    Csv,
    /// Plain text, as it is when a page is copied: questions and short lines are headings.
    Page,
}

/// One entry to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// A question or a heading.
    pub title: String,
    /// The answer.
    pub body: String,
    /// Keywords.
    pub tags: Vec<String>,
    /// Language tag, where one is given.
    pub locale: Option<String>,
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    /// No heading with text, no row with two columns.
    #[error("nothing to import was found")]
    Nothing,
    /// More than an import takes.
    #[error("more than {ENTRIES_MAX} entries")]
    TooMany,
    /// A quotation mark is never closed.
    #[error("line {0}: a quotation mark is not closed")]
    Quote(usize),
}

/// Reads a text.
///
/// # Errors
/// It holds nothing, too much, or a quotation mark without its pair.
pub fn read(format: Format, text: &str) -> Result<Vec<Draft>, ImportError> {
    let drafts = match format {
        Format::Markdown => sections(text, markdown_heading),
        Format::Csv => csv(text)?,
        Format::Page => sections(text, page_heading),
    };
    match drafts.len() {
        0 => Err(ImportError::Nothing),
        count if count > ENTRIES_MAX => Err(ImportError::TooMany),
        _ => Ok(drafts),
    }
}

fn sections(text: &str, heading: fn(&str) -> Option<String>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        match heading(line).filter(|_| !fenced) {
            Some(title) => drafts.push(Draft { title: short(&title), ..Draft::default() }),
            None => {
                if let Some(draft) = drafts.last_mut() {
                    draft.body.push_str(line.trim_end());
                    draft.body.push('\n');
                }
            }
        }
    }
    for draft in &mut drafts {
        draft.body = draft.body.trim().to_owned();
    }
    drafts.retain(|draft| !draft.title.is_empty() && !draft.body.is_empty());
    drafts
}

fn markdown_heading(line: &str) -> Option<String> {
    let line = line.trim();
    let level = line.chars().take_while(|c| *c == '#').count();
    let title = (1..=6).contains(&level).then(|| line[level..].strip_prefix(' ')).flatten();
    // "**Is there a pool?**" alone on its line is a heading to those who write FAQs.
    let bold = line.strip_prefix("**").and_then(|rest| rest.strip_suffix("**")).filter(|b| !b.contains("**"));
    title.or(bold).map(|title| title.trim_end_matches('#').trim().trim_matches('*').to_owned())
}

fn page_heading(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['•', '▸', '+', '›', '-', '*']).trim();
    let chars = line.chars().count();
    let asks = line.ends_with(['?', '？', '؟']);
    let ends = line.ends_with(['.', '!', ',', ';', ':', '。', '！']);
    let is_heading = chars > 0
        && (asks && chars <= TITLE_MAX_CHARS || !ends && chars <= HEADING_MAX_CHARS && begins_tall(line));
    is_heading.then(|| line.to_owned())
}

/// Headings begin with a capital or a script without such, and hold a letter.
fn begins_tall(line: &str) -> bool {
    line.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())
}

fn csv(text: &str) -> Result<Vec<Draft>, ImportError> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [';', '\t', ','].into_iter().max_by_key(|c| first.matches(*c).count()).unwrap_or(',');
    let rows = rows(text.trim_start_matches('\u{feff}'), separator)?;
    let names: Vec<String> = rows
        .first()
        .map(|row| row.iter().map(|name| name.trim().to_lowercase()).collect())
        .unwrap_or_default();
    let find = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
    let question = find(&["question", "title", "q", "frage", "titel", "pregunta", "domanda"]);
    let answer = find(&["answer", "body", "a", "text", "antwort", "réponse", "respuesta", "risposta"]);
    let (title, body, tags, locale, skip) = match (question, answer) {
        (Some(title), Some(body)) => {
            (title, body, find(&["tags", "keywords"]), find(&["locale", "language", "lang", "sprache"]), 1)
        }
        _ => (0, 1, Some(2), Some(3), 0),
    };
    let at = |row: &[String], column: usize| row.get(column).map(|cell| cell.trim().to_owned());
    let drafts = rows.iter().skip(skip).filter_map(|row| {
        let split = |tags: String| {
            tags.split([',', ';', '|']).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        };
        let draft = Draft {
            title: short(&at(row, title)?),
            body: at(row, body)?,
            tags: tags.and_then(|column| at(row, column)).map(split).unwrap_or_default(),
            locale: locale.and_then(|column| at(row, column)).filter(|tag| !tag.is_empty()),
        };
        (!draft.title.is_empty() && !draft.body.is_empty()).then_some(draft)
    });
    Ok(drafts.collect())
}

/// Rows of cells; a cell in quotation marks may hold separators, line ends and doubled marks.
fn rows(text: &str, separator: char) -> Result<Vec<Vec<String>>, ImportError> {
    let mut rows = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    let (mut line, mut opened, mut quoted) = (1, 1, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                cell.push('"');
                characters.next();
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                (quoted, opened) = (true, line);
            }
            '\n' if !quoted => {
                line += 1;
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c if c == separator && !quoted => row.push(std::mem::take(&mut cell)),
            '\r' => {}
            c => {
                line += usize::from(c == '\n');
                cell.push(c);
            }
        }
    }
    if quoted {
        return Err(ImportError::Quote(opened));
    }
    row.push(cell);
    rows.push(row);
    rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    Ok(rows)
}

fn short(title: &str) -> String {
    let tidy: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    tidy.trim().chars().take(TITLE_MAX_CHARS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(format: Format, text: &str) -> Vec<(String, String)> {
        read(format, text).expect("entries").into_iter().map(|draft| (draft.title, draft.body)).collect()
    }

    fn pair(title: &str, body: &str) -> (String, String) {
        (title.to_owned(), body.to_owned())
    }

    #[test]
    fn markdown_by_headings() {
        let text = "# House\n\n## Is there a pool?\nYes.\n\n- indoor\n\n**When is breakfast?**\n7 to 10\n## Empty\n```\n# no heading\n```\n";
        assert_eq!(
            titles(Format::Markdown, text),
            [
                pair("Is there a pool?", "Yes.\n\n- indoor"),
                pair("When is breakfast?", "7 to 10"),
                pair("Empty", "```\n# no heading\n```")
            ]
        );
    }

    #[test]
    fn tables_with_and_without_a_heading_row() {
        let named = "Answer;Question;tags\n\"7;00 \"\"sharp\"\"\nor later\";Breakfast?;food|hours\n;;\n";
        let read_named = read(Format::Csv, named).expect("one");
        assert_eq!(read_named[0].body, "7;00 \"sharp\"\nor later");
        assert_eq!((read_named[0].title.as_str(), read_named[0].tags.len()), ("Breakfast?", 2));
        assert_eq!(titles(Format::Csv, "Pool?,Yes\nBar?,No"), [pair("Pool?", "Yes"), pair("Bar?", "No")]);
        assert_eq!(read(Format::Csv, "a,\"b\nc"), Err(ImportError::Quote(1)));
    }

    #[test]
    fn a_pasted_page() {
        let text = "Good to know\n\nIs parking free?\nNo, it costs 10 EUR.\nPlease ask us.\n\nPets\nDogs are welcome.\n";
        assert_eq!(
            titles(Format::Page, text),
            [
                pair("Is parking free?", "No, it costs 10 EUR.\nPlease ask us."),
                pair("Pets", "Dogs are welcome.")
            ]
        );
    }

    #[test]
    fn nothing_and_too_much() {
        for format in [Format::Markdown, Format::Csv, Format::Page] {
            assert_eq!(read(format, " \n"), Err(ImportError::Nothing), "{format:?}");
        }
        let many = "## a\nb\n".repeat(ENTRIES_MAX + 1);
        assert_eq!(read(Format::Markdown, &many), Err(ImportError::TooMany));
    }
}
