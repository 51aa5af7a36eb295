//! The other end: the connection takes all that is due at a time.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use frontdesk_domain::frame::Close;

use super::desk::Desk;
use super::{OUTBOX_MAX_BYTES, at, lock};

/// The end that is emptied.
#[derive(Debug)]
pub struct OutboxReader {
    pub(super) shared: Arc<Mutex<Desk>>,
}

/// What is due: bytes first, then perhaps the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Frames, laid out one behind the other.
    pub bytes: Vec<u8>,
    /// The connection is to be closed after them.
    pub close: Option<Close>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.close.is_none()
    }
}

impl OutboxReader {
    /// Waits until something is due, and takes all of it. Cancel-safe.
    pub async fn take(&self) -> Due {
        std::future::poll_fn(|cx| self.poll_take(cx)).await
    }

    fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Due> {
        let mut desk = lock(&self.shared);
        let due = desk.take();
        if due.is_empty() {
            desk.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(due)
    }

    /// Takes all that is due, perhaps nothing; the waker is woken once more becomes due.
    pub fn take_now(&self, waker: Waker) -> Due {
        let mut desk = lock(&self.shared);
        let due = desk.take();
        desk.leaving_bytes = 0;
        desk.waker = Some(waker);
        due
    }

    /// So many bytes that were taken have not left yet: they count as waiting.
    pub fn is_leaving(&self, bytes: usize) {
        lock(&self.shared).leaving_bytes = bytes;
    }

    /// Adds something that is the connection's own affair, and is no frame of the contract.
    pub fn append(&self, append: impl FnOnce(&mut Vec<u8>)) {
        at(&self.shared, |desk| {
            if desk.load() < OUTBOX_MAX_BYTES {
                append(&mut desk.bytes);
            } else {
                desk.overflow();
            }
        });
    }

    /// Closes the connection after what is due. The first reason stays.
    pub fn close(&self, why: Close) {
        at(&self.shared, |desk| {
            desk.close.get_or_insert(why);
        });
    }

    /// The connection is gone: nothing more will be taken.
    pub fn end(&self) {
        let mut desk = lock(&self.shared);
        desk.gone = true;
        desk.bytes = Vec::new();
        let _waker = desk.waker.take();
        drop(desk);
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.end();
    }
}
