//! What the reader and the writer of one connection know of each other.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use frontdesk_domain::frame::Close;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What a Close frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    /// The code; `None` for a Close frame without one.
    pub(crate) code: Option<u16>,
    /// Why, in words.
    pub(crate) reason: Cow<'static, str>,
}

impl Farewell {
    pub(crate) fn new(code: u16, reason: &'static str) -> Self {
        Self { code: Some(code), reason: Cow::Borrowed(reason) }
    }
}

impl From<Close> for Farewell {
    fn from(close: Close) -> Self {
        Self::new(close.code(), close.reason())
    }
}

/// What the reader wants written that is no text frame.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// The answer to the newest ping; answers to older ones may be left out, so one place is enough.
    pub(crate) pong: Option<Bytes>,
    /// Say farewell with this.
    pub(crate) farewell: Option<Farewell>,
    /// Nothing more will be read: the peer said farewell, or is gone.
    pub(crate) over: bool,
}

/// Shared by the two pumps.
#[derive(Debug)]
pub(crate) struct Line {
    since: Instant,
    heard_ms: AtomicU64,
    held: AtomicBool,
    greeted: AtomicBool,
    parting: AtomicBool,
    replies: Mutex<Replies>,
    wake: Notify,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            heard_ms: AtomicU64::new(0),
            held: AtomicBool::new(false),
            greeted: AtomicBool::new(false),
            parting: AtomicBool::new(false),
            replies: Mutex::default(),
            wake: Notify::new(),
        }
    }

    fn replies(&self) -> MutexGuard<'_, Replies> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Replies)) {
        change(&mut self.replies());
        self.wake.notify_one();
    }

    /// When the connection began.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Something was read.
    pub(crate) fn heard(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard_ms.store(millis, Ordering::Relaxed);
    }

    /// When something was last read. While the reader is held up by its window it is we who do not listen.
    pub(crate) fn last_heard(&self) -> Instant {
        if self.held.load(Ordering::Relaxed) {
            return Instant::now();
        }
        self.since + Duration::from_millis(self.heard_ms.load(Ordering::Relaxed))
    }

    /// The reader waits for a place in its window, or no longer.
    pub(crate) fn hold(&self, held: bool) {
        self.heard();
        self.held.store(held, Ordering::Relaxed);
    }

    /// The client said `hello`.
    pub(crate) fn greeted(&self) {
        self.greeted.store(true, Ordering::Relaxed);
    }

    /// Whether the client has said `hello`.
    pub(crate) fn is_greeted(&self) -> bool {
        self.greeted.load(Ordering::Relaxed)
    }

    /// The writer says farewell: nothing that still comes counts.
    pub(crate) fn part(&self) {
        self.parting.store(true, Ordering::Relaxed);
    }

    /// Whether the writer says farewell.
    pub(crate) fn is_parting(&self) -> bool {
        self.parting.load(Ordering::Relaxed)
    }

    /// Answer a ping.
    pub(crate) fn pong(&self, payload: Bytes) {
        self.change(|replies| replies.pong = Some(payload));
    }

    /// Say farewell; the first one stays.
    pub(crate) fn farewell(&self, farewell: Farewell) {
        self.change(|replies| {
            replies.farewell.get_or_insert(farewell);
        });
    }

    /// Nothing more will be read.
    pub(crate) fn over(&self) {
        self.change(|replies| replies.over = true);
    }

    /// Waits until the reader wants something, and takes it. Cancel-safe.
    pub(crate) async fn take(&self) -> Replies {
        loop {
            let wake = self.wake.notified();
            {
                let mut replies = self.replies();
                if replies.over || replies.farewell.is_some() || replies.pong.is_some() {
                    let over = replies.over;
                    return std::mem::replace(&mut replies, Replies { over, ..Replies::default() });
                }
            }
            wake.await;
        }
    }
}
