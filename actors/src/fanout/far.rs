//! Readers at other processes: each process is told once, and tells its own.

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use frontdesk_domain::event::Event;
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::letter::{Letter, NodeId, Told};

use crate::cluster::{Cluster, WATCHED_FOR};
use crate::messages::Origin;

/// The processes that are told of one conversation.
pub struct Far {
    cluster: Arc<Cluster>,
    /// Names us, who tells.
    life: Uuid,
    nodes: Vec<(NodeId, Instant)>,
}

impl std::fmt::Debug for Far {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Far").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

impl Far {
    /// Nobody yet.
    pub fn new(cluster: Arc<Cluster>, life: Uuid) -> Self {
        Self { cluster, life, nodes: Vec::new() }
    }

    /// Names us.
    pub fn life(&self) -> Uuid {
        self.life
    }

    /// This process is told from now on, until it no longer says that it wants to be.
    pub fn watch(&mut self, node: NodeId) {
        self.nodes.retain(|(each, _)| *each != node);
        self.nodes.push((node, Instant::now()));
    }

    /// True if none is told. Forgets those that have not asked again.
    pub fn is_empty(&mut self) -> bool {
        self.nodes.retain(|(_, asked)| asked.elapsed() < WATCHED_FOR);
        self.nodes.is_empty()
    }

    /// Tells a stored event.
    pub fn tell(&self, event: &Event) {
        self.send(event.conversation, || Told::Event(event.clone()));
    }

    /// Tells something passing; heads as in [`super::Fanout::notice`].
    pub fn notice(
        &self,
        conversation: ConversationId,
        frame: &ServerFrame,
        heads: [Seq; 2],
        except: Option<Origin>,
    ) {
        let [guest, agents] = heads;
        // Only the process where it comes from need know who is not to be told.
        let (same, others) = self
            .nodes
            .iter()
            .partition::<Vec<_>, _>(|(node, _)| except.is_some_and(|origin| origin.node == Some(*node)));
        let told = |except| Told::Notice { frame: frame.clone(), guest, agents, except };
        self.send_to(&others, conversation, || told(None));
        self.send_to(&same, conversation, || told(except.map(|origin| origin.socket.0)));
    }

    /// Tells that we end.
    pub fn gone(&self, conversation: ConversationId) {
        self.send(conversation, || Told::Gone);
    }

    fn send(&self, conversation: ConversationId, what: impl FnOnce() -> Told) {
        let all: Vec<_> = self.nodes.iter().collect();
        self.send_to(&all, conversation, what);
    }

    fn send_to(
        &self,
        nodes: &[&(NodeId, Instant)],
        conversation: ConversationId,
        what: impl FnOnce() -> Told,
    ) {
        let Some((last, others)) = nodes.split_last() else { return };
        let letter = Letter::Told { conversation, life: self.life, what: Box::new(what()) }.encode();
        for (node, _) in others {
            self.cluster.send_encoded(*node, letter.clone());
        }
        self.cluster.send_encoded(last.0, letter);
    }
}
