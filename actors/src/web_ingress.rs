//! The ingress of the web channel: admits what guests send.
//!
//! Started by the root supervisor.
//! Owns nothing but the right to say no: quota first, then the guest's conversation, found or opened.
//! Waits for nothing.
//! Killed by a bug only; the next one goes on.
//! The world sees then: guests who are told to try again.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::conversation::Command;
use frontdesk_domain::people::Principal;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::Refusal;

use crate::directory::Directory;
use crate::messages::{ConversationMsg, Reader, Reply, SocketMsg, WebIngressMsg};
use crate::quotas::Quotas;

/// The actor.
pub struct WebIngress {
    /// Where conversations are found.
    pub directory: Directory,
    /// How fast guests may be.
    pub quotas: Arc<Quotas>,
}

impl Actor for WebIngress {
    type Msg = WebIngressMsg;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<WebIngressMsg>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<WebIngressMsg>,
        message: WebIngressMsg,
        _state: &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match message {
            WebIngressMsg::Admit { who, command, reply } => self.on_admit(who, command, reply),
            WebIngressMsg::Join(reader) => self.on_join(reader),
        }
        Ok(())
    }
}

impl WebIngress {
    fn on_admit(&self, who: Arc<Principal>, command: Box<Command>, reply: Reply) {
        let Principal::Guest { id, conversation, .. } = who.as_ref() else {
            return reply.send(Err(Refusal::forbidden()));
        };
        let admitted = self.quotas.check(Quota::MessagePerGuest, id);
        match admitted.and_then(|()| self.directory.find_or_open(*conversation)) {
            Ok(actor) => {
                // A conversation that is gone drops the reply, which answers by itself.
                let _ = actor.cast(ConversationMsg::Perform { who: Some(who), command, reply });
            }
            Err(refusal) => reply.send(Err(refusal)),
        }
    }

    fn on_join(&self, reader: Reader) {
        let Principal::Guest { conversation, .. } = *reader.who else { return };
        match self.directory.find_or_open(conversation) {
            Ok(actor) => {
                let _ = actor.cast(ConversationMsg::Join(reader));
            }
            Err(refusal) => {
                let _ = reader.socket.cast(SocketMsg::NotJoined { conversation, refusal });
            }
        }
    }
}
