//! What all connections share.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Settings;
use super::fault::Fault;
use super::journal::Journal;
use super::limits::Counters;

/// How many lines the phone shows.
const CHAT_MAX: usize = 500;

/// A stand-in's inside.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) address: SocketAddr,
    started: Instant,
    state: Mutex<State>,
}

/// What changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) webhook: Option<String>,
    pub(super) script: VecDeque<Fault>,
    pub(super) always: Option<Fault>,
    pub(super) counters: Counters,
    pub(super) journal: Journal,
    /// Trackers of which the hotel took a status.
    pub(super) known: HashSet<String>,
    /// Files by id: media type and bytes.
    pub(super) media: HashMap<String, (String, Vec<u8>)>,
    /// What the phone shows: direction, number, text.
    pub(super) chat: VecDeque<(&'static str, String, String)>,
    ids: u64,
}

impl Shared {
    pub(super) fn new(settings: Settings, address: SocketAddr) -> Self {
        let state = State { webhook: settings.webhook.clone(), ..State::default() };
        Self { settings, address, started: Instant::now(), state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl State {
    /// An id that no other stand-in of this machine gives out at the same time.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}{}{:x}", uuid::Uuid::now_v7().simple(), self.ids)
    }

    /// What this message meets.
    pub(super) fn next_fault(&mut self) -> Fault {
        self.always.unwrap_or_else(|| self.script.pop_front().unwrap_or(Fault::None))
    }

    pub(super) fn show(&mut self, direction: &'static str, number: &str, text: &str) {
        if self.chat.len() >= CHAT_MAX {
            self.chat.pop_front();
        }
        self.chat.push_back((direction, number.to_owned(), text.to_owned()));
    }
}
