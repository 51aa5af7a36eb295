//! What we want to reach, beside what was reached: the table in `FIGURES.md`, rewritten between two marks.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, ensure};

use super::spread::{Group, Spread, groups};
use super::{Better, Run, short};

/// The table stands between these lines.
const BEGIN: &str = "<!-- figures:begin -->";
const END: &str = "<!-- figures:end -->";

struct Goal {
    /// The title of the runs.
    of: &'static str,
    figure: &'static str,
    what: &'static str,
    goal: f64,
}

const fn goal(of: &'static str, figure: &'static str, what: &'static str, goal: f64) -> Goal {
    Goal { of, figure, what, goal }
}

/// For two cores.
const GOALS: [Goal; 23] = [
    goal("rooms typing", "server CPU per delivery", "`rooms`, not stored: CPU per delivery", 4.0),
    goal("rooms message", "server CPU per delivery", "`rooms`, stored: CPU per delivery, sync included", 8.0),
    goal("rooms typing", "bare write CPU", "no server, a frame written to a loopback socket: CPU", f64::NAN),
    goal("fanout typing", "server CPU per delivery", "`fanout` to 1,000: CPU per delivery", 0.45),
    goal("idle agents", "memory per socket", "`idle`: memory per socket", 8.0),
    goal("idle agents", "memory per socket", "`idle`: the same, as far as one could go", 4.0),
    goal("idle guests", "memory per socket", "`idle`: the same with a live conversation each", 12.0),
    goal("idle agents", "connect rate", "`idle`: connections taken", f64::NAN),
    goal("storm", "until the last is back", "`storm`: all back and resumed", 0.6),
    goal("ingest", "share of the bare writer", "`ingest`: durable messages, of a bare writer", 50.0),
    goal("ingest", "server CPU per message", "`ingest`: CPU per message, all in", 30.0),
    goal("ingest", "bare writer CPU", "no server, a row of the bare writer: CPU", f64::NAN),
    goal("ingest", "message rate", "`ingest`: durable messages a second", f64::NAN),
    goal("latency", "last reader p50 beyond a sync", "`latency`: p50 to the last reader, less one sync", 1.0),
    goal("latency", "last reader p99", "`latency`: p99 to the last reader", 20.0),
    goal("live", "memory per conversation", "`live`: memory per live conversation", 4.0),
    goal("live", "memory, all live", "`live`: a server with 100,000 live conversations", 600.0),
    goal("growth", "dearer at most by", "`growth`: a message over much more stored, dearer by", 10.0),
    goal("start", "ready", "`start` with 100,000 conversations", 250.0),
    goal("dashboard", "server CPU per request", "`dashboard`: CPU per request", f64::NAN),
    goal("dashboard", "answer p99", "`dashboard`: p99 of an answer", f64::NAN),
    goal("whatsapp", "server CPU per message", "`whatsapp`: CPU per signed message, stored", f64::NAN),
    goal("ai", "server CPU per turn", "`ai`: CPU per streamed answer", f64::NAN),
];

/// The table of these runs.
pub fn table(runs: &[Run], command: &str, date: &str) -> String {
    let machine = runs.first().map_or("", |run| run.machine.as_str());
    let count = groups(runs).iter().map(|group| group.runs.len()).max().unwrap_or(0);
    let mut text = format!(
        "{date}, {machine}; `{command}`; medians of {count} runs (least to most).\n\n\
         | what | goal | measured | |\n| --- | --: | --: | --- |\n"
    );
    let groups = groups(runs);
    for goal in &GOALS {
        let found = groups.iter().find(|group| group.title() == goal.of);
        let _ = writeln!(text, "{}", row(goal, found));
    }
    text
}

fn row(goal: &Goal, group: Option<&Group<'_>>) -> String {
    let what = goal.what;
    let Some(found) = group.and_then(|group| group.figure(goal.figure)) else {
        return format!("| {what} | {} | not measured | |", aim(goal.goal, Better::Less, ""));
    };
    let unit = &found.unit;
    let range = format!("{} ({} to {}) {unit}", short(found.median), short(found.least), short(found.most));
    format!("| {what} | {} | {range} | {} |", aim(goal.goal, found.better, unit), verdict(goal.goal, &found))
}

fn aim(goal: f64, better: Better, unit: &str) -> String {
    let sign = if better == Better::More { "≥" } else { "≤" };
    if goal.is_nan() {
        "–".to_owned()
    } else {
        format!("{sign} {} {unit}", short(goal)).trim_end().to_owned()
    }
}

fn verdict(goal: f64, found: &Spread) -> String {
    let ratio = match found.better {
        _ if goal.is_nan() => return String::new(),
        Better::More => goal / found.median,
        _ => found.median / goal,
    };
    if ratio <= 1.0 { "reached".to_owned() } else { format!("missed: × {ratio:.1}") }
}

/// Puts the table into a page, between its marks.
///
/// # Errors
/// There is no such page, or it has no marks.
pub fn rewrite(page: &Path, table: &str) -> anyhow::Result<()> {
    let name = page.display();
    let old = std::fs::read_to_string(page).with_context(|| format!("{name} cannot be read"))?;
    let new = between(&old, table);
    ensure!(new.is_some(), "{name} has no lines `{BEGIN}` and `{END}` for the table to stand between");
    std::fs::write(page, new.unwrap_or_default()).with_context(|| format!("{name} cannot be written"))
}

fn between(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_are_said() {
        let mut rooms = Run { scenario: "rooms".to_owned(), variant: "typing".to_owned(), ..Run::default() };
        rooms.figure("server CPU per delivery", 6.0, "µs", Better::Less);
        let mut ingest = Run { scenario: "ingest".to_owned(), ..Run::default() };
        ingest.figure("share of the bare writer", 61.0, "%", Better::More);
        ingest.figure("message rate", 21_000.0, "/s", Better::More);
        let text = table(&[rooms, ingest], "make bench", "2026-11-25");
        for line in [
            "| `rooms`, not stored: CPU per delivery | ≤ 4.00 µs | 6.00 (6.00 to 6.00) µs | missed: × 1.5 |",
            "| `ingest`: durable messages, of a bare writer | ≥ 50.0 % | 61.0 (61.0 to 61.0) % | reached |",
            "| `ingest`: durable messages a second | – | 21,000 (21,000 to 21,000) /s |  |",
            "| `storm`: all back and resumed | ≤ 0.60 | not measured | |",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = between(&page, "new\n").expect("marks");
        assert_eq!(new, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert_eq!(between(&new, "new\n"), Some(new.clone()));
        assert_eq!(between("no marks", "new"), None);
    }
}
