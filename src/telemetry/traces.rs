//! Traces, sent to a collector by OTLP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_actors::trace::{self, Place};
use http::{Request, Response};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::TelemetryError;

/// How long the collector may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the last spans may take at the end.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Traces are on as long as this lives.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Sends spans to the collector at `endpoint`, of so many of a hundred traces. To be called within a runtime.
    ///
    /// # Errors
    /// When the exporter cannot be made.
    pub fn start(endpoint: &str, percent: u32) -> Result<Self, TelemetryError> {
        let failed = |error: &dyn std::fmt::Display| TelemetryError::Traces(error.to_string());
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| failed(&error))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector { http, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .build()
            .map_err(|error| failed(&error))?;
        let resource = Resource::builder().with_service_name("frontdesk");
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let share = Sampler::TraceIdRatioBased(f64::from(percent.min(100)) / 100.0);
        // Spans wait in a bounded queue, and are sent by a thread of the library's own.
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_resource(resource.with_attribute(version).build())
            .build();
        trace::install(Box::new(Places));
        Ok(Self { provider })
    }

    /// Who makes the spans.
    pub fn tracer(&self) -> opentelemetry_sdk::trace::SdkTracer {
        self.provider.tracer("frontdesk")
    }

    /// Sends what is left. Blocks.
    pub fn finish(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(END_WITHIN) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// The places of spans, as the library keeps them.
struct Places;

impl trace::Tracer for Places {
    fn place(&self, span: &Span) -> Option<Place> {
        let context = span.context();
        let at = context.span().span_context().clone();
        let (trace, own) = (at.trace_id().to_bytes(), at.span_id().to_bytes());
        at.is_valid().then(|| (trace, own, at.is_sampled()))
    }

    fn put(&self, span: &Span, (trace, parent, sent): Place) {
        let place = SpanContext::new(
            TraceId::from_bytes(trace),
            SpanId::from_bytes(parent),
            if sent { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED },
            true,
            TraceState::default(),
        );
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(place));
    }
}

/// The collector. The exporter's thread has no runtime: requests run on ours.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let request = http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let answer = sent.await.map_err(HttpError::from)?;
        let outcome =
            if answer.as_ref().is_ok_and(|(status, _)| status.is_success()) { "sent" } else { "failed" };
        metrics::counter!("frontdesk_trace_exports_total", "outcome" => outcome).increment(1);
        let (status, body) = answer?;
        Ok(Response::builder().status(status).body(body)?)
    }
}
