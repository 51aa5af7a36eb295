//! Whether a cost is flat: the table in `GROWTH.md`.

use std::fmt::Write;

use super::spread::{Spread, groups};
use super::{Better, Run, short};

/// How far a median may lie from that of the smallest database.
const WITHIN: f64 = 0.10;
/// Whose runs these are.
const SCENARIO: &str = "growth";

/// The table of these runs, and whether all of it is flat. The first of a series is what the others are
/// measured by.
pub fn table(runs: &[Run], date: &str) -> (String, bool) {
    let first = runs.first().cloned().unwrap_or_default();
    let count = groups(runs).iter().map(|group| group.runs.len()).max().unwrap_or(0);
    let mut text = format!(
        "{date}, {}; `{}`; medians of {count} runs (least to most).\n\n\
         | stored | server CPU per durable message | against the first | |\n| --- | --: | --: | --- |\n",
        first.machine, first.command
    );
    for (variant, cost, change) in rows(runs) {
        let (change, verdict) = match change {
            None => ("–".to_owned(), ""),
            Some(change) if change > WITHIN => (percent(change), "grows"),
            Some(change) if change < -WITHIN => (percent(change), "cheaper"),
            Some(change) => (percent(change), "flat"),
        };
        let range =
            format!("{} ({} to {}) {}", short(cost.median), short(cost.least), short(cost.most), cost.unit);
        let _ = writeln!(text, "| {variant} | {range} | {change} | {verdict} |");
    }
    let is_flat = worst(runs).is_none_or(|worst| worst <= WITHIN);
    let goal = if is_flat { "Reached" } else { "Missed" };
    let _ = writeln!(text, "\n{goal}: no dearer by more than {:.0} %.", WITHIN * 100.0);
    (text, is_flat)
}

fn percent(change: f64) -> String {
    format!("{:+.0} %", change * 100.0)
}

/// What is stored, what a message costs, and by which share more than with the first of the series.
fn rows(runs: &[Run]) -> Vec<(String, Spread, Option<f64>)> {
    let mut base: Option<(String, f64)> = None;
    let mut rows = Vec::new();
    for group in groups(runs) {
        let Some(run) = group.runs.first().filter(|run| run.scenario == SCENARIO) else { continue };
        let Some(cost) = group.figure("server CPU per message") else { continue };
        let series = run.variant.rsplit(' ').next().unwrap_or_default().to_owned();
        let against = base.as_ref().filter(|(known, _)| *known == series);
        let change = against.map(|(_, first)| cost.median / first - 1.0);
        if change.is_none() {
            base = Some((series, cost.median));
        }
        rows.push((run.variant.clone(), cost, change));
    }
    rows
}

fn worst(runs: &[Run]) -> Option<f64> {
    rows(runs).into_iter().filter_map(|(.., change)| change).max_by(f64::total_cmp)
}

/// The largest growth among these runs, as a run of its own.
pub fn summary(runs: &[Run]) -> Option<Run> {
    let mut run = runs.iter().find(|run| run.scenario == SCENARIO)?.clone();
    (run.variant, run.figures, run.latency, run.ticks) = Default::default();
    run.figure("dearer at most by", worst(runs)? * 100.0, "%", Better::Less);
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(costs: &[(&str, f64)]) -> Vec<Run> {
        let run = |(variant, cost): &(&str, f64)| {
            let (scenario, variant) = (SCENARIO.to_owned(), (*variant).to_owned());
            let mut run = Run { scenario, variant, ..Run::default() };
            run.figure("server CPU per message", *cost, "µs", Better::Less);
            run
        };
        costs.iter().map(run).collect()
    }

    #[test]
    fn each_series_is_measured_by_its_first() {
        let costs = [
            ("10 conversations", 50.0),
            ("1,000 conversations", 54.0),
            ("10,000 events", 40.0),
            ("1,000,000 events", 30.0),
        ];
        let (text, is_flat) = table(&runs(&costs), "2026-11-25");
        assert!(is_flat);
        for line in [
            "| 10 conversations | 50.0 (50.0 to 50.0) µs | – |  |",
            "| 1,000 conversations | 54.0 (54.0 to 54.0) µs | +8 % | flat |",
            "| 10,000 events | 40.0 (40.0 to 40.0) µs | – |  |",
            "| 1,000,000 events | 30.0 (30.0 to 30.0) µs | -25 % | cheaper |",
            "Reached: no dearer by more than 10 %.",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let dearer = summary(&runs(&costs)).and_then(|run| run.value("dearer at most by"));
        assert!(dearer.is_some_and(|dearer| (dearer - 8.0).abs() < 1e-9), "{dearer:?}");
        assert_eq!(summary(&[]), None);
        let (text, is_flat) = table(&runs(&[("10 events", 50.0), ("100 events", 56.0)]), "2026-11-25");
        assert!(
            !is_flat && text.contains("| 100 events | 56.0 (56.0 to 56.0) µs | +12 % | grows |"),
            "{text}"
        );
    }
}
