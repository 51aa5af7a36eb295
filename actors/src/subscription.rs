//! How far one client has been told of one conversation.
//!
//! The rules that make resume exact, whatever is lost or late on the way: an event is passed on only if
//! it is the next one; one that was told already is dropped; one that leaves a hole sends the socket to
//! the store, where everything is before anybody is told.

use std::collections::VecDeque;

use bytes::Bytes;
use frontdesk_domain::ids::Seq;

use crate::messages::ConversationRef;

/// How far a client has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It has asked; the conversation has not answered yet. `after`: what the client holds.
    Joining {
        /// The last event that the client holds; `None`: it wants the newest.
        after: Option<Seq>,
    },
    /// It is being told from the store; live events are dropped meanwhile, for they are there too.
    Behind {
        /// The last event told.
        last: Seq,
    },
    /// It is told as things happen.
    Live {
        /// The last event told.
        last: Seq,
    },
}

/// What to do with a live event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the next: pass it on.
    Tell,
    /// It was told, or will be from the store.
    Drop,
    /// Something is missing before it: read the store.
    Hole,
    /// Whether it is the next is not known yet: keep it until the store has been read.
    Hold,
}

/// What came while the store was being read.
#[derive(Debug)]
pub enum Held {
    /// A stored event.
    Event {
        /// Its place.
        seq: Seq,
        /// The place of the one before it that this reader may see.
        prev: Seq,
        /// The frame.
        frame: Bytes,
    },
    /// Something passing.
    Notice {
        /// The newest event when it was true.
        head: Seq,
        /// The frame.
        frame: Bytes,
    },
}

impl Held {
    /// What it counts for in the outbox.
    pub fn bytes(&self) -> usize {
        let (Self::Event { frame, .. } | Self::Notice { frame, .. }) = self;
        frame.len() + size_of::<Self>()
    }
}

/// One conversation that a client reads.
#[derive(Debug)]
pub struct Subscription {
    /// The conversation's actor, once it has answered.
    pub actor: Option<ConversationRef>,
    /// How far the client has been told.
    pub place: Place,
    /// What the client held when it asked again before it was answered: each `open` has its answer.
    pub asked_again: VecDeque<Option<Seq>>,
    /// How often in a row the conversation failed.
    pub failures: u32,
    /// The store is being read for a client that is behind.
    pub reading: bool,
    held: Vec<Held>,
}

impl Subscription {
    /// One that is being opened.
    pub fn joining(after: Option<Seq>) -> Self {
        Self {
            actor: None,
            place: Place::Joining { after },
            asked_again: VecDeque::new(),
            failures: 0,
            reading: false,
            held: Vec::new(),
        }
    }

    /// The same one, to be opened again from the last event told: its conversation has failed.
    pub fn again(&self) -> Self {
        Self { failures: self.failures + 1, ..Self::joining(self.last()) }
    }

    /// The last event that the client was told, where that is known.
    pub fn last(&self) -> Option<Seq> {
        match self.place {
            Place::Joining { after } => after,
            Place::Behind { last } | Place::Live { last } => Some(last),
        }
    }

    /// True while nobody knows yet how far the client will have been told: what comes is kept.
    pub fn holds(&self) -> bool {
        self.reading || matches!(self.place, Place::Joining { .. })
    }

    /// Keeps something until the store has been read.
    pub fn hold(&mut self, news: Held) {
        self.held.push(news);
    }

    /// What was kept, in its order.
    pub fn take_held(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    /// Judges a live event, and notes it if it is to be told.
    pub fn hear(&mut self, seq: Seq, prev: Seq) -> Verdict {
        if self.holds() { Verdict::Hold } else { self.judge(seq, prev) }
    }

    fn judge(&mut self, seq: Seq, prev: Seq) -> Verdict {
        let Place::Live { last } = self.place else { return Verdict::Drop };
        if seq <= last {
            Verdict::Drop
        } else if prev == last {
            self.place = Place::Live { last: seq };
            Verdict::Tell
        } else {
            self.place = Place::Behind { last };
            Verdict::Hole
        }
    }

    /// Something was stored that was not told.
    pub fn fall_behind(&mut self) {
        if let Place::Live { last } = self.place {
            self.place = Place::Behind { last };
        }
    }

    /// True if something passing, true when `head` was the newest event, is still worth telling.
    pub fn is_current(&self, head: Seq) -> bool {
        match self.place {
            Place::Joining { .. } => false,
            Place::Behind { last } | Place::Live { last } => last <= head,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(last: Seq) -> Subscription {
        Subscription { place: Place::Live { last }, ..Subscription::joining(None) }
    }

    #[test]
    fn only_the_next_event_is_told() {
        let mut sub = live(7);
        assert_eq!(sub.judge(7, 6), Verdict::Drop);
        assert_eq!(sub.judge(8, 7), Verdict::Tell);
        assert_eq!(sub.judge(8, 7), Verdict::Drop);
        // A guest does not see 9 and 10: for it, 11 comes after 8.
        assert_eq!(sub.judge(11, 8), Verdict::Tell);
        assert_eq!(sub.last(), Some(11));
    }

    #[test]
    fn a_hole_sends_it_to_the_store() {
        let mut sub = live(7);
        assert_eq!(sub.judge(9, 8), Verdict::Hole);
        assert_eq!(sub.place, Place::Behind { last: 7 });
        assert_eq!(sub.judge(10, 9), Verdict::Drop);
    }

    #[test]
    fn what_passed_before_a_newer_event_is_dropped() {
        assert!(live(7).is_current(7));
        assert!(live(7).is_current(9));
        assert!(!live(7).is_current(6));
        assert!(!Subscription::joining(Some(1)).is_current(9));
    }

    #[test]
    fn while_the_store_is_read_all_is_kept() {
        assert_eq!(Subscription::joining(Some(1)).hear(2, 1), Verdict::Hold);
        let mut behind = Subscription { place: Place::Behind { last: 7 }, ..Subscription::joining(None) };
        assert_eq!(behind.hear(8, 7), Verdict::Drop, "the next reading will find it");
        behind.reading = true;
        assert_eq!(behind.hear(9, 8), Verdict::Hold, "this reading may have begun before it");
    }
}
