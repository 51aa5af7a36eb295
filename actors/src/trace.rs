//! Where something that happens belongs in a trace: from a client's frame through its conversation, the commit,
//! the model and the delivery.
//!
//! The spans are of a target and level that nothing records unless traces are wanted: then each costs one look
//! at a flag. What is carried along is no span but its place, so that a turn that begins seconds later still
//! belongs to the message that it answers, and nothing is held open meanwhile.

use std::sync::OnceLock;

use tracing::Span;

/// The target of all spans; their level is `TRACE`.
pub const TARGET: &str = "frontdesk::trace";

/// Begins a span that belongs to no other.
#[macro_export]
macro_rules! trace_span {
    ($($rest:tt)+) => {
        tracing::trace_span!(target: $crate::trace::TARGET, parent: None, $($rest)+)
    };
}

/// A place in a trace: a span, by its trace's number and its own, and whether the trace is one that is sent.
pub type Place = ([u8; 16], [u8; 8], bool);

/// Who knows the places of spans.
pub trait Tracer: Send + Sync {
    /// The place of a span.
    fn place(&self, span: &Span) -> Option<Place>;
    /// The span belongs below this place. To be said before it is entered.
    fn put(&self, span: &Span, below: Place);
}

static TRACER: OnceLock<Box<dyn Tracer>> = OnceLock::new();

/// Says who knows. Once in a process, where traces are wanted.
pub fn install(tracer: Box<dyn Tracer>) {
    // A second one changes nothing: spans of the first are under way.
    let _ = TRACER.set(tracer);
}

/// What is carried along: a place, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace(Option<Place>);

impl Trace {
    /// The place of a span; nothing where nobody records it.
    pub fn of(span: &Span) -> Self {
        if span.is_disabled() {
            return Self(None);
        }
        Self(TRACER.get().and_then(|tracer| tracer.place(span)))
    }

    /// The place of the span that this task is in.
    pub fn current() -> Self {
        if TRACER.get().is_none() { Self(None) } else { Self::of(&Span::current()) }
    }

    /// True if there is a place.
    pub fn is_some(self) -> bool {
        self.0.is_some()
    }

    /// Puts a new span below this place.
    #[must_use]
    pub fn adopt(self, span: Span) -> Span {
        if let (Some(place), Some(tracer)) = (self.0, TRACER.get())
            && !span.is_disabled()
        {
            tracer.put(&span, place);
        }
        span
    }
}
