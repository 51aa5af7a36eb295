//! What is in the log and not yet in the tables that are made of it: the newest events of conversations that
//! were written to a moment ago.
//!
//! The writer adds what it has synced, before anybody is told; readers look here first and in the tables for
//! what is older. When the tables have caught up, all of it goes at once. A reader between the two sees an
//! event in both places, never in neither.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frontdesk_domain::conversation::Snapshot;
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ConversationId, Seq};

/// A conversation's part.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// As it stands.
    pub(super) snapshot: Arc<Snapshot>,
    /// Its newest events with their positions in the log, in order; none if only read marks changed.
    pub(super) events: Vec<(i64, Event)>,
}

/// All of it, shared by the writer and the readers.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Shared with the fold while it writes: nothing is added meanwhile, so nothing is copied.
    inner: Mutex<Arc<Parts>>,
}

/// The parts of all conversations.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    of: HashMap<ConversationId, Part>,
    events: usize,
}

impl Parts {
    /// The parts, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Part> {
        self.of.values()
    }
}

impl Tail {
    fn inner(&self) -> MutexGuard<'_, Arc<Parts>> {
        // Nothing in here panics half way; and a reader must not fail because another thread did.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many events are in here.
    pub(super) fn len(&self) -> usize {
        self.inner().events
    }

    /// True if the tables say all that there is to say.
    pub(super) fn is_empty(&self) -> bool {
        self.inner().of.is_empty()
    }

    /// A conversation's snapshot and events with `seq` > `after`, if it is in here.
    pub(super) fn part(&self, id: ConversationId, after: Seq) -> Option<Part> {
        let inner = self.inner();
        let part = inner.of.get(&id)?;
        let from = part.events.partition_point(|(_, event)| event.seq <= after);
        Some(Part { snapshot: Arc::clone(&part.snapshot), events: part.events[from..].to_vec() })
    }

    /// A conversation's snapshot, if it is in here.
    pub(super) fn snapshot(&self, id: ConversationId) -> Option<Arc<Snapshot>> {
        self.inner().of.get(&id).map(|part| Arc::clone(&part.snapshot))
    }

    /// Everything, as it is now.
    pub(super) fn all(&self) -> Arc<Parts> {
        Arc::clone(&self.inner())
    }

    /// Takes over what was synced: first everything goes if the tables have `caught_up`, then `new` comes.
    pub(super) fn advance(&self, caught_up: bool, new: impl Iterator<Item = Part>) {
        let mut inner = self.inner();
        if caught_up {
            *inner = Arc::default();
        }
        let inner = Arc::make_mut(&mut inner);
        for part in new {
            inner.events += part.events.len();
            match inner.of.entry(part.snapshot.id) {
                std::collections::hash_map::Entry::Occupied(mut old) => {
                    let old = old.get_mut();
                    old.snapshot = part.snapshot;
                    old.events.extend(part.events);
                }
                std::collections::hash_map::Entry::Vacant(none) => {
                    none.insert(part);
                }
            }
        }
    }
}
