//! Every metric, in one table: what `/metrics` prints is described from it, and compared with it by tests.
//!
//! Labels take few values, none of which comes from a guest: no words, names, numbers or ids.

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often it was within each of these edges.
    Histogram(&'static [f64]),
}

/// A label and the values that it takes.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values, all of them there from the start; none: they come as they come, from our own words.
    pub values: &'static [&'static str],
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [Label],
    /// What it says.
    pub help: &'static str,
}

const fn counter(name: &'static str, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, help }
}

const fn histogram(
    name: &'static str,
    edges: &'static [f64],
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(edges), labels, help }
}

const fn label(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values }
}

/// From a sync of a fast disk to a turn of a slow model, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Commits in one transaction.
const GROUPS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Everything that has a bound.
const QUEUES: &[Label] = &[label(
    "queue",
    &[
        "writes",
        "readers",
        "ai_turns",
        "ai_calls",
        "whatsapp_lines",
        "whatsapp_sends",
        "whatsapp_parcels",
        "uploads",
        "link_codes",
        "passwords",
        "guest_messages",
    ],
)];
const CODES: &[&str] = &[
    "bad_frame",
    "bad_text",
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "too_large",
    "rate_limited",
    "overloaded",
    "unavailable",
    "internal",
];
const CLOSES: &[&str] = &[
    "1000", "1001", "1002", "1003", "1007", "1009", "1011", "4400", "4401", "4403", "4408", "4429", "4503",
    "none", "other", "gone",
];
const ACTORS: &[&str] = &[
    "conversation",
    "socket",
    "conversations",
    "sockets",
    "inbox",
    "pulse",
    "web_ingress",
    "ai_pool",
    "whatsapp_media",
    "whatsapp_ingress",
    "whatsapp_outbox",
];
const OPEN: &[&str] = &[];

/// All of them.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    // The process.
    gauge("frontdesk_build_info", &[label("version", OPEN)], "Always 1; the label names the version that runs"),
    gauge("frontdesk_runtime_workers", &[], "Threads that run tasks"),
    gauge("frontdesk_runtime_tasks", &[], "Tasks that are alive"),
    gauge("frontdesk_runtime_queue", &[], "Tasks that wait for a thread"),
    counter("frontdesk_panics_total", &[], "Panics, each of which ended one task or request and nothing else"),
    counter("process_cpu_seconds_total", &[], "CPU time used, of the process and the system for it"),
    gauge("process_resident_memory_bytes", &[], "Memory that is resident"),
    gauge("process_open_fds", &[], "File descriptors that are open"),
    gauge("process_max_fds", &[], "File descriptors that may be open"),
    gauge("process_start_time_seconds", &[], "When the process began, in seconds since 1970"),

    // Everything with a bound.
    gauge("frontdesk_queue", QUEUES, "How much waits or is under way, of what has a bound"),
    gauge("frontdesk_queue_max", QUEUES, "The bound; beyond it is refused as overloaded, or waits at its source"),

    // HTTP and sockets.
    counter("frontdesk_http_requests_total", &[label("method", OPEN), label("route", OPEN), label("status", OPEN)], "Requests by method, route and status"),
    histogram("frontdesk_http_request_seconds", SECONDS, &[label("route", OPEN)], "Time to the answer, by route"),
    counter("frontdesk_tls_handshakes_failed_total", &[], "Connections whose TLS handshake came to nothing"),
    counter("frontdesk_certificates_total", &[label("outcome", &["new", "failed"])], "Certificates got from an authority, and tries that came to nothing"),
    gauge("frontdesk_connections", &[], "WebSocket connections that are open"),
    gauge("frontdesk_sockets", &[label("of", &["guest", "agent"])], "Sockets of clients that said hello"),
    counter("frontdesk_frames_total", &[], "Frames of the contract that clients sent after hello"),
    counter("frontdesk_socket_written_bytes_total", &[], "Bytes written to sockets"),
    counter("frontdesk_socket_closes_total", &[label("code", CLOSES)], "Sockets closed, by close code; gone: without one, by the client or the network"),
    counter("frontdesk_refusals_total", &[label("via", &["socket", "http"]), label("code", CODES)], "Refusals by the contract's code"),
    counter("frontdesk_quota_refusals_total", &[label("quota", OPEN)], "Refusals of those who are too fast, by limit"),
    gauge("frontdesk_sessions", &[label("of", &["guest", "agent"])], "Logins of agents that are alive, and guests' sessions"),
    histogram("frontdesk_ack_seconds", SECONDS, &[], "From a command's frame to its ack, so with its commit"),

    // Actors.
    gauge("frontdesk_conversations", &[], "Conversations that are live in memory"),
    counter("frontdesk_restarts_total", &[label("actor", ACTORS)], "Actors that failed or ended and were started anew"),
    counter("frontdesk_set_aside_total", &[], "Messages and deliveries that panicked three times and are not tried any more"),

    // Other nodes.
    counter("frontdesk_letters_total", &[label("outcome", &["sent", "lost", "received"])], "Letters between nodes: lost ones were not sent, and are made up for by the database"),

    // The database.
    counter("frontdesk_commits_total", &[], "Commits of conversations that are on disk"),
    counter("frontdesk_commit_failures_total", &[label("reason", &["conflict", "unavailable", "overloaded"])], "Commits that were not stored"),
    histogram("frontdesk_commit_seconds", SECONDS, &[], "Time for a group of commits, sync included"),
    histogram("frontdesk_commit_group_size", GROUPS, &[], "Writes that shared a transaction"),
    gauge("frontdesk_database_bytes", &[label("file", &["database", "log"])], "Size of the database file and its write-ahead log"),
    counter("frontdesk_backups_total", &[label("outcome", &["taken", "failed"])], "Backups of the schedule"),
    counter("frontdesk_backups_offsite_total", &[label("outcome", &["sent", "failed"])], "Tries to bring a backup to the other place"),
    gauge("frontdesk_last_backup_timestamp_seconds", &[], "When the schedule last took a backup since the start, in seconds since 1970; 0: not yet"),

    // The AI.
    histogram("frontdesk_ai_queued_seconds", SECONDS, &[], "How long a call of the model waited for its place"),
    histogram("frontdesk_ai_first_word_seconds", SECONDS, &[], "From a call of the model to its first word"),
    histogram("frontdesk_ai_call_seconds", SECONDS, &[], "How long calls of the model took"),
    counter("frontdesk_ai_calls_total", &[label("outcome", OPEN)], "Calls of the model, by how they ended"),
    counter("frontdesk_ai_fallbacks_total", &[label("reason", OPEN)], "Turns that the embedded answerer answered in the model's place"),
    counter("frontdesk_ai_withheld_total", &[label("reason", OPEN)], "Answers of the model that were not shown, by what was wrong with them"),
    counter("frontdesk_ai_help_revoked_total", &[], "Calls for agents that made room for a guest"),
    counter("frontdesk_ai_records_dropped_total", &[], "Records of turns that were not kept, for too many waited"),
    counter("frontdesk_ai_breaker_opened_total", &[], "Times that the model was left alone because it failed"),
    counter("frontdesk_ai_tokens_total", &[label("of", &["prompt", "completion"])], "Tokens, as counted by the model's server or estimated"),
    counter("frontdesk_ai_cost_micros_total", &[], "What calls cost by the prices of the settings, in millionths"),
    gauge("frontdesk_ai_budget_ratio", &[], "How much of the budget that is nearest to its end is spent; 1: all of it"),

    // WhatsApp.
    counter("frontdesk_whatsapp_messages_total", &[], "Messages that webhooks brought"),
    counter("frontdesk_whatsapp_statuses_total", &[], "Statuses of our messages that webhooks brought"),
    counter("frontdesk_whatsapp_ignored_total", &[label("reason", OPEN)], "Parts of webhooks that were passed over"),
    counter("frontdesk_whatsapp_bad_bodies_total", &[], "Webhooks that were rightly signed but no JSON"),
    counter("frontdesk_whatsapp_bad_signatures_total", &[], "Webhooks that were not signed by the app"),
    counter("frontdesk_whatsapp_contested_aliases_total", &[], "Names of a guest that are another guest's already"),
    counter("frontdesk_whatsapp_passed_numbers_total", &[], "Numbers that passed from one guest to another, by their user ids"),
    counter("frontdesk_whatsapp_sends_total", &[label("outcome", &["taken", "again", "held", "unclear", "never"])], "Tries to send, by how they ended"),
    counter("frontdesk_whatsapp_deliveries_total", &[label("state", &["sent", "delivered", "read", "failed"])], "What WhatsApp reported of our messages"),
    counter("frontdesk_whatsapp_marks_skipped_total", &[], "Read marks that were not sent because too many waited"),
    counter("frontdesk_whatsapp_alarms_total", &[], "Times that sending stopped until somebody sees to it"),
    counter("frontdesk_link_codes_total", &[label("outcome", &["sent", "failed", "nobody"])], "Codes that guests of the chat page asked for, to be sent over WhatsApp"),
    gauge("frontdesk_whatsapp_stopped", &[], "1 while sending is stopped"),
    gauge("frontdesk_whatsapp_waiting", &[], "Messages in the table that are not sent yet"),

    // Other systems.
    counter("frontdesk_webhook_deliveries_total", &[label("outcome", OPEN)], "Tries to post what happens to the hotel's other systems, by how they ended"),

    counter("frontdesk_reservations_told_total", &[], "Reservations that are on their guests' cards"),
    counter("frontdesk_reservations_bad_signatures_total", &[], "Requests about reservations that were not signed by the property system"),

    // Privacy.
    counter("frontdesk_erasures_total", &[], "Guests who were erased"),

    // The audit log.
    counter("frontdesk_audit_lost_total", &[], "Entries of the audit log that could not be written"),

    // Alarms.
    counter("frontdesk_alarms_escalated_total", &[], "Alarms that nobody acknowledged in time"),
    counter("frontdesk_alarms_sent_total", &[], "Alarms that were passed on"),
    counter("frontdesk_alarms_unsent_total", &[], "Alarms that could not be passed on"),

    // What we tell of ourselves.
    counter("frontdesk_error_reports_total", &[label("outcome", &["sent", "failed", "dropped", "repeated"])], "Errors on their way to the error tracking; repeated: held back, because the same place said it a moment ago"),
    counter("frontdesk_trace_exports_total", &[label("outcome", &["sent", "failed"])], "Batches of spans on their way to the collector"),
];

/// The metric of this name, as it is printed: a histogram's parts are its own.
pub fn metric(printed: &str) -> Option<&'static Metric> {
    let find = |name: &str| METRICS.iter().find(|metric| metric.name == name);
    let part = || {
        let whole = ["_bucket", "_sum", "_count"].iter().find_map(|part| printed.strip_suffix(part))?;
        find(whole).filter(|metric| matches!(metric.kind, Kind::Histogram(_)))
    };
    find(printed).or_else(part)
}
