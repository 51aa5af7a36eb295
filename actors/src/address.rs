//! A reference to an actor that may be restarted: whoever holds it always speaks to the newest one.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use ractor::{ActorCell, ActorRef, Message};

/// Where an actor of the tree is to be found, whichever one it is by now.
pub struct Address<M> {
    current: Arc<ArcSwapOption<ActorRef<M>>>,
}

impl<M> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self { current: Arc::clone(&self.current) }
    }
}

impl<M> Default for Address<M> {
    fn default() -> Self {
        Self { current: Arc::new(ArcSwapOption::empty()) }
    }
}

impl<M: Message> Address<M> {
    /// The actor is now this one.
    pub fn set(&self, actor: ActorRef<M>) {
        self.current.store(Some(Arc::new(actor)));
    }

    /// The actor, unless it has not been started yet.
    pub fn get(&self) -> Option<ActorRef<M>> {
        self.current.load().as_deref().cloned()
    }

    /// The actor's cell, to monitor it.
    pub fn cell(&self) -> Option<ActorCell> {
        self.get().map(|actor| actor.get_cell())
    }

    /// Sends a message on its way. False if nobody will get it; what it holds is dropped then, and a
    /// [`crate::messages::Reply`] in it answers by itself.
    pub fn cast(&self, message: M) -> bool {
        match &*self.current.load() {
            Some(actor) => actor.cast(message).is_ok(),
            None => false,
        }
    }
}
