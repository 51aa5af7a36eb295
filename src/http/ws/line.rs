//! One connection, as those see it who write to it: what is due goes out in one write, whoever says so.
//!
//! A connection has one task, which reads. It holds no writer of its own: the [`Post`] writes to all
//! connections that something became due to. Only one that does not take what it is sent gets a task for
//! writing, until it does.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use frontdesk_actors::outbox::OutboxReader;
use frontdesk_domain::frame::Close;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::encode;
use super::farewell::Farewell;
use super::post::Post;

/// How long a client may take to accept [`CHUNK_BYTES`].
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How much of what waits for a slow client must have left in that time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Looked up once: it counts every write.
static WRITTEN: LazyLock<metrics::Counter> =
    LazyLock::new(|| metrics::counter!("frontdesk_socket_written_bytes_total"));

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is written to.
    Open,
    /// It does not take what it is sent; a task waits for it.
    Slow,
    /// Our farewell has gone out.
    Parted,
    /// It cannot be written to any more.
    Gone,
}

/// One connection.
pub(crate) struct Line {
    due: OutboxReader,
    out: Mutex<Out>,
    post: Post,
    changed: Notify,
    since: Instant,
    heard_ms: AtomicU64,
    held: AtomicBool,
    greeted: AtomicBool,
    parting: AtomicBool,
    lost: AtomicBool,
}

struct Out {
    io: Box<dyn AsyncWrite + Send + Unpin>,
    stage: Stage,
    /// What was taken from the outbox and has not left.
    rest: Vec<u8>,
    sent: usize,
    /// What the reader wants said in the end, rather than the outbox's reason.
    farewell: Option<Farewell>,
    parting: bool,
}

impl Line {
    /// A connection that writes to `io` what becomes due.
    pub(crate) fn open(
        io: impl AsyncWrite + Send + Unpin + 'static,
        due: OutboxReader,
        post: &Post,
    ) -> Arc<Self> {
        let out = Out {
            io: Box::new(io),
            stage: Stage::Open,
            rest: Vec::new(),
            sent: 0,
            farewell: None,
            parting: false,
        };
        let line = Arc::new(Self {
            due,
            out: Mutex::new(out),
            post: post.clone(),
            changed: Notify::new(),
            since: Instant::now(),
            heard_ms: AtomicU64::new(0),
            held: AtomicBool::new(false),
            greeted: AtomicBool::new(false),
            parting: AtomicBool::new(false),
            lost: AtomicBool::new(false),
        });
        line.flush();
        line
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that is due, as far as the client takes it. Never waits.
    pub(crate) fn flush(self: &Arc<Self>) {
        let mut out = self.out();
        if out.stage == Stage::Open {
            out.stage = self.send(&mut out, &mut Context::from_waker(Waker::noop()));
            if out.stage == Stage::Slow {
                tokio::spawn(Arc::clone(self).push_on());
            }
            self.tell_of(out.stage);
        }
    }

    /// Takes what is due and writes until nothing is left, or the client takes no more.
    fn send(self: &Arc<Self>, out: &mut Out, cx: &mut Context<'_>) -> Stage {
        if out.rest.is_empty() {
            if out.parting {
                return Stage::Parted;
            }
            let due = self.due.take_now(Waker::from(Arc::clone(self)));
            out.rest = due.bytes;
            if let Some(close) = due.close {
                let farewell = out.farewell.take().unwrap_or_else(|| close.into());
                encode::close(&mut out.rest, &farewell);
                metrics::counter!("frontdesk_socket_closes_total", "code" => farewell.label()).increment(1);
                out.parting = true;
                self.parting.store(true, Ordering::Relaxed);
            }
        }
        match out.write(cx) {
            Poll::Ready(Ok(())) if out.parting => Stage::Parted,
            // What became due meanwhile has woken us again.
            Poll::Ready(Ok(())) => Stage::Open,
            Poll::Ready(Err(_)) => Stage::Gone,
            Poll::Pending => {
                self.due.is_leaving(out.left());
                Stage::Slow
            }
        }
    }

    /// Writes to a client that is slow, until it is not or has been given up.
    async fn push_on(self: Arc<Self>) {
        let mut deadline = Instant::now() + WRITE_WITHIN;
        let mut waited_from = self.out().left();
        loop {
            let progress = poll_fn(|cx| {
                let mut out = self.out();
                if out.stage != Stage::Slow {
                    return Poll::Ready(out.stage);
                }
                match self.send(&mut out, cx) {
                    Stage::Slow if waited_from.saturating_sub(out.left()) < CHUNK_BYTES => Poll::Pending,
                    stage => Poll::Ready(stage),
                }
            });
            let stage = timeout_at(deadline, progress).await.unwrap_or(Stage::Gone);
            let mut out = self.out();
            if out.stage == Stage::Gone {
                return;
            }
            if stage != Stage::Slow {
                out.stage = stage;
                drop(out);
                self.tell_of(stage);
                // Something may have become due while the stage was still the old one.
                return self.flush();
            }
            waited_from = out.left();
            deadline = Instant::now() + WRITE_WITHIN;
        }
    }

    fn tell_of(&self, stage: Stage) {
        if matches!(stage, Stage::Parted | Stage::Gone) {
            self.changed.notify_one();
        }
    }

    /// Waits until our farewell has gone out, or nothing will.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Where it stands.
    pub(crate) fn stage(&self) -> Stage {
        self.out().stage
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

    /// Whether our farewell is on its way: nothing that still comes counts.
    pub(crate) fn is_parting(&self) -> bool {
        self.parting.load(Ordering::Relaxed)
    }

    /// Are you still there?
    pub(crate) fn ping(&self) {
        self.append(encode::ping);
    }

    /// Answers a ping.
    pub(crate) fn pong(&self, payload: &[u8]) {
        self.append(|bytes| encode::pong(bytes, payload));
    }

    /// Sends something that is no text frame.
    pub(crate) fn append(&self, append: impl FnOnce(&mut Vec<u8>)) {
        self.due.append(append);
    }

    /// Says farewell, for a reason of the contract.
    pub(crate) fn close(&self, why: Close) {
        self.due.close(why);
    }

    /// Says farewell in these words; the first ones stay.
    pub(crate) fn farewell(&self, farewell: Farewell) {
        self.out().farewell.get_or_insert(farewell);
        self.due.close(Close::Done);
    }

    /// Says farewell in these words to a client that broke the rules: it is not listened to any more.
    pub(crate) fn lose(&self, farewell: Farewell) {
        self.lost.store(true, Ordering::Relaxed);
        self.farewell(farewell);
    }

    /// Whether the client broke the rules.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Ends the connection's writing side in order.
    pub(crate) async fn shut_down(&self) {
        let _ = poll_fn(|cx| Pin::new(&mut self.out().io).poll_shutdown(cx)).await;
    }

    /// The connection has ended: nothing more is written, nothing more waits for it.
    pub(crate) fn end(&self) {
        let mut out = self.out();
        if !out.parting {
            metrics::counter!("frontdesk_socket_closes_total", "code" => "gone").increment(1);
        }
        out.stage = Stage::Gone;
        out.rest = Vec::new();
        drop(out);
        self.due.end();
    }
}

/// Something has become due.
impl Wake for Line {
    fn wake(self: Arc<Self>) {
        let post = self.post.clone();
        post.bring(self);
    }
}

impl Out {
    fn left(&self) -> usize {
        self.rest.len() - self.sent
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.rest.len() {
            match Pin::new(&mut self.io).poll_write(cx, &self.rest[self.sent..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => {
                    WRITTEN.increment(written as u64);
                    self.sent += written;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        // Under TLS what was written may still stand before the connection.
        if Pin::new(&mut self.io).poll_flush(cx)?.is_pending() {
            return Poll::Pending;
        }
        // Its memory is given back: most sockets are idle most of the time.
        self.rest = Vec::new();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}
