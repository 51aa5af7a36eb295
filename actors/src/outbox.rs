//! What is due to one socket, and how far its client has been told of each conversation that it reads.
//!
//! Conversations and the inbox write here themselves, under the socket's own small lock: an event costs
//! its readers no message and no wake-up of their actors. The connection's end takes all that is due at a
//! time; it is woken once, when something becomes due after it took the last.
//!
//! Bounded in bytes. Who does not read for long enough to fill it is too slow for its room and is closed
//! with 4503; it comes back with `after` and gets what it missed from the store.

mod desk;
mod reader;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use frontdesk_domain::frame::Close;
use frontdesk_domain::ids::{ConversationId, Seq};

use crate::subscription::{Held, Verdict};

pub use desk::Desk;
pub use reader::{Due, OutboxReader};

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

    /// Adds frames in order, as [`Delivery::push`] does with each.
    pub fn push_all(&self, frames: &[Vec<u8>]) {
        self.at(|desk| desk.push_all(frames));
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

    /// Something was stored that this socket was not told: it is to be read from the store.
    pub fn fall_behind(&self, conversation: ConversationId) {
        self.at(|desk| {
            if let Some(read) = desk.reads.get_mut(&conversation) {
                read.fall_behind();
            }
        });
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
