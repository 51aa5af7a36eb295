//! What all clients of a run share.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::torture::history::{Body, Recorder};

/// What the run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Clients write, come and go.
    Load,
    /// Nothing new: what has no answer is repeated until it has.
    Quiet,
    /// All has settled: each connection shows that it is level.
    Level,
    /// Go.
    End,
}

/// What all clients know.
pub struct Stage {
    /// Where the server is, in all of its lives.
    pub address: SocketAddr,
    /// The word that begins every text.
    pub run: String,
    /// Where to write down.
    pub recorder: Arc<Recorder>,
    /// What the run is at.
    pub phase: watch::Receiver<Phase>,
    /// Attempts that still want an answer.
    pub unanswered: AtomicUsize,
    /// Connections that have shown that they are level.
    pub level: AtomicUsize,
}

impl Stage {
    /// What the run is at.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }
}

/// A guest with its conversation.
pub struct Guest {
    /// Its id.
    pub id: String,
    /// Its session.
    pub token: String,
    /// Its conversation.
    pub conversation: String,
    /// What it has asked for lately, on any of its devices.
    pub told: Arc<Told>,
}

/// A member of staff.
pub struct Agent {
    /// Its id.
    pub id: String,
    /// Its session.
    pub token: String,
}

/// The newest attempts of one author in one conversation, for any of its devices to repeat.
#[derive(Default)]
pub struct Told(Mutex<VecDeque<(String, Body)>>);

/// How many are remembered. Older ones are repeated no more.
const TOLD: usize = 64;

impl Told {
    /// Remembers one.
    pub fn push(&self, id: &str, body: &Body) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() == TOLD {
            told.pop_front();
        }
        told.push_back((id.to_owned(), body.clone()));
    }

    /// Any one.
    pub fn any(&self, rng: &mut fastrand::Rng) -> Option<(String, Body)> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(rng.usize(0..told.len().max(1))).cloned()
    }
}
