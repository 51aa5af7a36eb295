//! Logs and metrics.
//!
//! Fields in logs: `request` (id), `method`, `route` (the pattern, never the address itself), `status`,
//! `millis`, `property`, `conversation`, `agent`, `turn`, `error`. Never a guest's words, phone number,
//! address or token, and never a query string.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogStyle, Telemetry};

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Logs.
    #[error("logs cannot be set up: {0}")]
    Logs(#[from] tracing_subscriber::util::TryInitError),
    /// Metrics.
    #[error("metrics cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// The edges of the histograms of durations, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Turns logs on. Once in a process.
///
/// # Errors
/// When they are on already.
pub fn start_logs(settings: &Telemetry) -> Result<(), TelemetryError> {
    let terminal = std::io::stderr().is_terminal();
    let style = settings.log.unwrap_or(if terminal { LogStyle::Pretty } else { LogStyle::Json });
    let registry = tracing_subscriber::registry().with(EnvFilter::new(&settings.filter));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match style {
        LogStyle::Pretty => registry.with(lines.with_ansi(terminal).compact()).try_init()?,
        LogStyle::Json => registry.with(lines.json().flatten_event(true)).try_init()?,
    }
    Ok(())
}

/// Turns metrics on. Once in a process. Whoever holds the handle calls its `run_upkeep` now and then.
///
/// # Errors
/// When they are on already.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    metrics::describe_counter!("http_requests_total", "Requests by method, route and status");
    metrics::describe_histogram!("http_request_seconds", "Time to the answer, by route");
    metrics::describe_gauge!("websockets_open", "WebSocket connections that are open");
    Ok(handle)
}
