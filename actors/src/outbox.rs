//! What is due to one socket: written to by its actor, emptied by the pump that owns the connection.
//!
//! Bounded in bytes. Who does not read for long enough to fill it is too slow for its room and is closed
//! with 4503; it comes back with `after` and gets what it missed from the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use frontdesk_domain::frame::Close;
use tokio::sync::Notify;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many bytes may wait for one socket.
pub const OUTBOX_MAX_BYTES: usize = 1024 * 1024;

/// Makes an outbox and its other end.
pub fn outbox() -> (Outbox, OutboxReader) {
    let shared = Arc::new(Shared {
        due: Mutex::new(Due::default()),
        wake: Notify::new(),
        gone: AtomicBool::new(false),
    });
    (Outbox { shared: Arc::clone(&shared) }, OutboxReader { shared })
}

/// The end that is written to.
#[derive(Debug)]
pub struct Outbox {
    shared: Arc<Shared>,
}

/// The end that is emptied.
#[derive(Debug)]
pub struct OutboxReader {
    shared: Arc<Shared>,
}

/// What is due: frames first, then perhaps the end.
#[derive(Debug, Default)]
pub struct Due {
    /// Payloads of text frames, in order.
    pub frames: Vec<Bytes>,
    /// The connection is to be closed after them.
    pub close: Option<Close>,
    bytes: usize,
}

#[derive(Debug)]
struct Shared {
    due: Mutex<Due>,
    wake: Notify,
    gone: AtomicBool,
}

impl Shared {
    fn due(&self) -> MutexGuard<'_, Due> {
        // Nothing under this lock can panic half way; a poisoned queue is still a queue.
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    /// Adds a frame. After [`Outbox::close`] it is dropped: the client was told to come back.
    /// An outbox that is full closes itself with [`Close::TooSlow`].
    pub fn push(&self, frame: Bytes) {
        let mut due = self.shared.due();
        if due.close.is_some() {
            return;
        }
        if due.bytes + frame.len() > OUTBOX_MAX_BYTES {
            // What waits cannot be read in time anyway; its place is needed.
            *due = Due { frames: Vec::new(), close: Some(Close::TooSlow), bytes: 0 };
        } else {
            due.bytes += frame.len();
            due.frames.push(frame);
        }
        drop(due);
        self.shared.wake.notify_one();
    }

    /// Closes the connection after what is due. The first reason stays.
    pub fn close(&self, why: Close) {
        self.shared.due().close.get_or_insert(why);
        self.shared.wake.notify_one();
    }

    /// True while there is somebody to write to, and room for a page of history.
    pub fn has_room(&self) -> bool {
        self.shared.due().bytes < OUTBOX_MAX_BYTES / 2
    }

    /// True once the connection is gone or about to be closed.
    pub fn is_closed(&self) -> bool {
        self.shared.gone.load(Ordering::Acquire) || self.shared.due().close.is_some()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        // The actor is gone; if it did not say why, that is a fault of ours.
        self.close(Close::Fault);
    }
}

impl OutboxReader {
    /// Waits until something is due, and takes all of it. Cancel-safe.
    pub async fn take(&self) -> Due {
        loop {
            let wake = self.shared.wake.notified();
            {
                let mut due = self.shared.due();
                if !due.frames.is_empty() || due.close.is_some() {
                    let close = due.close;
                    return Due { close, ..std::mem::replace(&mut *due, Due { close, ..Due::default() }) };
                }
            }
            wake.await;
        }
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.shared.gone.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_in_order_and_together() {
        let (outbox, reader) = outbox();
        for frame in ["a", "b", "c"] {
            outbox.push(Bytes::from_static(frame.as_bytes()));
        }
        let due = reader.take().await;
        assert_eq!(due.frames, ["a", "b", "c"]);
        assert_eq!(due.close, None);
    }

    #[tokio::test]
    async fn a_full_outbox_closes_itself() {
        let (outbox, reader) = outbox();
        let big = Bytes::from(vec![b'x'; OUTBOX_MAX_BYTES / 2]);
        outbox.push(big.clone());
        outbox.push(big.clone());
        assert!(!outbox.is_closed());
        outbox.push(Bytes::from_static(b"one too many"));
        let due = reader.take().await;
        assert!(due.frames.is_empty());
        assert_eq!(due.close, Some(Close::TooSlow));
    }

    #[tokio::test]
    async fn what_was_due_goes_before_the_close() {
        let (outbox, reader) = outbox();
        outbox.push(Bytes::from_static(b"last words"));
        outbox.close(Close::GoingAway);
        outbox.push(Bytes::from_static(b"too late"));
        let due = reader.take().await;
        assert_eq!(due.frames, ["last words"]);
        assert_eq!(due.close, Some(Close::GoingAway));
    }
}
