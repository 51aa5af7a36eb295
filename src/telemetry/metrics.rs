//! The numbers: described from the table, and those of them that are looked up when somebody asks.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use frontdesk_actors::metering;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::TelemetryError;
use super::process::Process;
use super::table::{Kind, METRICS, Metric};

/// How often what was measured is put into its histogram; until then each value takes memory of its own.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Panics of this process. A number of its own, for they may come before there are metrics.
pub(super) static PANICS: AtomicU64 = AtomicU64::new(0);

/// Turns metrics on. Once in a process. [`upkeep`] must run as long as it does.
///
/// # Errors
/// When they are on already.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Kind::Histogram(edges) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), edges)?;
        }
    }
    let handle = builder.install_recorder()?;
    METRICS.iter().filter(|metric| !metric.name.starts_with("process_")).for_each(begin);
    metrics::gauge!("frontdesk_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Describes a metric, and has it say 0 before anything has happened: what is not there raises no alert.
fn begin(metric: &Metric) {
    let (name, help) = (metric.name, metric.help);
    match metric.kind {
        Kind::Counter => metrics::describe_counter!(name, help),
        Kind::Gauge => metrics::describe_gauge!(name, help),
        Kind::Histogram(_) => metrics::describe_histogram!(name, help),
    }
    for labels in combinations(metric) {
        match metric.kind {
            Kind::Counter => metrics::counter!(name, labels).increment(0),
            Kind::Gauge => metrics::gauge!(name, labels).set(0.0),
            Kind::Histogram(_) => drop(metrics::histogram!(name, labels)),
        }
    }
}

/// Every combination of a metric's labels; none, where a label's values come as they come.
fn combinations(metric: &Metric) -> Vec<Vec<metrics::Label>> {
    let mut all = vec![Vec::new()];
    for label in metric.labels {
        let with = |labels: &Vec<metrics::Label>, value: &&'static str| {
            let mut labels = labels.clone();
            labels.push(metrics::Label::from_static_parts(label.name, value));
            labels
        };
        all = all.iter().flat_map(|labels| label.values.iter().map(|value| with(labels, value))).collect();
    }
    all
}

/// Keeps what was measured small. For ever.
pub async fn upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        handle.run_upkeep();
    }
}

/// What is looked up rather than counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked {
    /// Live sessions of guests.
    pub guest_sessions: u64,
    /// Live logins of agents.
    pub agent_sessions: u64,
    /// Size of the database file.
    pub database_bytes: u64,
    /// Size of its write-ahead log.
    pub log_bytes: u64,
    /// Connections that read, and how many there may be.
    pub readers: (usize, usize),
    /// Uploads under way, and how many there may be.
    pub uploads: (usize, usize),
    /// Codes on their way over WhatsApp, and how many there may be.
    pub link_codes: (usize, usize),
    /// Passwords that are looked at or wait, and how many there may be.
    pub passwords: (usize, usize),
    /// Messages of guests that are not answered yet, and how many there may be.
    pub guest_messages: (usize, usize),
}

/// The text of `/metrics`.
#[expect(clippy::cast_precision_loss, reason = "sizes and counts far below 2^52")]
pub fn render(handle: &PrometheusHandle, looked: &Looked) -> String {
    metrics::gauge!("frontdesk_sessions", "of" => "guest").set(looked.guest_sessions as f64);
    metrics::gauge!("frontdesk_sessions", "of" => "agent").set(looked.agent_sessions as f64);
    metrics::gauge!("frontdesk_database_bytes", "file" => "database").set(looked.database_bytes as f64);
    metrics::gauge!("frontdesk_database_bytes", "file" => "log").set(looked.log_bytes as f64);
    for (name, (length, max)) in [
        ("readers", looked.readers),
        ("uploads", looked.uploads),
        ("link_codes", looked.link_codes),
        ("passwords", looked.passwords),
        ("guest_messages", looked.guest_messages),
    ] {
        metering::queue(name, length, max);
    }
    metrics::counter!("frontdesk_panics_total").absolute(PANICS.load(Ordering::Relaxed));
    let runtime = tokio::runtime::Handle::current().metrics();
    metrics::gauge!("frontdesk_runtime_workers").set(metering::count(runtime.num_workers()));
    metrics::gauge!("frontdesk_runtime_tasks").set(metering::count(runtime.num_alive_tasks()));
    metrics::gauge!("frontdesk_runtime_queue").set(metering::count(runtime.global_queue_depth()));
    let mut text = handle.render();
    if let Some(process) = Process::look() {
        for (name, value) in process.values() {
            let Some(metric) = METRICS.iter().find(|metric| metric.name == name) else { continue };
            let kind = if metric.kind == Kind::Counter { "counter" } else { "gauge" };
            let _ = write!(text, "# HELP {name} {}\n# TYPE {name} {kind}\n{name} {value}\n\n", metric.help);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_of_labels() {
        let count = |name: &str| {
            METRICS.iter().find(|metric| metric.name == name).map(|metric| combinations(metric).len())
        };
        assert_eq!(count("frontdesk_commits_total"), Some(1));
        assert_eq!(count("frontdesk_refusals_total"), Some(22));
        assert_eq!(count("frontdesk_http_request_seconds"), Some(0));
    }
}
