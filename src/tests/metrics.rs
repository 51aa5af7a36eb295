//! What `/metrics` prints: all of the table, nothing else, and nothing of a guest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use frontdesk::telemetry::table::{Kind, METRICS, metric};
use serde_json::json;

use crate::support::{Ai, Client, Server};

/// A line with a number.
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (named, value) = line.rsplit_once(' ').expect(line);
            let (name, labels) = named.split_once('{').unwrap_or((named, ""));
            let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
            let labels = labels.map(|label| {
                let (name, value) = label.split_once('=').expect(line);
                (name.to_owned(), value.trim_matches('"').to_owned())
            });
            Sample { name: name.to_owned(), labels: labels.collect(), value: value.parse().expect(line) }
        })
        .collect()
}

pub async fn scrape(server: &Server) -> String {
    let caller = server.caller();
    let answer = caller.http.get(caller.url("/metrics")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// Waits until a metric with these labels is what it should be.
async fn becomes(server: &Server, name: &str, label: &str, fits: impl Fn(f64) -> bool) {
    let mut seen = None;
    for _ in 0..500 {
        let all = samples(&scrape(server).await);
        let found = all.iter().find(|sample| {
            sample.name == name && (label.is_empty() || sample.labels.values().any(|value| value == label))
        });
        seen = found.map(|sample| sample.value);
        if seen.is_some_and(&fits) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{name} {label}: {seen:?}");
}

/// Debian's package `prometheus` has it; where it is not, that is said.
fn promtool(check: &str, input: &str) {
    let child = Command::new("promtool")
        .args(["check", check])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return println!("skipped: there is no promtool here") };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "promtool check {check}: {said}");
    if check == "metrics" {
        assert_eq!(said.trim(), "", "promtool has something to say");
    }
}

#[tokio::test]
async fn what_is_printed_is_the_table() {
    let ai = Ai::start("text=from seven", &[("FRONTDESK_METRICS_TOKEN", "")]).await;
    let server = &ai.server;
    let (guest, mut page) = server.guest_page().await;
    let (mut admin, mut desk) = server.dashboard().await;
    desk.open(&guest.conversation, None).await;
    page.done(json!({"type":"send","id":"g1","text":"Kanarienvogel, when is breakfast?"})).await;
    page.find("the answer", |frame| frame["kind"] == "message" && frame["by"]["kind"] == "ai").await;
    page.refused(json!({"type":"send","id":"g2","text":""})).await;
    admin.get("/api/conversations/nothing").await;
    let mut stranger = Client::connect(&server.address, "/ws/guest").await;
    stranger.send(json!({"type":"hello","token":"wrong"})).await;
    assert_eq!(stranger.end().await, 4401);
    becomes(server, "frontdesk_ai_calls_total", "said", |value| value == 1.0).await;

    let text = scrape(server).await;
    promtool("metrics", &text);
    assert!(!text.contains("Kanarienvogel") && !text.contains(&guest.conversation), "{text}");
    let mut typed = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let metric = metric(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        let wanted = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!(kind, wanted, "{name}");
        assert!(text.contains(&format!("# HELP {name} {}", metric.help)), "{name} is not described");
        typed.insert(name);
    }
    for metric in METRICS {
        let comes_later = metric.labels.iter().any(|label| label.values.is_empty());
        assert!(comes_later || typed.contains(metric.name), "{} is not printed", metric.name);
    }
    let all = samples(&text);
    for sample in &all {
        let metric = metric(&sample.name).unwrap_or_else(|| panic!("{} is not in the table", sample.name));
        let names: Vec<&str> = metric.labels.iter().map(|label| label.name).collect();
        for (name, value) in sample.labels.iter().filter(|(name, _)| *name != "le") {
            assert!(names.contains(&name.as_str()), "{}{{{name}}}", sample.name);
            let label = metric.labels.iter().find(|label| label.name == name).unwrap();
            assert!(label.values.is_empty() || label.values.contains(&value.as_str()), "{name}={value}");
            let plain = value.len() <= 60
                && value.chars().all(|c| c.is_ascii_alphanumeric() || "_/{}*.-".contains(c));
            assert!(plain && uuid::Uuid::parse_str(value).is_err(), "{}: {name}={value}", sample.name);
        }
    }
    let of = |name: &str, label: &str| {
        let fits = |sample: &&Sample| {
            sample.name == name && (label.is_empty() || sample.labels.values().any(|value| value == label))
        };
        let values = all.iter().filter(fits).map(|sample| sample.value);
        values.reduce(f64::max).unwrap_or_else(|| panic!("{name} {label}"))
    };
    for max in all.iter().filter(|sample| sample.name == "frontdesk_queue_max" && sample.value > 0.0) {
        let queue = &max.labels["queue"];
        assert!(of("frontdesk_queue", queue) <= max.value, "{queue} is beyond its bound");
    }
    for (name, label, least) in [
        ("frontdesk_sockets", "guest", 1.0),
        ("frontdesk_sockets", "agent", 1.0),
        ("frontdesk_connections", "", 2.0),
        ("frontdesk_sessions", "guest", 1.0),
        ("frontdesk_sessions", "agent", 1.0),
        ("frontdesk_conversations", "", 0.0),
        ("frontdesk_frames_total", "", 3.0),
        ("frontdesk_socket_written_bytes_total", "", 100.0),
        ("frontdesk_socket_closes_total", "4401", 1.0),
        ("frontdesk_refusals_total", "bad_text", 1.0),
        ("frontdesk_refusals_total", "not_found", 1.0),
        ("frontdesk_ack_seconds_count", "", 1.0),
        ("frontdesk_commit_seconds_count", "", 2.0),
        ("frontdesk_commit_group_size_count", "", 2.0),
        ("frontdesk_commits_total", "", 2.0),
        ("frontdesk_database_bytes", "database", 4096.0),
        ("frontdesk_queue_max", "writes", 8192.0),
        ("frontdesk_queue_max", "ai_turns", 1000.0),
        ("frontdesk_ai_first_word_seconds_count", "", 1.0),
        ("frontdesk_ai_call_seconds_count", "", 1.0),
        ("frontdesk_ai_tokens_total", "prompt", 1.0),
        ("frontdesk_runtime_workers", "", 1.0),
        ("frontdesk_runtime_tasks", "", 3.0),
        ("process_resident_memory_bytes", "", 1e6),
        ("process_cpu_seconds_total", "", 0.0),
        ("process_open_fds", "", 5.0),
    ] {
        assert!(of(name, label) >= least, "{name} {label}: {}", of(name, label));
    }
    drop(page);
    becomes(server, "frontdesk_sockets", "guest", |value| value == 0.0).await;
    becomes(server, "frontdesk_socket_closes_total", "gone", |value| value >= 1.0).await;
}

#[test]
fn the_alert_rules_are_rules() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/src/deploy/alerts.yml");
    match Command::new("promtool").args(["check", "rules", rules]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("skipped: there is no promtool here"),
    }
}
