//! Numbers that several actors report alike. What they are called is listed in the process's table of metrics.

use std::sync::LazyLock;
use std::time::Instant;

use frontdesk_domain::refusal::Code;
use metrics::Histogram;

/// Looked up once: it is written to for every command.
static ACK: LazyLock<Histogram> = LazyLock::new(|| metrics::histogram!("frontdesk_ack_seconds"));

/// Says how full something is that has a bound.
pub fn queue(name: &'static str, length: usize, max: usize) {
    metrics::gauge!("frontdesk_queue", "queue" => name).set(count(length));
    metrics::gauge!("frontdesk_queue_max", "queue" => name).set(count(max));
}

/// Counts something refused. `via`: `socket` or `http`.
pub fn refused(via: &'static str, code: Code) {
    metrics::counter!("frontdesk_refusals_total", "via" => via, "code" => code.as_str()).increment(1);
}

/// A command of a client was acknowledged that was taken up at `since`.
pub fn acknowledged(since: Instant) {
    ACK.record(since.elapsed().as_secs_f64());
}

/// A number of things as a gauge takes it.
pub fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}
