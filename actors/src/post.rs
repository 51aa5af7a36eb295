//! Where letters from other processes go.

use std::sync::Arc;

use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::letter::Letter;

use crate::directory::Directory;
use crate::messages::{ConversationMsg, FromNode, InboxMsg, SessionKey, SocketsMsg, WhatsAppOutboxMsg};
use crate::ports::Lead;
use crate::root::Addresses;

/// What is told that a hotel's knowledge was changed.
pub type KnowledgeChanged = Arc<dyn Fn(PropertyId) + Send + Sync>;

/// Takes in letters.
#[derive(Clone)]
pub struct Post {
    pub(crate) at: Addresses,
    pub(crate) directory: Directory,
    pub(crate) lead: Lead,
    pub(crate) knowledge: KnowledgeChanged,
}

impl Post {
    /// Passes a letter on to whom it is for. One that cannot be read is of a newer version: dropped, as one that is
    /// lost.
    pub fn take_in(&self, letter: &[u8]) {
        let letter = match Letter::decode(letter) {
            Ok(letter) => letter,
            Err(error) => return tracing::warn!(%error, "a letter of another node cannot be read"),
        };
        match letter {
            Letter::Ask { from, conversation, ticket, ask } => {
                let asked = FromNode::Asked { from, ticket, ask };
                if let Ok(actor) = self.directory.find_or_open(conversation) {
                    let _ = actor.cast(ConversationMsg::FromNode(Box::new(asked)));
                }
            }
            Letter::Answer { conversation, life, ticket, answer } => {
                self.to_live(conversation, FromNode::Answered { life, ticket, answer });
            }
            Letter::Told { conversation, life, what } => {
                self.to_live(conversation, FromNode::Told { life, what });
            }
            Letter::Changed(summary) => {
                self.at.inbox.cast(InboxMsg::ChangedElsewhere(summary));
            }
            Letter::Present { from, property, agents } => {
                self.at.inbox.cast(InboxMsg::Present { node: from, property, agents });
            }
            Letter::Alarm(alarm) => {
                self.at.inbox.cast(InboxMsg::AlarmElsewhere(alarm));
            }
            Letter::EndSession(session) => {
                self.at.sockets.cast(SocketsMsg::EndSession(SessionKey(session)));
            }
            Letter::EndAgent(agent) => {
                self.at.sockets.cast(SocketsMsg::EndAgent(agent));
            }
            Letter::Knowledge(property) => (self.knowledge)(property),
            Letter::Due(conversation) => {
                if self.lead.is_ours() {
                    self.at.whatsapp_outbox.cast(WhatsAppOutboxMsg::Due(conversation));
                }
            }
        }
    }

    /// To who waits for it. If nobody does, nobody needs it.
    fn to_live(&self, conversation: ConversationId, said: FromNode) {
        if let Some(actor) = self.directory.find(conversation) {
            let _ = actor.cast(ConversationMsg::FromNode(Box::new(said)));
        }
    }
}
