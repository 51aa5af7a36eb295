//! The supervisor of the sockets: starts them, knows whose they are, closes them.
//!
//! Started by the root supervisor.
//! Owns the list of sockets with their sessions.
//! Waits for a socket's start only.
//! Killed by a bug only; its sockets end with it, and their clients come back.
//! The world sees then: a reconnect.

use std::collections::HashMap;
use std::sync::Arc;

use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

use frontdesk_domain::frame::Close;
use frontdesk_domain::ids::{AgentId, Seq};
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::scrub::scrub;

use crate::messages::{SessionKey, SocketId, SocketMsg, SocketRef, SocketsMsg};
use crate::metering;
use crate::outbox::Outbox;
use crate::socket::{Client, Socket, SocketArgs, Surroundings, Voice};

/// The actor.
pub struct Sockets {
    /// What sockets work with.
    pub around: Arc<Surroundings>,
}

/// What changes.
#[derive(Default)]
pub struct State {
    open: HashMap<ActorId, Open>,
    last_id: u64,
    draining: Option<RpcReplyPort<()>>,
}

struct Open {
    socket: SocketRef,
    session: SessionKey,
    agent: Option<AgentId>,
}

impl Actor for Sockets {
    type Msg = SocketsMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<SocketsMsg>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<SocketsMsg>,
        message: SocketsMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SocketsMsg::Attach { who, session, outbox, after, reply } => {
                let result = self.attach(&myself, who, session, outbox, after, state).await;
                let _ = reply.send(result);
            }
            SocketsMsg::EndSession(session) => {
                close(state, Close::NotLoggedIn, |open| open.session == session);
            }
            SocketsMsg::EndAgent(agent) => {
                close(state, Close::NotLoggedIn, |open| open.agent == Some(agent));
            }
            SocketsMsg::Drain(reply) => {
                close(state, Close::GoingAway, |_| true);
                state.draining = Some(reply);
                answer_if_drained(state);
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<SocketsMsg>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(gone, ..) => {
                state.open.remove(&gone.get_id());
            }
            SupervisionEvent::ActorFailed(gone, error) => {
                state.open.remove(&gone.get_id());
                metrics::counter!("frontdesk_restarts_total", "actor" => "socket").increment(1);
                let error = scrub(&error.to_string());
                tracing::error!(error, "a socket failed; its client comes back");
            }
            _ => return Ok(()),
        }
        gauge(state);
        answer_if_drained(state);
        Ok(())
    }
}

impl Sockets {
    async fn attach(
        &self,
        myself: &ActorRef<SocketsMsg>,
        who: Principal,
        session: SessionKey,
        outbox: Outbox,
        after: Option<Seq>,
        state: &mut State,
    ) -> Result<Voice, Refusal> {
        if state.draining.is_some() {
            outbox.close(Close::GoingAway);
            return Err(Refusal::unavailable());
        }
        state.last_id += 1;
        let agent = match &who {
            Principal::Agent { agent, .. } => Some(agent.id),
            Principal::Guest { .. } => None,
        };
        let client = Client {
            id: SocketId(state.last_id),
            who: Arc::new(who),
            around: Arc::clone(&self.around),
            delivery: outbox.delivery(),
        };
        let socket = Socket { client: client.clone() };
        let args = SocketArgs { outbox, after };
        let (socket, _) = Actor::spawn_linked(None, socket, args, myself.get_cell())
            .await
            .map_err(|_| Refusal::unavailable())?;
        state.open.insert(socket.get_id(), Open { socket: socket.clone(), session, agent });
        gauge(state);
        Ok(Voice::new(client, socket))
    }
}

fn close(state: &State, why: Close, whose: impl Fn(&Open) -> bool) {
    for open in state.open.values().filter(|open| whose(open)) {
        let _ = open.socket.cast(SocketMsg::Close(why));
    }
}

fn answer_if_drained(state: &mut State) {
    if state.open.is_empty()
        && let Some(reply) = state.draining.take()
    {
        let _ = reply.send(());
    }
}

fn gauge(state: &State) {
    let agents = state.open.values().filter(|open| open.agent.is_some()).count();
    metrics::gauge!("frontdesk_sockets", "of" => "agent").set(metering::count(agents));
    metrics::gauge!("frontdesk_sockets", "of" => "guest").set(metering::count(state.open.len() - agents));
}
