//! What is due to one socket, and how far its client has been told of each conversation that it reads.
//!
//! Conversations and the inbox write here themselves, under the socket's own small lock: an event costs
//! its readers no message and no wake-up of their actors. The connection's end takes all that is due at a
//! time; it is woken once, when something becomes due after it took the last.
//!
//! Bounded in bytes. Who does not read for long enough to fill it is too slow for its room and is closed
//! with 4503; it comes back with `after` and gets what it missed from the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use frontdesk_domain::frame::Close;
use frontdesk_domain::ids::{ConversationId, Seq};

use crate::subscription::{Held, Place, Subscription, Verdict};

/// How many bytes may wait for one socket.
pub const OUTBOX_MAX_BYTES: usize = 1024 * 1024;

/// How the connection wants a frame laid out among what is due: appends the frame to the bytes.
pub type Layout = fn(&mut Vec<u8>, &[u8]);

/// Makes an outbox and its other end.
pub fn outbox(layout: Layout) -> (Outbox, OutboxReader) {
    let desk = Desk {
        layout,
        bytes: Vec::new(),
        close: None,
        gone: false,
        abandoned: false,
        leaving_bytes: 0,
        held_bytes: 0,
        with_actor: 0,
        reads: HashMap::new(),
        waker: None,
    };
    let shared = Arc::new(Mutex::new(desk));
    (Outbox { delivery: Delivery { shared: Arc::clone(&shared) } }, OutboxReader { shared })
}

/// The outbox, as its socket's actor holds it: when it is dropped, the connection is closed.
#[derive(Debug)]
pub struct Outbox {
    delivery: Delivery,
}

/// The outbox, as those hold it who tell the socket something.
#[derive(Clone, Debug)]
pub struct Delivery {
    shared: Arc<Mutex<Desk>>,
}

/// The end that is emptied.
#[derive(Debug)]
pub struct OutboxReader {
    shared: Arc<Mutex<Desk>>,
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
    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.close.is_none()
    }
}

/// What became of something told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is due, or is of no use to this reader.
    Done,
    /// Something is missing before it: the socket has to read the store.
    Hole,
    /// Nobody reads here any more.
    Gone,
}

/// The state, under its lock.
#[derive(Debug)]
pub struct Desk {
    layout: Layout,
    bytes: Vec<u8>,
    close: Option<Close>,
    gone: bool,
    /// The actor has ended.
    abandoned: bool,
    /// What the connection has taken and not yet got rid of.
    leaving_bytes: usize,
    held_bytes: usize,
    /// How many frames of the client its actor still has before it: nothing may pass them.
    pub with_actor: usize,
    reads: HashMap<ConversationId, Subscription>,
    waker: Option<Waker>,
}

impl std::ops::Deref for Outbox {
    type Target = Delivery;

    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl Outbox {
    /// For those who tell this socket something.
    pub fn delivery(&self) -> Delivery {
        self.delivery.clone()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.at(|desk| {
            desk.abandoned = true;
            desk.reads = HashMap::new();
            // If the actor did not say why it ended, that is a fault of ours.
            desk.close.get_or_insert(Close::Fault);
        });
    }
}

impl Delivery {
    /// Does something with the state. For a moment only: conversations wait for it.
    pub fn at<T>(&self, act: impl FnOnce(&mut Desk) -> T) -> T {
        at(&self.shared, act)
    }

    /// Adds a frame. After [`Delivery::close`] it is dropped: the client was told to come back.
    /// An outbox that is full closes itself with [`Close::TooSlow`].
    pub fn push(&self, frame: &[u8]) {
        self.at(|desk| desk.push(frame));
    }

    /// Closes the connection after what is due. The first reason stays.
    pub fn close(&self, why: Close) {
        self.at(|desk| {
            desk.close.get_or_insert(why);
        });
    }

    /// True while there is somebody to write to, and room for a page of history.
    pub fn has_room(&self) -> bool {
        self.at(|desk| desk.load() < OUTBOX_MAX_BYTES / 2)
    }

    /// True once the connection is gone or about to be closed.
    pub fn is_closed(&self) -> bool {
        self.at(|desk| desk.is_closed())
    }

    /// True once the socket's actor has ended.
    pub fn is_abandoned(&self) -> bool {
        self.at(|desk| desk.abandoned)
    }

    /// The conversation tells this socket from now on: what it told earlier is of no use.
    pub fn join(&self, conversation: ConversationId) {
        self.at(|desk| desk.forget_held(conversation));
    }

    /// Tells a stored event of a conversation.
    pub fn event(&self, conversation: ConversationId, seq: Seq, prev: Seq, frame: &Bytes) -> Told {
        self.at(|desk| {
            if desk.is_closed() {
                return Told::Gone;
            }
            let Some(read) = desk.reads.get_mut(&conversation) else { return Told::Done };
            match read.hear(seq, prev) {
                Verdict::Tell => {
                    read.failures = 0;
                    desk.push(frame);
                }
                Verdict::Hold => desk.hold(conversation, Held::Event { seq, prev, frame: frame.clone() }),
                Verdict::Drop => {}
                Verdict::Hole => return Told::Hole,
            }
            Told::Done
        })
    }

    /// Tells something passing, that was true when `head` was the newest event.
    pub fn notice(&self, conversation: ConversationId, head: Seq, frame: &Bytes) -> Told {
        self.at(|desk| {
            if desk.is_closed() {
                return Told::Gone;
            }
            let Some(read) = desk.reads.get(&conversation) else { return Told::Done };
            if read.holds() {
                desk.hold(conversation, Held::Notice { head, frame: frame.clone() });
            } else if read.is_current(head) {
                desk.push(frame);
            }
            Told::Done
        })
    }
}

impl Desk {
    /// Adds a frame; see [`Delivery::push`].
    pub fn push(&mut self, frame: &[u8]) {
        if self.is_closed() {
            return;
        }
        if self.load() + frame.len() > OUTBOX_MAX_BYTES {
            self.overflow();
        } else {
            (self.layout)(&mut self.bytes, frame);
        }
    }

    /// How many conversations are read.
    pub fn count(&self) -> usize {
        self.reads.len()
    }

    /// How far the client has been told of a conversation, if it reads it.
    pub fn read(&mut self, conversation: ConversationId) -> Option<&mut Subscription> {
        self.reads.get_mut(&conversation)
    }

    /// All conversations that are read.
    pub fn all(&mut self) -> impl Iterator<Item = (ConversationId, &mut Subscription)> {
        self.reads.iter_mut().map(|(conversation, read)| (*conversation, read))
    }

    /// A conversation is read from now on, or anew.
    pub fn begin(&mut self, conversation: ConversationId, read: Subscription) {
        self.end(conversation);
        self.reads.insert(conversation, read);
    }

    /// A conversation is read no longer.
    pub fn end(&mut self, conversation: ConversationId) -> Option<Subscription> {
        self.forget_held(conversation);
        let read = self.reads.remove(&conversation);
        if self.reads.is_empty() {
            self.reads = HashMap::new();
        }
        read
    }

    /// The client has been told from the store up to `place`. What was held back meanwhile is judged now.
    /// True if something is missing, and the store must be read again.
    pub fn settle(&mut self, conversation: ConversationId, place: Place) -> bool {
        let Some(read) = self.reads.get_mut(&conversation) else { return false };
        read.place = place;
        read.reading = false;
        let held = read.take_held();
        self.held_bytes -= held.iter().map(Held::bytes).sum::<usize>();
        for news in held {
            let Some(read) = self.reads.get_mut(&conversation) else { return false };
            match news {
                Held::Event { seq, prev, frame } => match read.hear(seq, prev) {
                    Verdict::Tell => self.push(&frame),
                    Verdict::Drop | Verdict::Hold => {}
                    Verdict::Hole => return true,
                },
                Held::Notice { head, frame } => {
                    if read.is_current(head) {
                        self.push(&frame);
                    }
                }
            }
        }
        false
    }

    /// The store could not be read: what was held back is read from it later.
    pub fn give_up(&mut self, conversation: ConversationId) {
        if let Some(read) = self.reads.get_mut(&conversation) {
            read.reading = false;
        }
        self.forget_held(conversation);
    }

    fn hold(&mut self, conversation: ConversationId, news: Held) {
        let bytes = news.bytes();
        if self.load() + bytes > OUTBOX_MAX_BYTES {
            return self.overflow();
        }
        if let Some(read) = self.reads.get_mut(&conversation) {
            self.held_bytes += bytes;
            read.hold(news);
        }
    }

    fn forget_held(&mut self, conversation: ConversationId) {
        if let Some(read) = self.reads.get_mut(&conversation) {
            self.held_bytes -= read.take_held().iter().map(Held::bytes).sum::<usize>();
        }
    }

    /// What waits cannot be read in time anyway; its place is needed.
    fn overflow(&mut self) {
        self.bytes = Vec::new();
        for read in self.reads.values_mut() {
            read.take_held();
        }
        self.held_bytes = 0;
        self.close = Some(Close::TooSlow);
    }

    fn load(&self) -> usize {
        self.bytes.len() + self.held_bytes + self.leaving_bytes
    }

    fn is_closed(&self) -> bool {
        self.gone || self.close.is_some()
    }

    fn is_due(&self) -> bool {
        !self.bytes.is_empty() || self.close.is_some()
    }

    fn take(&mut self) -> Due {
        Due { bytes: std::mem::take(&mut self.bytes), close: self.close }
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

/// Whoever empties the outbox is woken if something is due afterwards.
fn at<T>(shared: &Mutex<Desk>, act: impl FnOnce(&mut Desk) -> T) -> T {
    let mut desk = lock(shared);
    let result = act(&mut desk);
    let waker = if desk.is_due() { desk.waker.take() } else { None };
    // Whoever is woken may want the lock at once.
    drop(desk);
    if let Some(waker) = waker {
        waker.wake();
    }
    result
}

fn lock(shared: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    // Nothing under this lock can panic half way; a poisoned queue is still a queue.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
