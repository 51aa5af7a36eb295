//! Logs and metrics.
//!
//! Fields in logs: `request` (id), `method`, `route` (the pattern, never the address itself), `status`,
//! `millis`, `property`, `conversation`, `agent`, `turn`, `error`. Never a guest's words, phone number,
//! address or token, and never a query string.

mod metrics;
mod panics;
mod process;
mod reports;
pub mod table;
#[cfg(test)]
mod tests;
mod traces;

use std::io::IsTerminal;

use frontdesk_actors::trace::TARGET;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{LogStyle, Telemetry};

pub use metrics::{Looked, render, start_metrics, upkeep};
pub use panics::said;
use reports::Reports;
pub use reports::is_dsn;
use traces::Traces;

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Logs.
    #[error("logs cannot be set up: {0}")]
    Logs(#[from] tracing_subscriber::util::TryInitError),
    /// Error tracking.
    #[error("errors cannot be reported: {0}")]
    Reports(String),
    /// Traces.
    #[error("traces cannot be sent: {0}")]
    Traces(String),
    /// Metrics.
    #[error("metrics cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// What tells others of this process, as long as it lives.
pub struct Telling {
    reports: Option<Reports>,
    traces: Option<Traces>,
}

impl Telling {
    /// Sends what is left, for a moment.
    pub async fn finish(self) {
        if let Some(reports) = self.reports {
            reports.finish().await;
        }
        if let Some(traces) = self.traces {
            // It blocks until its thread is done.
            let _ = tokio::task::spawn_blocking(|| traces.finish()).await;
        }
    }
}

/// Turns logs on, and error reports and traces where they are wanted. Once in a process, within its runtime.
///
/// # Errors
/// When they are on already, or cannot be.
pub fn start_logs(settings: &Telemetry) -> Result<Telling, TelemetryError> {
    // Both may speak TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let terminal = std::io::stderr().is_terminal();
    let style = settings.log.unwrap_or(if terminal { LogStyle::Pretty } else { LogStyle::Json });
    let filter = EnvFilter::new(&settings.filter);
    let reports = match &settings.sentry_dsn {
        Some(dsn) => Some(Reports::start(dsn, &settings.sentry_environment)?),
        None => None,
    };
    let traces = match &settings.otlp_endpoint {
        Some(endpoint) => Some(Traces::start(endpoint, settings.trace_percent)?),
        None => None,
    };
    let spans = traces.as_ref().map(|traces| {
        let wanted =
            |what: &Metadata<'_>| what.is_span() && (what.target() == TARGET || what.name() == "http");
        let wanted = filter_fn(wanted).with_max_level_hint(LevelFilter::TRACE);
        // Where in the code and on which thread says nothing that the name does not.
        let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer());
        layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_filter(wanted)
    });
    let (reports, errors) = reports.unzip();
    let errors = errors
        .map(|layer| layer.with_filter(filter_fn(reports::wants).with_max_level_hint(LevelFilter::INFO)));
    let registry = tracing_subscriber::registry();
    if spans.is_none() && errors.is_none() {
        // One filter for all: what nobody wants costs a look at a flag.
        registry.with(filter).with(lines(style, terminal)).try_init()?;
    } else {
        // Spans first: a report names the trace that its span belongs to.
        let lines = lines(style, terminal).with_filter(filter);
        registry.with(spans).with(errors).with(lines).try_init()?;
    }
    panics::watch_panics();
    Ok(Telling { reports, traces })
}

/// What is logged, as lines.
fn lines<S>(style: LogStyle, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match style {
        LogStyle::Pretty => lines.with_ansi(terminal).compact().boxed(),
        LogStyle::Json => lines.json().flatten_event(true).boxed(),
    }
}
