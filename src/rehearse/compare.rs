//! What is answered otherwise than before.

use std::collections::HashMap;
use std::fmt::Write as _;

use frontdesk_domain::text::shorten;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;

/// How much of a text a table shows, in characters.
const SHOWN: usize = 160;

/// How an answer stands to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The same words.
    Same,
    /// Other words, to the same end and on the same entries.
    Words,
    /// Another end, or other entries.
    #[serde(rename = "changed")]
    Different,
    /// There is none before.
    New,
}

/// Each answer with the one before it, and how they stand to one another.
pub fn compare<'a>(before: &'a [Answer], now: &'a [Answer]) -> Vec<(Option<&'a Answer>, &'a Answer, Change)> {
    let known: HashMap<&str, &Answer> = before.iter().map(|answer| (answer.id.as_str(), answer)).collect();
    let judged = now.iter().map(|answer| {
        let old = known.get(answer.id.as_str()).copied();
        (old, answer, old.map_or(Change::New, |old| change(old, answer)))
    });
    judged.collect()
}

/// How an answer stands to the one before it.
pub fn change(old: &Answer, new: &Answer) -> Change {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut sources = [old.sources.clone(), new.sources.clone()];
    sources.iter_mut().for_each(|titles| titles.sort());
    // The log does not keep a reason for each outcome.
    let other_reason = old.reason.is_some() && new.reason.is_some() && old.reason != new.reason;
    if old.outcome != new.outcome || other_reason || sources[0] != sources[1] {
        Change::Different
    } else if words(&old.text) == words(&new.text) {
        Change::Same
    } else {
        Change::Words
    }
}

/// What differs, as text, and the counts.
pub fn table(compared: &[(Option<&Answer>, &Answer, Change)]) -> String {
    let mut out = String::new();
    for (old, new, change) in compared.iter().filter(|(_, _, change)| *change != Change::Same) {
        let mark = match change {
            Change::Different => "changed",
            Change::Words => "other words",
            Change::New | Change::Same => "new",
        };
        let _ = writeln!(out, "{} [{mark}] {}", new.id, one_line(&new.question));
        if let Some(old) = old {
            let _ = writeln!(out, "  - {}", shown(old));
        }
        let _ = writeln!(out, "  + {}", shown(new));
    }
    let count = |wanted: Change| compared.iter().filter(|(_, _, change)| *change == wanted).count();
    let _ = writeln!(
        out,
        "{} questions: {} the same, {} in other words, {} changed, {} new",
        compared.len(),
        count(Change::Same),
        count(Change::Words),
        count(Change::Different),
        count(Change::New)
    );
    out
}

fn shown(answer: &Answer) -> String {
    let reason = answer.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let sources =
        if answer.sources.is_empty() { String::new() } else { format!(" [{}]", answer.sources.join("; ")) };
    format!("{}{reason}: {}{sources}", answer.outcome, one_line(&answer.text))
}

fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    shorten(&clean.split_whitespace().collect::<Vec<_>>().join(" "), SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: &str, outcome: &str, text: &str, sources: &[&str]) -> Answer {
        Answer {
            id: id.to_owned(),
            question: format!("Question {id}?"),
            outcome: outcome.to_owned(),
            reason: None,
            text: text.to_owned(),
            sources: sources.iter().map(|title| (*title).to_owned()).collect(),
        }
    }

    #[test]
    fn each_kind_of_change_is_told() {
        let before = [
            answer("a", "said", "From 7.", &["Breakfast"]),
            answer("b", "said", "At 8.", &["Pool"]),
            answer("c", "said", "Yes.", &["Dogs"]),
            answer("d", "said", "Same words.", &["One"]),
        ];
        let now = [
            answer("a", "said", "From  7.\n", &["Breakfast"]),
            answer("b", "said", "From eight.", &["Pool"]),
            answer("c", "handed_over", "A colleague\u{1b}[2J will answer.", &[]),
            answer("d", "said", "Same words.", &["Two"]),
            answer("e", "said", "Hello.", &[]),
        ];
        let compared = compare(&before, &now);
        let changes: Vec<Change> = compared.iter().map(|(_, _, change)| *change).collect();
        assert_eq!(changes, [Change::Same, Change::Words, Change::Different, Change::Different, Change::New]);
        let text = table(&compared);
        assert!(!text.contains("Question a?") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("c [changed] Question c?\n  - said: Yes. [Dogs]\n  + handed_over: "), "{text}");
        assert!(text.ends_with("5 questions: 1 the same, 1 in other words, 2 changed, 1 new\n"), "{text}");
    }
}
