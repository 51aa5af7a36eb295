//! What this process knows of the others that share its database.
//!
//! A conversation has one owner. Whoever else stores something for it is refused by the database, so nothing that
//! is shown as stored can be wrong. What is shown without being stored are the words of the AI while it speaks. An
//! owner from whom the conversation was taken must not show any: it looks into the database every [`LOOK_EVERY`],
//! and shows words only within [`LEASE`] of having begun a look that found its conversation still its own. Whoever
//! takes a conversation in which the AI is speaking waits that long before it goes on.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use dashmap::{DashMap, DashSet};

use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::letter::{Answer, Ask, Letter, NodeId};

use crate::messages::ConversationRef;
use crate::ports::Neighbours;

/// How often the database is asked what was taken from us.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long words of the AI may be shown after such a look was begun.
pub const LEASE: Duration = Duration::from_millis(900);
/// How long whoever took a conversation waits before it goes on: longer than the lease.
pub const LEASE_OVER: Duration = Duration::from_millis(1_000);
/// How long an owner has for an answer before the conversation is taken from it.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(1_000);
/// How long it has for a reader who joins, before the reader is served from the database.
pub const JOIN_WITHIN: Duration = Duration::from_millis(500);
/// How often an owner is told that we still want to know.
pub const WATCH_EVERY: Duration = Duration::from_secs(5);
/// How long an owner tells a node that does not say so.
pub const WATCHED_FOR: Duration = Duration::from_secs(17);

/// This process among the others.
pub struct Cluster {
    neighbours: Neighbours,
    /// When the last look that was answered was begun.
    looked_at: Mutex<Option<Instant>>,
    /// Taken from us, and not noticed by their actors yet.
    lost: DashSet<ConversationId>,
    /// Conversations that others have and somebody here wants to know of.
    elsewhere: DashMap<ConversationId, ConversationRef>,
}

impl Cluster {
    /// This process, with these neighbours.
    pub fn new(neighbours: Neighbours) -> Self {
        Self { neighbours, looked_at: Mutex::new(None), lost: DashSet::new(), elsewhere: DashMap::new() }
    }

    /// Our own name.
    pub fn me(&self) -> NodeId {
        self.neighbours.me
    }

    /// Who has which conversation.
    pub fn owners(&self) -> &dyn crate::ports::Owners {
        &*self.neighbours.owners
    }

    /// False while no letter can go.
    pub fn is_connected(&self) -> bool {
        self.neighbours.bus.is_connected()
    }

    /// Asks the owner of a conversation.
    pub fn ask(&self, owner: NodeId, conversation: ConversationId, ticket: u64, ask: Ask) {
        let letter = Letter::Ask { from: self.me(), conversation, ticket, ask: Box::new(ask) };
        self.send(owner, &letter);
    }

    /// Answers as the owner.
    pub fn answer(
        &self,
        to: NodeId,
        conversation: ConversationId,
        life: uuid::Uuid,
        ticket: u64,
        answer: Answer,
    ) {
        self.send(to, &Letter::Answer { conversation, life, ticket, answer: Box::new(answer) });
    }

    /// Sends a letter to one node.
    pub fn send(&self, to: NodeId, letter: &Letter) {
        self.neighbours.bus.send(to, letter.encode());
    }

    /// Sends what is encoded already.
    pub fn send_encoded(&self, to: NodeId, letter: Vec<u8>) {
        self.neighbours.bus.send(to, letter);
    }

    /// Sends a letter to all others.
    pub fn send_all(&self, letter: &Letter) {
        self.neighbours.bus.send_all(letter.encode());
    }

    /// True if what passes may be shown in a conversation of ours: it was ours a moment ago.
    pub fn may_show(&self, conversation: ConversationId) -> bool {
        let looked = *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        looked.is_some_and(|at| at.elapsed() < LEASE) && !self.lost.contains(&conversation)
    }

    /// A look that was begun then was answered, after all that it found was noted as lost.
    pub fn looked(&self, begun: Instant) {
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    }

    /// A conversation was taken from us.
    pub fn note_lost(&self, conversation: ConversationId) {
        self.lost.insert(conversation);
    }

    /// Its actor here is gone, or it is ours again.
    pub fn forget_lost(&self, conversation: ConversationId) {
        self.lost.remove(&conversation);
    }

    /// Somebody here wants to know of a conversation that another node has: by this actor.
    pub fn stand_in(&self, conversation: ConversationId, actor: ConversationRef) {
        self.elsewhere.insert(conversation, actor);
    }

    /// Nobody does any more, unless another actor took the place of this one.
    pub fn stand_down(&self, conversation: ConversationId, actor: &ConversationRef) {
        self.elsewhere.remove_if(&conversation, |_, live| live.get_id() == actor.get_id());
    }

    /// True if another node has it, as far as is known here.
    pub fn is_elsewhere(&self, conversation: ConversationId) -> bool {
        self.elsewhere.contains_key(&conversation)
    }

    /// All such conversations.
    pub fn elsewhere(&self) -> Vec<(ConversationId, ConversationRef)> {
        self.elsewhere.iter().map(|one| (*one.key(), one.value().clone())).collect()
    }
}
