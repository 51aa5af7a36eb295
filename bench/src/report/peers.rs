//! Several stacks beside one another: the table in `PEERS.md`.

use std::fmt::Write;

use super::spread::{Group, groups};
use super::{Run, short};
use crate::peer::Peer;

/// A column: which scenario, which figure, and what stands above it.
const COLUMNS: [(&str, &str, &str); 7] = [
    ("rooms", "server CPU per delivery", "`rooms`: µs a delivery"),
    ("fanout", "server CPU per delivery", "`fanout`: µs a delivery"),
    ("idle", "memory per socket", "`idle`: KB a socket"),
    ("idle", "server CPU per connect", "µs a connection"),
    ("idle", "connect rate", "connections a second"),
    ("storm", "until the last is back", "`storm`: s"),
    ("storm", "server CPU", "CPU s"),
];

/// The table of these runs.
pub fn table(runs: &[Run], command: &str, date: &str) -> String {
    // What broke off has no figures to compare.
    let whole: Vec<Run> = runs.iter().filter(|run| run.broke_off.is_none()).cloned().collect();
    let groups = groups(&whole);
    let machine = runs.first().map_or("", |run| run.machine.as_str());
    let count = groups.iter().map(|group| group.runs.len()).max().unwrap_or(0);
    let heads: Vec<&str> = COLUMNS.iter().map(|(.., head)| *head).collect();
    let mut text = format!(
        "{date}, {machine}; `{command}`; medians of {count} runs (least to most), in turn.\n\n\
         | server | {} |\n| --- |{}\n",
        heads.join(" | "),
        " --: |".repeat(COLUMNS.len())
    );
    let ours = [("Frontdesk, passed on", false), ("Frontdesk, stored, synced, acknowledged", true)];
    for (title, stored) in ours {
        let _ = writeln!(text, "{}", row(title, &groups, "frontdesk", stored));
    }
    let mut missing = Vec::new();
    for peer in Peer::ALL {
        if groups.iter().any(|group| is_of(group, peer.name(), false)) {
            let _ = writeln!(text, "{}", row(peer.title(), &groups, peer.name(), false));
        } else {
            missing.push(peer.title());
        }
    }
    if !missing.is_empty() {
        let _ = writeln!(text, "\nNot measured here: {}.", missing.join("; "));
    }
    for run in runs {
        if let Some(why) = &run.broke_off {
            let _ = writeln!(text, "\nOne run of `{}` broke off and does not count: {why}.", run.title());
        }
    }
    text
}

fn row(title: &str, groups: &[Group<'_>], stack: &str, stored: bool) -> String {
    let cells = COLUMNS.map(|(scenario, figure, _)| {
        let group = groups.iter().find(|group| {
            is_of(group, stack, stored) && group.runs.first().is_some_and(|run| run.scenario == scenario)
        });
        group.and_then(|group| group.figure(figure)).map_or_else(
            || "–".to_owned(),
            |found| format!("{} ({} to {})", short(found.median), short(found.least), short(found.most)),
        )
    });
    format!("| {title} | {} |", cells.join(" | "))
}

fn is_of(group: &Group<'_>, stack: &str, stored: bool) -> bool {
    group.runs.first().is_some_and(|run| run.stack == stack && (run.variant == "message") == stored)
}

#[cfg(test)]
mod tests {
    use super::super::Better;
    use super::*;

    fn run(scenario: &str, variant: &str, stack: &str, figure: &str, value: f64) -> Run {
        let [scenario, variant, stack] = [scenario, variant, stack].map(str::to_owned);
        let mut run = Run { scenario, variant, stack, ..Run::default() };
        run.figure(figure, value, "", Better::Less);
        run
    }

    #[test]
    fn each_stack_has_a_row_and_the_missing_are_named() {
        let cost = "server CPU per delivery";
        let runs = [
            run("rooms", "typing", "frontdesk", cost, 5.0),
            run("rooms", "message", "frontdesk", cost, 25.0),
            run("rooms", "typing", "ws", cost, 14.0),
            run("rooms", "typing", "ws", cost, 16.0),
            run("storm", "", "frontdesk", "until the last is back", 1.0),
            Run {
                broke_off: Some("cut".to_owned()),
                ..run("storm", "", "ws", "until the last is back", 20.0)
            },
        ];
        let text = table(&runs, "make bench-peers", "2026-11-25");
        for line in [
            "| Frontdesk, passed on | 5.00 (5.00 to 5.00) | – | – | – | – | 1.00 (1.00 to 1.00) | – |",
            "| Frontdesk, stored, synced, acknowledged | 25.0 (25.0 to 25.0) | – | – | – | – | – | – |",
            "| `ws`, Node | 15.0 (14.0 to 16.0) | – | – | – | – | – | – |",
            "Not measured here: Flask-SocketIO, gevent; Socket.IO, Node; Centrifuge, Go.",
            "One run of `storm ws` broke off and does not count: cut.",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
