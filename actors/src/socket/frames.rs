//! What the client asks for.

use std::sync::Arc;

use frontdesk_domain::conversation::{Act, Command, Say};
use frontdesk_domain::frame::{Action, ClientFrame, ServerFrame};
use frontdesk_domain::ids::{ClientId, ConversationId, Seq};
use frontdesk_domain::people::{AgentRef, Principal};
use frontdesk_domain::permission;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};

use crate::messages::{ConversationMsg, Permit, Reply, SocketRef, WebIngressMsg};
use crate::subscription::{Place, Subscription};

use super::{OPENS_WAITING_MAX, SUBSCRIPTIONS_MAX, Socket, State};

impl Socket {
    pub(super) async fn on_frame(
        &self,
        myself: &SocketRef,
        frame: ClientFrame,
        permit: Permit,
        state: &mut State,
    ) {
        let id = id_of(&frame);
        let quotas = &self.around.quotas;
        if let Err(refusal) = permission::check(&self.who, &frame) {
            return self.on_bad_frame(id, refusal, state);
        }
        if let Err(refusal) = quotas.check(Quota::FramePerSocket, &self.id.0) {
            return state.tell(&ServerFrame::refused(id, refusal));
        }
        let refused = match frame {
            ClientFrame::Hello { .. } => {
                return self.on_bad_frame(None, Refusal::new(Code::BadFrame, "hello was said"), state);
            }
            ClientFrame::Ping => {
                state.tell(&ServerFrame::Pong);
                Ok(())
            }
            ClientFrame::Open { conversation, after } => self.on_open(myself, conversation, after, state),
            ClientFrame::Leave { conversation } => {
                self.on_leave(myself, conversation, state);
                Ok(())
            }
            ClientFrame::Send { id, conversation, text, note, reply_to, attachments, suggestions } => {
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
                self.where_to(conversation)
                    .and_then(|to| self.perform(state, to, id, Command::Say(say), permit))
            }
            ClientFrame::Act { id, conversation, action } => match self.where_to(conversation) {
                Ok(to) => self.on_act(state, to, id, action, permit).await,
                Err(refusal) => Err(refusal),
            },
            ClientFrame::Typing { conversation, on } => {
                let from = self.reader(myself, state);
                self.pass(conversation, ConversationMsg::Typing { from, on }, state)
            }
            ClientFrame::Read { conversation, seq } => {
                let from = self.reader(myself, state);
                self.pass(conversation, ConversationMsg::Read { from, seq }, state)
            }
        };
        match refused {
            Ok(()) => {}
            Err(refusal) if matches!(refusal.code, Code::BadFrame) => self.on_bad_frame(id, refusal, state),
            Err(refusal) => state.tell(&ServerFrame::refused(id, refusal)),
        }
    }

    /// A guest's conversation is its own, named or not; an agent must name one.
    fn where_to(&self, named: Option<ConversationId>) -> Result<ConversationId, Refusal> {
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

    fn on_open(
        &self,
        myself: &SocketRef,
        conversation: ConversationId,
        after: Option<Seq>,
        state: &mut State,
    ) -> Result<(), Refusal> {
        let joined = state.outbox.at(|desk| {
            let is_full = desk.count() >= SUBSCRIPTIONS_MAX;
            match desk.read(conversation) {
                None if is_full => {
                    Err(Refusal::new(Code::RateLimited, "too many conversations are open here"))
                }
                Some(read) if matches!(read.place, Place::Joining { .. }) => {
                    if read.asked_again.len() >= OPENS_WAITING_MAX {
                        return Err(Refusal::new(Code::RateLimited, "this conversation is being opened"));
                    }
                    read.asked_again.push_back(after);
                    Ok(false)
                }
                _ => Ok(true),
            }
        });
        if joined? {
            self.on_leave(myself, conversation, state);
            state.outbox.at(|desk| desk.begin(conversation, Subscription::joining(after)));
            self.join(myself, conversation, state);
        }
        Ok(())
    }

    pub(super) fn on_leave(&self, myself: &SocketRef, conversation: ConversationId, state: &mut State) {
        let Some(read) = state.outbox.at(|desk| desk.end(conversation)) else { return };
        if let Some(actor) = read.actor {
            let _ = actor.cast(ConversationMsg::Leave { id: self.id });
            myself.get_cell().unmonitor(actor.get_cell());
        }
    }

    async fn on_act(
        &self,
        state: &State,
        to: ConversationId,
        id: ClientId,
        action: Action,
        permit: Permit,
    ) -> Result<(), Refusal> {
        let assignee = self.assignee(&action).await?;
        let act = Act { by: self.who.author(), id: id.clone(), action, assignee };
        self.perform(state, to, id, Command::Act(act), permit)
    }

    /// The agent to whom a conversation is to be assigned.
    async fn assignee(&self, action: &Action) -> Result<Option<AgentRef>, Refusal> {
        let Action::Assign { agent: Some(agent) } = action else { return Ok(None) };
        let found = self.around.store.assignable(self.who.property(), *agent).await;
        found.map_err(|_| Refusal::unavailable())
    }

    /// Guests come in through the ingress of their channel; agents go to the conversation.
    fn perform(
        &self,
        state: &State,
        to: ConversationId,
        id: ClientId,
        command: Command,
        permit: Permit,
    ) -> Result<(), Refusal> {
        let reply = Reply::to_socket(state.outbox.delivery(), to, id, permit);
        let command = Box::new(command);
        let who = Arc::clone(&self.who);
        match &*self.who {
            Principal::Guest { .. } => {
                // Whoever does not take it drops the reply, which answers by itself.
                self.around.web_ingress.cast(WebIngressMsg::Admit { who, command, reply });
            }
            Principal::Agent { agent, .. } => {
                if let Err(refusal) = self.around.quotas.check(Quota::CommandPerAgent, &agent.id) {
                    reply.send(Err(refusal));
                    return Ok(());
                }
                match self.around.directory.find_or_open(to) {
                    Ok(actor) => {
                        let _ = actor.cast(ConversationMsg::Perform { who: Some(who), command, reply });
                    }
                    Err(refusal) => reply.send(Err(refusal)),
                }
            }
        }
        Ok(())
    }

    /// Passes something on to a conversation, open here or not. It checks whether it is the client's.
    fn pass(
        &self,
        named: Option<ConversationId>,
        message: ConversationMsg,
        state: &State,
    ) -> Result<(), Refusal> {
        let to = self.where_to(named)?;
        let read_here = state.outbox.at(|desk| desk.read(to).and_then(|read| read.actor.clone()));
        let actor = match read_here {
            Some(actor) => actor,
            None => self.around.directory.find_or_open(to)?,
        };
        let _ = actor.cast(message);
        Ok(())
    }
}

fn id_of(frame: &ClientFrame) -> Option<ClientId> {
    match frame {
        ClientFrame::Send { id, .. } | ClientFrame::Act { id, .. } => Some(id.clone()),
        _ => None,
    }
}
