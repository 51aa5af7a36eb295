//! What a report says.

use std::collections::BTreeMap;
use std::fmt::Debug;

use frontdesk_domain::scrub::scrub;
use sentry_core::protocol::{Context, Event, Exception, Level, SpanId, TraceContext, TraceId};
use tracing::Metadata;
use tracing::field::{Field, Visit};
use tracing::span::Attributes;
use uuid::Uuid;

/// The fields whose values are our own words, ids and numbers. What another field holds is not told, but for
/// `error`, which is scrubbed.
const TOLD: &[&str] = &[
    "actor",
    "bytes",
    "child",
    "code",
    "conversation",
    "fault",
    "items",
    "millis",
    "percent",
    "place",
    "property",
    "reason",
    "request",
    "rest_ms",
    "route",
    "status",
    "turn",
];
/// The longest value.
const VALUE_CHARS: usize = 200;

/// The number of a request, kept with its span.
pub(super) struct RequestOf(Uuid);

impl RequestOf {
    /// The number in the field `request`, where there is one.
    pub(super) fn of(attributes: &Attributes<'_>) -> Option<Self> {
        struct Find(Option<Uuid>);
        impl Visit for Find {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "request" {
                    self.0 = Uuid::parse_str(&format!("{value:?}")).ok();
                }
            }
        }
        let mut find = Find(None);
        attributes.record(&mut find);
        find.0.map(Self)
    }

    /// As a trace's number: where nobody traces, the request's own number says which lines belong together.
    pub(super) fn number(&self) -> u128 {
        self.0.as_u128()
    }
}

/// The fields of something logged.
#[derive(Default)]
pub(super) struct Fields {
    message: String,
    error: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = scrub(&text),
            "error" | "refusal" => self.error = Some(scrub(&text)),
            name if TOLD.contains(&name) => {
                let short: String = scrub(&text).chars().take(VALUE_CHARS).collect();
                self.tags.insert(name.to_owned(), short);
            }
            _ => {}
        }
    }
}

impl Fields {
    /// Those of an event.
    pub(super) fn of(event: &tracing::Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }

    /// So many were held back before this one.
    pub(super) fn unheard(&mut self, times: u32) {
        self.tags.insert("held_back".to_owned(), times.to_string());
    }

    /// The report.
    pub(super) fn report(self, what: &Metadata<'_>, trace: Option<u128>) -> Event<'static> {
        let place = (what.file(), what.line());
        let mut event = Event { level: Level::Error, ..Event::default() };
        event.logger = Some(what.target().to_owned());
        event.exception =
            vec![Exception { ty: self.message, value: self.error, ..Exception::default() }].into();
        event.tags.extend(self.tags);
        if let (Some(file), Some(line)) = place {
            event.culprit = Some(format!("{file}:{line}"));
        }
        if let Some((trace, context)) = trace.and_then(|number| Some((number, context(number)?))) {
            event.tags.insert("trace".to_owned(), format!("{trace:032x}"));
            event.contexts.insert("trace".to_owned(), Context::Trace(Box::new(context)));
        }
        event
    }
}

fn context(number: u128) -> Option<TraceContext> {
    let trace_id: TraceId = format!("{number:032x}").parse().ok()?;
    Some(TraceContext { trace_id, span_id: SpanId::default(), ..TraceContext::default() })
}
