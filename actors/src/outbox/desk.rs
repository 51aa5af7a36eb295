//! What lies in an outbox, under its lock: bytes that are due, and the place of each conversation that is read.

use std::collections::HashMap;
use std::task::Waker;

use frontdesk_domain::frame::Close;
use frontdesk_domain::ids::ConversationId;

use crate::subscription::{Held, Place, Subscription, Verdict};

use super::{Due, Layout, OUTBOX_MAX_BYTES};

/// What a connection's layout may add to a frame: enough for a WebSocket's head.
const LAYOUT_MAX_BYTES: usize = 16;

/// The state, under its lock.
#[derive(Debug)]
pub struct Desk {
    pub(super) layout: Layout,
    pub(super) bytes: Vec<u8>,
    pub(super) close: Option<Close>,
    pub(super) gone: bool,
    /// The actor has ended.
    pub(super) abandoned: bool,
    /// What the connection has taken and not yet got rid of.
    pub(super) leaving_bytes: usize,
    pub(super) held_bytes: usize,
    /// How many frames of the client its actor still has before it: nothing may pass them.
    pub with_actor: usize,
    pub(super) reads: HashMap<ConversationId, Subscription>,
    pub(super) waker: Option<Waker>,
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

    /// Adds frames in order; room for all of them is made once.
    pub fn push_all(&mut self, frames: &[Vec<u8>]) {
        if self.is_closed() {
            return;
        }
        let heads = frames.len() * LAYOUT_MAX_BYTES;
        self.bytes.reserve(frames.iter().map(Vec::len).sum::<usize>() + heads);
        for frame in frames {
            self.push(frame);
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

    pub(super) fn hold(&mut self, conversation: ConversationId, news: Held) {
        let bytes = news.bytes();
        if self.load() + bytes > OUTBOX_MAX_BYTES {
            return self.overflow();
        }
        if let Some(read) = self.reads.get_mut(&conversation) {
            self.held_bytes += bytes;
            read.hold(news);
        }
    }

    pub(super) fn forget_held(&mut self, conversation: ConversationId) {
        if let Some(read) = self.reads.get_mut(&conversation) {
            self.held_bytes -= read.take_held().iter().map(Held::bytes).sum::<usize>();
        }
    }

    /// What waits cannot be read in time anyway; its place is needed.
    pub(super) fn overflow(&mut self) {
        self.bytes = Vec::new();
        for read in self.reads.values_mut() {
            read.take_held();
        }
        self.held_bytes = 0;
        self.close = Some(Close::TooSlow);
    }

    pub(super) fn load(&self) -> usize {
        self.bytes.len() + self.held_bytes + self.leaving_bytes
    }

    pub(super) fn is_closed(&self) -> bool {
        self.gone || self.close.is_some()
    }

    pub(super) fn is_due(&self) -> bool {
        !self.bytes.is_empty() || self.close.is_some()
    }

    pub(super) fn take(&mut self) -> Due {
        Due { bytes: std::mem::take(&mut self.bytes), close: self.close }
    }
}
