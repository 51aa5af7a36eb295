//! The body of a stream on its way to async-openai: read by us, bounded, judged, and slowed down to the
//! pace of whoever reads the events at the other end (the crate's own channel has no bound).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::events::{Events, Line};
use super::failure::{self, Class};
use super::limits::Limits;
use super::wire::Chunk;

/// Events that may be on their way between here and the turn.
const EVENTS_MAX: usize = 64;
/// All bytes of one turn: far more than an answer of 4,000 characters needs.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The end of a chunked body mostly comes with `[DONE]`; read, it leaves the connection fit for the next.
const LAST_CHUNK: Duration = Duration::from_millis(50);

/// What the service and the body tell the turn besides the events.
pub(super) struct Exchange {
    done: AtomicBool,
    failure: Mutex<Option<Class>>,
    limits: Mutex<Limits>,
    room: Semaphore,
}

impl Exchange {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            done: AtomicBool::new(false),
            failure: Mutex::default(),
            limits: Mutex::default(),
            room: Semaphore::new(EVENTS_MAX),
        })
    }

    /// True if the server said `[DONE]`.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Why the body ended, if it ended badly.
    pub(super) fn failure(&self) -> Option<Class> {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limits in the headers.
    pub(super) fn limits(&self) -> Limits {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_limits(&self, limits: Limits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// One event was taken; another may come.
    pub(super) fn taken(&self) {
        self.room.add_permits(1);
    }

    fn fail(&self, class: Class) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(class);
    }
}

type Packets = BoxStream<'static, Result<Bytes, reqwest::Error>>;

struct Reader {
    packets: Packets,
    events: Events,
    exchange: Arc<Exchange>,
    /// For the first line; then `between` counts.
    first: Option<Instant>,
    between: Duration,
    read: usize,
}

/// The body, event by event, each whole, valid and on one line.
pub(super) fn watched(
    packets: Packets,
    exchange: Arc<Exchange>,
    first: Instant,
    between: Duration,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let reader =
        Reader { packets, events: Events::default(), exchange, first: Some(first), between, read: 0 };
    stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(event)) => Some((Ok(event), Some(reader))),
            Ok(None) => None,
            Err(class) => {
                reader.exchange.fail(class);
                Some((Err(io::Error::other(class.code())), None))
            }
        }
    })
}

/// A completion that came whole, as the one event of a stream.
pub(super) fn single(
    body: &[u8],
    exchange: Arc<Exchange>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let event = judged(body);
    stream::once(async move {
        exchange.done.store(true, Ordering::Release);
        event.map_err(|class| {
            exchange.fail(class);
            io::Error::other(class.code())
        })
    })
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Bytes>, Class> {
        let mut deadline = self.first.unwrap_or_else(|| Instant::now() + self.between);
        loop {
            while let Some(line) = self.events.next().map_err(|_| Class::BadAnswer)? {
                self.first = None;
                deadline = Instant::now() + self.between;
                if let Line::Event(data) = line {
                    return self.event(&data).await;
                }
            }
            match timeout_at(deadline, self.packets.next()).await {
                Err(_) => return Err(Class::TimedOut),
                Ok(Some(Ok(bytes))) => {
                    self.read += bytes.len();
                    if self.read > BYTES_MAX {
                        return Err(Class::BadAnswer);
                    }
                    self.events.push(&bytes);
                }
                Ok(Some(Err(_))) => return Err(Class::Interrupted),
                Ok(None) => return self.end().await,
            }
        }
    }

    async fn event(&mut self, data: &[u8]) -> Result<Option<Bytes>, Class> {
        if data.trim_ascii() == b"[DONE]" {
            self.exchange.done.store(true, Ordering::Release);
            let _ = timeout(LAST_CHUNK, self.packets.next()).await;
            return Ok(None);
        }
        let event = judged(data)?;
        // Closed never; the permit comes back when the turn has taken the event.
        if let Ok(permit) = self.exchange.room.acquire().await {
            permit.forget();
        }
        Ok(Some(event))
    }

    /// The connection has ended. Half an event is dropped: whether the answer was whole, others decide.
    async fn end(&mut self) -> Result<Option<Bytes>, Class> {
        match std::mem::take(&mut self.events).rest() {
            Some(rest) if rest.trim_ascii() == b"[DONE]" || judged(&rest).is_ok() => self.event(&rest).await,
            _ => Ok(None),
        }
    }
}

/// Checks an event before async-openai sees it: the crate writes what it cannot read into the log, guests'
/// words and all.
fn judged(data: &[u8]) -> Result<Bytes, Class> {
    let text = std::str::from_utf8(data).map_err(|_| Class::BadAnswer)?;
    let chunk: Chunk = serde_json::from_str(text).map_err(|_| Class::BadAnswer)?;
    if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
        return Err(failure::of_error_object(&error));
    }
    let mut event = BytesMut::with_capacity(data.len() + 8);
    event.put_slice(b"data: ");
    // Newlines that came inside a whole completion would end the field.
    event.extend(data.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    event.put_slice(b"\n\n");
    Ok(event.freeze())
}
