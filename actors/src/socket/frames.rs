//! What the client asks of its socket.

use frontdesk_domain::conversation::{Act, Command};
use frontdesk_domain::frame::{Action, ClientFrame, ServerFrame};
use frontdesk_domain::ids::{ClientId, ConversationId, Seq};
use frontdesk_domain::people::AgentRef;
use frontdesk_domain::refusal::{Code, Refusal};

use crate::messages::{ConversationMsg, Permit, SocketRef};
use crate::metering;
use crate::subscription::{Place, Subscription};

use super::voice::{Refused, id_of};
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
        let refused = match self.check(&frame) {
            Ok(()) => self.carry_out(myself, frame, permit, state).await,
            Err(refused) => Err(refused),
        };
        match refused {
            Ok(()) => {}
            Err(Refused::Bad(refusal)) => self.on_bad_frame(id, refusal, state),
            Err(Refused::Now(refusal)) => {
                metering::refused("socket", refusal.code);
                state.tell(&ServerFrame::refused(id, refusal));
            }
        }
        // Last of all: what comes after it may overtake this actor from now on.
        state.outbox.at(|desk| desk.with_actor = desk.with_actor.saturating_sub(1));
    }

    async fn carry_out(
        &self,
        myself: &SocketRef,
        frame: ClientFrame,
        permit: Permit,
        state: &State,
    ) -> Result<(), Refused> {
        match frame {
            ClientFrame::Hello { .. } => {
                return Err(Refused::Bad(Refusal::new(Code::BadFrame, "hello was said")));
            }
            ClientFrame::Ping => state.tell(&ServerFrame::Pong),
            ClientFrame::Open { conversation, after } => self.on_open(myself, conversation, after, state)?,
            ClientFrame::Leave { conversation } => self.on_leave(myself, conversation, state),
            ClientFrame::Act { id, conversation, action } => {
                let to = self.where_to(conversation)?;
                // Boxed, for it is rare: an idle actor is as large as the largest thing that it may wait for.
                Box::pin(self.on_act(to, id, action, permit)).await?;
            }
            other => self.pass_on(myself, other, permit)?,
        }
        Ok(())
    }

    fn on_open(
        &self,
        myself: &SocketRef,
        conversation: ConversationId,
        after: Option<Seq>,
        state: &State,
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

    pub(super) fn on_leave(&self, myself: &SocketRef, conversation: ConversationId, state: &State) {
        let Some(read) = state.outbox.at(|desk| desk.end(conversation)) else { return };
        if let Some(actor) = read.actor {
            let _ = actor.cast(ConversationMsg::Leave { id: self.id });
            myself.get_cell().unmonitor(actor.get_cell());
        }
    }

    async fn on_act(
        &self,
        to: ConversationId,
        id: ClientId,
        action: Action,
        permit: Permit,
    ) -> Result<(), Refusal> {
        let assignee = self.assignee(&action).await?;
        let act = Act { by: self.who.author(), id: id.clone(), action, assignee };
        self.perform(to, id, Command::Act(act), permit);
        Ok(())
    }

    /// The agent to whom a conversation is to be assigned.
    async fn assignee(&self, action: &Action) -> Result<Option<AgentRef>, Refusal> {
        let Action::Assign { agent: Some(agent) } = action else { return Ok(None) };
        let found = self.around.store.assignable(self.who.property(), *agent).await;
        found.map_err(|_| Refusal::unavailable())
    }
}
