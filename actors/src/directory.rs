//! Which conversations are live, and where. The map is private: it hands out clones, never guards.

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::refusal::Refusal;
use ractor::ActorId;

use crate::messages::ConversationRef;

/// Starts the actor of a conversation, without waiting for it.
pub type Opener = Box<dyn Fn(ConversationId) -> Option<ConversationRef> + Send + Sync>;

/// The live conversations of this process.
#[derive(Clone, Default)]
pub struct Directory {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    live: DashMap<ConversationId, ConversationRef>,
    opener: OnceLock<Opener>,
}

impl Directory {
    /// Says how conversations are opened. Once, by their supervisor.
    pub fn open_with(&self, opener: Opener) {
        // A second supervisor (after a crash of the first) opens through the same closure, which finds
        // the newest supervisor itself.
        let _ = self.shared.opener.set(opener);
    }

    /// The conversation's actor, started if there is none. Whether the conversation exists is found out
    /// by the actor.
    ///
    /// # Errors
    /// `unavailable` while the tree is starting or going down.
    pub fn find_or_open(&self, id: ConversationId) -> Result<ConversationRef, Refusal> {
        if let Some(found) = self.find(id) {
            return Ok(found);
        }
        let opener = self.shared.opener.get().ok_or_else(Refusal::unavailable)?;
        // Nothing is awaited under the entry's lock: starting an actor only spawns its task.
        let entry =
            self.shared.live.entry(id).or_try_insert_with(|| opener(id).ok_or_else(Refusal::unavailable));
        entry.map(|actor| actor.clone())
    }

    /// The conversation's actor, if it is live.
    pub fn find(&self, id: ConversationId) -> Option<ConversationRef> {
        self.shared.live.get(&id).map(|actor| actor.clone())
    }

    /// Forgets an actor, unless another one has taken its place.
    pub fn remove(&self, id: ConversationId, actor: ActorId) {
        self.shared.live.remove_if(&id, |_, live| live.get_id() == actor);
    }

    /// Forgets an actor of which only the actor is known, and says whose it was. Looks at all of them:
    /// for actors that failed.
    pub fn remove_actor(&self, actor: ActorId) -> Option<ConversationId> {
        let id = self.shared.live.iter().find(|live| live.get_id() == actor).map(|live| *live.key())?;
        self.remove(id, actor);
        Some(id)
    }

    /// How many are live.
    pub fn len(&self) -> usize {
        self.shared.live.len()
    }

    /// True if none is live.
    pub fn is_empty(&self) -> bool {
        self.shared.live.is_empty()
    }

    /// All that are live.
    pub fn all(&self) -> Vec<ConversationRef> {
        self.shared.live.iter().map(|live| live.clone()).collect()
    }

    /// Every `of`-th of those that are live, beginning with the `part`-th.
    pub fn part(&self, part: usize, of: usize) -> Vec<ConversationRef> {
        self.shared.live.iter().skip(part).step_by(of.max(1)).map(|live| live.clone()).collect()
    }
}
