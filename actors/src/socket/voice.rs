//! How what a client sends gets on its way: to the conversation where it can, by way of the socket's actor
//! where that has a part in it.

use std::sync::Arc;

use frontdesk_domain::conversation::{Command, Say};
use frontdesk_domain::frame::{ClientFrame, Close, ServerFrame};
use frontdesk_domain::ids::{ClientId, ConversationId};
use frontdesk_domain::people::Principal;
use frontdesk_domain::permission;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};

use tracing::field;

use crate::messages::{
    ConversationMsg, Permit, Reader, Reply, SocketId, SocketMsg, SocketRef, WebIngressMsg,
};
use crate::metering;
use crate::outbox::Delivery;
use crate::trace_span;

use super::Surroundings;

/// One client, as its connection and its socket's actor both know it.
#[derive(Clone)]
pub struct Client {
    /// The socket's name.
    pub id: SocketId,
    /// Who is at the other end.
    pub who: Arc<Principal>,
    /// What the socket works with.
    pub around: Arc<Surroundings>,
    /// Where the client is told.
    pub delivery: Delivery,
}

/// The way in for what a client sends. Dropped when the connection ends, which ends the socket.
pub struct Voice {
    client: Client,
    socket: SocketRef,
}

impl Voice {
    /// The voice of a client whose socket has been started.
    pub fn new(client: Client, socket: SocketRef) -> Self {
        Self { client, socket }
    }

    /// The client sent a frame of the contract, with its place in the window.
    ///
    /// What needs nothing of the actor goes straight to the conversation, which saves a wake-up; but never
    /// past something that the actor still has before it.
    pub fn frame(&self, frame: ClientFrame, permit: Permit) {
        let is_straight = is_for_a_conversation(&frame);
        let goes_straight = self.client.delivery.at(|desk| {
            let goes = is_straight && desk.with_actor == 0;
            desk.with_actor += usize::from(!goes);
            goes
        });
        if !goes_straight {
            // An actor that has stopped has closed its outbox: the farewell is on its way.
            let _ = self.socket.cast(SocketMsg::Frame { frame, permit });
            return;
        }
        let id = id_of(&frame);
        match self.client.check(&frame).and_then(|()| self.client.pass_on(&self.socket, frame, permit)) {
            Ok(()) => {}
            Err(Refused::Bad(refusal)) => self.bad_frame(id, refusal),
            Err(Refused::Now(refusal)) => {
                metering::refused("socket", refusal.code);
                self.client.delivery.push(&ServerFrame::refused(id, refusal).encode());
            }
        }
    }

    /// The client sent something else. Its id, where one could be read.
    pub fn bad_frame(&self, id: Option<ClientId>, refusal: Refusal) {
        let _ = self.socket.cast(SocketMsg::BadFrame { id, refusal });
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        // An actor that has stopped needs no telling.
        let _ = self.socket.cast(SocketMsg::Ended);
    }
}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Voice").field("socket", &self.client.id).finish_non_exhaustive()
    }
}

/// Why a frame is refused.
pub enum Refused {
    /// It is none that this client may send: counted against it.
    Bad(Refusal),
    /// Not now, or not there.
    Now(Refusal),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        if refusal.code == Code::BadFrame { Self::Bad(refusal) } else { Self::Now(refusal) }
    }
}

impl Client {
    /// Whether this client may send this, and now.
    pub(super) fn check(&self, frame: &ClientFrame) -> Result<(), Refused> {
        permission::check(&self.who, frame).map_err(Refused::Bad)?;
        let quotas = &self.around.quotas;
        quotas.check(Quota::FramePerSocket, &self.id.0).map_err(|refusal| {
            if quotas.check(Quota::FloodPerSocket, &self.id.0).is_err() {
                self.delivery.close(Close::TooMany);
            }
            Refused::Now(refusal)
        })
    }

    /// Passes on what is for a conversation alone.
    pub(super) fn pass_on(
        &self,
        socket: &SocketRef,
        frame: ClientFrame,
        permit: Permit,
    ) -> Result<(), Refused> {
        match frame {
            ClientFrame::Send { id, conversation, text, note, reply_to, attachments, suggestions } => {
                let to = self.where_to(conversation)?;
                let say = Say {
                    by: self.who.author(),
                    id: id.clone(),
                    text,
                    note: note.unwrap_or(false),
                    reply_to,
                    suggestions: suggestions.unwrap_or_default(),
                    attachments: attachments.unwrap_or_default(),
                    files: Vec::new(),
                };
                self.perform(to, id, Command::Say(say), permit);
            }
            ClientFrame::Typing { conversation, on } => {
                let from = self.reader(socket);
                self.mention(conversation, ConversationMsg::Typing { from, on })?;
            }
            ClientFrame::Read { conversation, seq } => {
                let from = self.reader(socket);
                self.mention(conversation, ConversationMsg::Read { from, seq })?;
            }
            _ => return Err(Refused::Bad(Refusal::new(Code::BadFrame, "not for a conversation"))),
        }
        Ok(())
    }

    /// This socket, as conversations know it.
    pub(super) fn reader(&self, socket: &SocketRef) -> Reader {
        let (delivery, who) = (self.delivery.clone(), Arc::clone(&self.who));
        Reader { id: self.id, socket: socket.clone(), delivery, who }
    }

    /// A guest's conversation is its own, named or not; an agent must name one.
    pub(super) fn where_to(&self, named: Option<ConversationId>) -> Result<ConversationId, Refusal> {
        match (&*self.who, named) {
            (Principal::Guest { conversation, .. }, None) => Ok(*conversation),
            (Principal::Guest { conversation, .. }, Some(named)) if named == *conversation => Ok(named),
            (Principal::Guest { .. }, Some(_)) => Err(Refusal::not_found()),
            (Principal::Agent { .. }, Some(named)) => Ok(named),
            (Principal::Agent { .. }, None) => {
                Err(Refusal::new(Code::BadFrame, "missing field `conversation`"))
            }
        }
    }

    /// Guests come in through the ingress of their channel; agents go to the conversation.
    pub(super) fn perform(&self, to: ConversationId, id: ClientId, command: Command, permit: Permit) {
        let what = if matches!(command, Command::Say(_)) { "send" } else { "act" };
        let span = trace_span!("frame", kind = what, conversation = %to, refused = field::Empty);
        let reply = Reply::to_socket(self.delivery.clone(), to, id, permit).of(span);
        let command = Box::new(command);
        let who = Arc::clone(&self.who);
        match &*self.who {
            Principal::Guest { .. } => match self.around.admission.admit() {
                Ok(place) => {
                    let reply = reply.admitted(place);
                    // Whoever does not take it drops the reply, which answers by itself.
                    self.around.web_ingress.cast(WebIngressMsg::Admit { who, command, reply });
                }
                Err(refusal) => reply.send(Err(refusal)),
            },
            Principal::Agent { agent, .. } => {
                let admitted = self.around.quotas.check(Quota::CommandPerAgent, &agent.id);
                match admitted.and_then(|()| self.around.directory.find_or_open(to)) {
                    Ok(actor) => {
                        let _ = actor.cast(ConversationMsg::Perform { who: Some(who), command, reply });
                    }
                    Err(refusal) => reply.send(Err(refusal)),
                }
            }
        }
    }

    /// Mentions something to a conversation, open here or not. It checks whether it is the client's.
    fn mention(&self, named: Option<ConversationId>, message: ConversationMsg) -> Result<(), Refusal> {
        let to = self.where_to(named)?;
        let read_here = self.delivery.at(|desk| desk.read(to).and_then(|read| read.actor.clone()));
        let actor = match read_here {
            Some(actor) => actor,
            None => self.around.directory.find_or_open(to)?,
        };
        let _ = actor.cast(message);
        Ok(())
    }
}

/// True for what the socket's actor has no part in.
fn is_for_a_conversation(frame: &ClientFrame) -> bool {
    matches!(frame, ClientFrame::Send { .. } | ClientFrame::Typing { .. } | ClientFrame::Read { .. })
}

/// The client's own id for a frame that has one.
pub(super) fn id_of(frame: &ClientFrame) -> Option<ClientId> {
    match frame {
        ClientFrame::Send { id, .. } | ClientFrame::Act { id, .. } => Some(id.clone()),
        _ => None,
    }
}
