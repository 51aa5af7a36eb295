//! The table against the code that counts, and against the files that read what was counted.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::table::{METRICS, metric};

/// The words in a text that begin like a metric's name.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("frontdesk_") || word.starts_with("process_")).collect()
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("telemetry/table.rs") {
            found.push(fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn every_metric_that_is_counted_is_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    sources(&root.join("src"), &mut texts);
    sources(&root.join("actors/src"), &mut texts);
    let mut seen = BTreeSet::new();
    for text in &texts {
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            for (at, _) in text.match_indices(kind) {
                let rest = text[at + kind.len()..].trim_start();
                let name = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
                seen.extend(name.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())));
            }
        }
    }
    assert!(seen.len() > 40, "{}", seen.len());
    for name in &seen {
        let known = METRICS.iter().any(|metric| metric.name == *name);
        assert!(known, "{name} has no row in src/telemetry/table.rs");
    }
    for metric in METRICS.iter().filter(|metric| !metric.name.starts_with("process_")) {
        assert!(seen.contains(metric.name), "{} is in the table, but nothing counts it", metric.name);
    }
}

#[test]
fn names_are_alike() {
    let mut all: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), METRICS.len(), "each once");
    for metric in METRICS {
        let name = metric.name;
        assert!(name.starts_with("frontdesk_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), metric.kind == super::table::Kind::Counter, "{name}");
        assert!(!metric.help.is_empty() && !metric.help.ends_with('.'), "{name}");
    }
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_there_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deploy");
    for (file, least) in [("grafana.json", 35), ("alerts.yml", 18)] {
        let text = fs::read_to_string(folder.join(file)).expect(file);
        let names = names(&text);
        assert!(names.len() >= least, "{file} names {}", names.len());
        for name in names {
            assert!(metric(name).is_some(), "{file} names {name}, which there is not");
        }
    }
    let board = fs::read_to_string(folder.join("grafana.json")).expect("text");
    let board: serde_json::Value = serde_json::from_str(&board).expect("JSON");
    let panels = board["panels"].as_array().expect("panels");
    let asks = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    assert!(asks.clone().count() >= 40 && asks.clone().all(|ask| ask["expr"].is_string()));
}
