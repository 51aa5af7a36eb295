//! What happened: who connected, what was asked, what was sent, and when the client went away.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;

use super::limiter::{Limiter, Limits, Verdict};

/// At most so many requests are remembered one by one; the sums go on.
const ENTRIES_MAX: usize = 20_000;

/// One request. Times are milliseconds since the stand-in started.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry {
    /// The model that was asked for.
    pub model: String,
    /// Bytes of the request's body.
    pub request_bytes: usize,
    /// Characters of all messages.
    pub prompt_chars: usize,
    /// True if the request had an `Authorization` header.
    pub authorized: bool,
    /// The status that was answered; 0 while there is none.
    pub status: u16,
    /// When it came in.
    pub at_ms: f64,
    /// Bytes sent.
    pub bytes_sent: usize,
    /// Tokens of the prompt and of the words that were sent, by the stand-in's own count.
    pub tokens: u64,
    /// When the answer was out, whole.
    pub finished_at_ms: Option<f64>,
    /// When the client closed before that.
    pub client_closed_at_ms: Option<f64>,
    /// The whole request, if they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// The sums.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    /// Connections taken.
    pub connections: u64,
    /// Connections open now.
    pub open: usize,
    /// Requests.
    pub requests: u64,
    /// Requests that broke a limit.
    pub violations: u64,
    /// Tokens of accepted prompts and of the words that were sent, streams cut short included.
    pub tokens: u64,
}

/// The journal of one stand-in.
pub struct Journal {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
    keeps_bodies: AtomicBool,
    limiter: Mutex<Limiter>,
    connections: AtomicU64,
    open: AtomicUsize,
    requests: AtomicU64,
    tokens: AtomicU64,
}

impl Journal {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            start: Instant::now(),
            entries: Mutex::default(),
            keeps_bodies: AtomicBool::new(false),
            limiter: Mutex::new(Limiter::new(limits)),
            connections: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            tokens: AtomicU64::new(0),
        }
    }

    /// Milliseconds since the start.
    pub fn now_ms(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * 1000.0
    }

    /// From now on each request is kept as a whole.
    pub fn keep_bodies(&self) {
        self.keeps_bodies.store(true, Ordering::Relaxed);
    }

    pub(super) fn keeps_bodies(&self) -> bool {
        self.keeps_bodies.load(Ordering::Relaxed)
    }

    /// The requests so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        lock(&self.entries).clone()
    }

    /// The sums so far.
    pub fn totals(&self) -> Totals {
        Totals {
            connections: self.connections.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
            violations: lock(&self.limiter).violations(),
            tokens: self.tokens.load(Ordering::Relaxed),
        }
    }

    pub(super) fn take(&self, tokens: u64) -> Verdict {
        lock(&self.limiter).take(tokens, Instant::now())
    }

    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn disconnected(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn spent(&self, tokens: u64) {
        self.tokens.fetch_add(tokens, Ordering::Relaxed);
    }

    /// Writes a request down; what comes back is its place, for [`Journal::note`].
    pub(super) fn add(&self, entry: Entry) -> Option<usize> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut entries = lock(&self.entries);
        (entries.len() < ENTRIES_MAX).then(|| {
            entries.push(entry);
            entries.len() - 1
        })
    }

    pub(super) fn note(&self, place: Option<usize>, change: impl FnOnce(&mut Entry)) {
        let mut entries = lock(&self.entries);
        if let Some(entry) = place.and_then(|place| entries.get_mut(place)) {
            change(entry);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
