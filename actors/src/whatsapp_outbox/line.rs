//! One conversation's place in the outbox: its first delivery, and nothing behind it.

use std::time::{Duration, Instant};

use crate::clock;
use crate::ports::whatsapp::Delivery;

/// One conversation. Its messages go out one after the other.
pub(super) struct Line {
    step: Step,
    /// More was added while this one was read or sent.
    pub(super) more: bool,
}

enum Step {
    /// The table is being read.
    Reading,
    /// It is to be tried, not before.
    Waiting(Box<Delivery>, Instant),
    /// A try is under way.
    Flying,
}

impl Line {
    pub(super) fn reading() -> Self {
        Self { step: Step::Reading, more: false }
    }

    pub(super) fn waiting(head: Delivery) -> Self {
        let mut line = Self::reading();
        line.wait_for(head);
        line
    }

    /// This one is next.
    pub(super) fn wait_for(&mut self, head: Delivery) {
        let wait = u64::try_from(head.due_at.0 - clock::now().0).unwrap_or(0);
        self.step = Step::Waiting(Box::new(head), Instant::now() + Duration::from_millis(wait));
    }

    /// Not before.
    pub(super) fn hold_until(&mut self, at: Instant) {
        if let Step::Waiting(_, not_before) = &mut self.step {
            *not_before = at.max(*not_before);
        }
    }

    /// It is to be read again, if it waits. False if something is under way that reads it anyway.
    pub(super) fn reread(&mut self) -> bool {
        let waits = matches!(self.step, Step::Waiting(..));
        if waits {
            self.step = Step::Reading;
        } else {
            self.more = true;
        }
        waits
    }

    /// When it may be tried, if it waits.
    pub(super) fn not_before(&self) -> Option<Instant> {
        match &self.step {
            Step::Waiting(_, at) => Some(*at),
            Step::Reading | Step::Flying => None,
        }
    }

    /// It is tried now.
    pub(super) fn start(&mut self) -> Option<Delivery> {
        match std::mem::replace(&mut self.step, Step::Flying) {
            Step::Waiting(head, _) => Some(*head),
            other => {
                self.step = other;
                None
            }
        }
    }
}
