//! Who writes: brings what is due to all connections that something became due to.
//!
//! Waking a task for every frame costs more than the frame. So a connection that something becomes due to
//! is put on a list, once; whoever owns the list lets all that is ready to run go first, then takes the
//! list and writes to each connection on it once. Under load batches form by themselves; a lone frame
//! waits for nothing.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::available_parallelism;

use tokio::sync::Notify;
use tokio::task::{unconstrained, yield_now};

use super::line::Line;

/// To how many connections one list is written before others may run.
const TURN: usize = 128;

/// The lists, one for each core. Shared by all connections; its tasks live as long as the runtime.
#[derive(Clone, Default)]
pub(crate) struct Post {
    lists: Arc<OnceLock<Vec<Arc<List>>>>,
    next: Arc<AtomicUsize>,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct List {
    due: Mutex<Vec<Arc<Line>>>,
    wake: Notify,
}

impl Post {
    /// Puts a connection on a list. It is not on any: it asked to be woken once.
    pub(crate) fn bring(&self, line: Arc<Line>) {
        let lists = self.lists.get_or_init(start);
        let list = &lists[self.next.fetch_add(1, Ordering::Relaxed) % lists.len()];
        let mut due = list.due();
        due.push(line);
        if due.len() == 1 {
            drop(due);
            list.wake.notify_one();
        }
    }
}

fn start() -> Vec<Arc<List>> {
    let count = available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let lists: Vec<Arc<List>> = (0..count).map(|_| Arc::default()).collect();
    for list in &lists {
        // Without a budget: a write that is put off for fairness would look like a slow client.
        tokio::spawn(unconstrained(Arc::clone(list).run()));
    }
    lists
}

impl List {
    fn due(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>) {
        let mut batch = Vec::new();
        loop {
            self.wake.notified().await;
            yield_now().await;
            mem::swap(&mut batch, &mut *self.due());
            for (n, line) in batch.drain(..).enumerate() {
                line.flush();
                if n % TURN == TURN - 1 {
                    yield_now().await;
                }
            }
        }
    }
}
