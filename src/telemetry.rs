//! Logs and metrics.
//!
//! Fields in logs: `request` (id), `method`, `route` (the pattern, never the address itself), `status`,
//! `millis`, `property`, `conversation`, `agent`, `turn`, `error`. Never a guest's words, phone number,
//! address or token, and never a query string.

mod metrics;
mod process;
pub mod table;
#[cfg(test)]
mod tests;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogStyle, Telemetry};

pub use metrics::{Looked, render, start_metrics, upkeep};

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
