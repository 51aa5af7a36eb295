//! Errors, told to a Sentry-compatible service.
//!
//! What is logged as an error becomes a report: its message (a sentence of ours), those of its fields that are
//! ours, and what a library said, scrubbed. Nothing waits for the service: reports go through a bounded queue, and
//! what finds no place there is counted.

mod event;
mod post;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::{TraceContextExt, TraceId};
use secrecy::{ExposeSecret, SecretString};
use sentry_core::types::Dsn;
use sentry_core::{Client, ClientOptions};
use tracing::callsite::Identifier;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::TelemetryError;
use event::{Fields, RequestOf};
use post::Post;

/// Of one place in the code so many reports are sent in [`HELD_FOR`]; the rest are counted, and told with the next.
const REPORTS_MAX: u32 = 5;
const HELD_FOR: Duration = Duration::from_secs(60);
/// How many places are remembered.
const PLACES_MAX: usize = 1_000;

/// What was reported of one place.
struct Told {
    since: Instant,
    times: u32,
}

/// Reports are on as long as this lives.
pub struct Reports {
    post: Post,
}

/// Makes reports of what is logged as an error.
pub struct ErrorLayer {
    client: Client,
    told: Mutex<HashMap<Identifier, Told>>,
}

impl Reports {
    /// Reports errors to the service of `dsn`. To be called within a runtime.
    ///
    /// # Errors
    /// A DSN that is none, or no HTTP client can be made.
    pub fn start(dsn: &SecretString, environment: &str) -> Result<(Self, ErrorLayer), TelemetryError> {
        let failed = |error: &dyn std::fmt::Display| TelemetryError::Reports(error.to_string());
        let dsn: Dsn = dsn.expose_secret().parse().map_err(|_| failed(&"SENTRY_DSN is none"))?;
        let agent = concat!("frontdesk/", env!("CARGO_PKG_VERSION"));
        let post = Post::start(&dsn, agent).map_err(|error| failed(&error))?;
        let mut options = ClientOptions::new()
            .release(concat!("frontdesk@", env!("CARGO_PKG_VERSION")))
            .environment(environment.to_owned())
            .default_integrations(false)
            .max_breadcrumbs(0)
            // The name of the machine may be the hotel's.
            .server_name("frontdesk")
            .user_agent(agent)
            .transport(post.transport());
        options.dsn = Some(dsn);
        let layer = ErrorLayer { client: Client::with_options(options), told: Mutex::default() };
        Ok((Self { post }, layer))
    }

    /// Waits until what was reported is sent, for a moment.
    pub async fn finish(self) {
        self.post.finish().await;
    }
}

/// Whether a DSN is one.
pub fn is_dsn(text: &str) -> bool {
    text.parse::<Dsn>().is_ok()
}

/// What the layer wants to see: errors, and the spans of requests.
pub fn wants(what: &Metadata<'_>) -> bool {
    if what.is_span() { what.name() == "http" } else { *what.level() == Level::ERROR }
}

impl ErrorLayer {
    /// `None`: this place has said it often enough for now. Otherwise how often it said it unheard.
    fn unheard(&self, place: Identifier) -> Option<u32> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= PLACES_MAX {
            told.retain(|_, told| told.since.elapsed() < HELD_FOR);
        }
        let entry = told.entry(place).or_insert_with(|| Told { since: Instant::now(), times: 0 });
        let mut unheard = 0;
        if entry.since.elapsed() >= HELD_FOR {
            unheard = entry.times.saturating_sub(REPORTS_MAX);
            *entry = Told { since: Instant::now(), times: 0 };
        }
        entry.times += 1;
        (entry.times <= REPORTS_MAX).then_some(unheard)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ErrorLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let (Some(span), Some(request)) = (context.span(id), RequestOf::of(attributes)) {
            span.extensions_mut().insert(request);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let Some(unheard) = self.unheard(event.metadata().callsite()) else {
            metrics::counter!("frontdesk_error_reports_total", "outcome" => "repeated").increment(1);
            return;
        };
        let mut fields = Fields::of(event);
        if unheard > 0 {
            fields.unheard(unheard);
        }
        let span = context.event_span(event);
        let traced = span.as_ref().and_then(|span| trace_of(&span.id()));
        let asked =
            || span.as_ref()?.scope().find_map(|span| Some(span.extensions().get::<RequestOf>()?.number()));
        let trace = traced.or_else(asked);
        self.client.capture_event(fields.report(event.metadata(), trace), None);
    }
}

/// The number of the trace that a span belongs to, where somebody traces.
fn trace_of(span: &Id) -> Option<u128> {
    let context = tracing::dispatcher::get_default(|on| tracing_opentelemetry::get_otel_context(span, on))?;
    let trace = context.span().span_context().trace_id();
    (trace != TraceId::INVALID).then(|| u128::from_be_bytes(trace.to_bytes()))
}
