//! What concerns the other processes that share the database, or is told to all of them.

use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::letter::Letter;

use crate::messages::{SessionKey, SocketsMsg};
use crate::post::Post;

use super::Hub;

impl Hub {
    /// Where letters of other processes are taken in.
    pub fn post(&self) -> Post {
        self.shared.post.clone()
    }

    /// Tells the other processes that a hotel's knowledge was changed.
    pub fn knowledge_changed(&self, property: PropertyId) {
        self.tell_others(|| Letter::Knowledge(property));
    }

    fn tell_others(&self, letter: impl FnOnce() -> Letter) {
        if let Some(cluster) = &self.shared.cluster {
            cluster.send_all(&letter());
        }
    }

    /// Closes a session's sockets with 4401.
    pub fn end_session(&self, session: SessionKey) {
        self.tell_others(|| Letter::EndSession(session.0));
        self.shared.at.sockets.cast(SocketsMsg::EndSession(session));
    }

    /// Closes all sockets of an agent with 4401.
    pub fn end_agent(&self, agent: AgentId) {
        self.tell_others(|| Letter::EndAgent(agent));
        self.shared.at.sockets.cast(SocketsMsg::EndAgent(agent));
    }
}
