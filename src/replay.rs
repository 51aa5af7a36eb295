//! `frontdesk replay`: a conversation as it happened, as text.

use std::fmt::Write as _;

use frontdesk_domain::event::EventView;
use frontdesk_domain::people::AuthorKind;

use crate::store::records::{BookedCall, Replay, ReplayedTurn, TurnRecord};

/// The whole conversation as text, each turn under the message that it answers. Without `prompts`, what the model
/// was sent is left out.
pub fn text(replay: &Replay, prompts: bool) -> String {
    let mut out = format!("Conversation {}\n\n", replay.conversation);
    let mut turns = replay.turns.iter().peekable();
    for event in &replay.events {
        // A turn stands behind the last message that it answers.
        while let Some(turn) = turns.next_if(|turn| turn.through < event.seq) {
            told(turn, prompts, &mut out);
        }
        happened(event, &mut out);
    }
    for turn in turns {
        told(turn, prompts, &mut out);
    }
    let _ = writeln!(out, "\nCost of all calls: {}", money(replay.cost_micros));
    out
}

fn happened(event: &EventView, out: &mut String) {
    let who = match event.by.kind {
        AuthorKind::Guest => "guest",
        AuthorKind::Agent => "agent",
        AuthorKind::Ai => "AI",
        AuthorKind::System => "system",
    };
    let name = event.by.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let mut value = serde_json::to_value(&event.kind).unwrap_or_default();
    let kind = value["kind"].as_str().unwrap_or("event").to_owned();
    let words = value["text"].as_str().map(str::to_owned);
    let what = match (kind.as_str(), words) {
        ("message", Some(words)) => words,
        (kind, Some(words)) => format!("({kind}) {words}"),
        (kind, None) => {
            if let Some(fields) = value.as_object_mut() {
                fields.remove("kind");
            }
            format!("({kind}) {value}")
        }
    };
    let _ = writeln!(out, "{:>4}  {}  {who}{name}: {}", event.seq, event.at, indented(&what, 6));
}

fn told(turn: &ReplayedTurn, prompts: bool, out: &mut String) {
    let outcome = turn.outcome.as_deref().unwrap_or("open");
    let reason = turn.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let carried = if turn.carried { ", carried on to the next turn" } else { "" };
    let since = |at: Option<frontdesk_domain::timestamp::Timestamp>| {
        at.map_or_else(|| "-".to_owned(), |at| format!("{} ms", at.0 - turn.opened_at.0))
    };
    let _ = writeln!(out, "      turn {}: {outcome}{reason}{carried}", turn.turn);
    let _ = writeln!(
        out,
        "        answers {} to {}; asked after {}, first word after {}, over after {}",
        turn.after + 1,
        turn.through,
        since(turn.asked_at),
        since(turn.first_word_at),
        since(turn.ended_at)
    );
    for record in &turn.records {
        tried(record, prompts, out);
    }
    for call in &turn.calls {
        cost(call, out);
    }
}

fn tried(record: &TurnRecord, prompts: bool, out: &mut String) {
    let reason = record.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let first = record.first_word_ms.map(|ms| format!(", first word {ms} ms")).unwrap_or_default();
    let model = record.model.as_deref().unwrap_or("embedded answerer");
    let _ = writeln!(
        out,
        "        {} [{model}]: {}{reason}; {} ms{first}",
        record.by, record.outcome, record.whole_ms
    );
    for source in &record.sources {
        let _ = writeln!(out, "          source {:>7.3}  {}", source.score, source.title);
    }
    for call in &record.calls {
        let _ = writeln!(out, "          call {} {}", call.name, call.arguments);
    }
    if prompts {
        for message in &record.prompt {
            let _ = writeln!(out, "          [{}] {}", message.role, indented(&message.content, 12));
        }
        if !record.said.is_empty() {
            let _ = writeln!(out, "          [it said] {}", indented(&record.said, 12));
        }
    }
}

fn cost(call: &BookedCall, out: &mut String) {
    let estimated = if call.estimated { ", estimated" } else { "" };
    let _ = writeln!(
        out,
        "        call: {}; {} + {} tokens, {}{estimated}; waited {} ms in the pool",
        call.outcome,
        call.prompt_tokens,
        call.answer_tokens,
        money(call.cost_micros),
        call.queued_ms
    );
}

/// Millionths as money.
fn money(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn indented(text: &str, by: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    clean.replace('\n', &format!("\n{}", " ".repeat(by)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_terminal_is_printed() {
        assert_eq!(indented("a\u{1b}[2Jb\nc", 2), "a[2Jb\n  c");
        assert_eq!(money(1_234_567), "1.234567");
    }
}
