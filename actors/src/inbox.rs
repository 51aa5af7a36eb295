//! The inbox: what every agent of a property sees, whatever is open: conversations that changed, and
//! colleagues who come and go, and what needs a person's hand.
//!
//! Started by the root supervisor.
//! Owns the list of agents' sockets, and the summaries gathered since the last flush.
//! Waits for nothing.
//! Killed by a bug only; agents' sockets join the next one.
//! The world sees then: an inbox that stands still for a moment.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::frame::server::Presence;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::people::AgentRef;
use frontdesk_domain::summary::Summary;

use crate::messages::{InboxMsg, SocketId};
use crate::outbox::Delivery;

/// How long changes are gathered. The contract allows 250 ms.
const GATHER: Duration = Duration::from_millis(200);
/// How many summaries go into one frame.
const FRAME_MAX_SUMMARIES: usize = 32;
/// How much is told at a time: a busy hotel's changes must not fill an outbox, however fast it is read.
const FLUSH_MAX_BYTES: usize = 256 * 1024;
/// When the rest is told.
const GO_ON_AFTER: Duration = Duration::from_millis(10);

/// The actor.
pub struct Inbox;

/// What changes.
#[derive(Default)]
pub struct State {
    properties: HashMap<PropertyId, Team>,
    /// What needs a person's hand.
    alarm: Option<String>,
    flush_due: bool,
}

/// The agents of one property who are here, and what they have not been told.
#[derive(Default)]
struct Team {
    sockets: HashMap<SocketId, (Delivery, AgentRef)>,
    changed: HashMap<ConversationId, Summary>,
    /// What is being told, while that takes more than one turn.
    telling: Vec<Summary>,
}

impl Actor for Inbox {
    type Msg = InboxMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<InboxMsg>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<InboxMsg>,
        message: InboxMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            InboxMsg::Join { id, delivery, property, agent } => {
                on_join(id, &delivery, property, agent, state)
            }
            InboxMsg::Leave { id } => on_leave(id, state),
            InboxMsg::Changed(summary) => on_changed(&myself, *summary, state),
            InboxMsg::Alarm(alarm) => on_alarm(alarm, state),
            InboxMsg::Flush => on_flush(&myself, state),
        }
        Ok(())
    }
}

fn on_join(id: SocketId, delivery: &Delivery, property: PropertyId, agent: AgentRef, state: &mut State) {
    let team = state.properties.entry(property).or_default();
    let news = !team.is_online(&agent);
    team.sockets.insert(id, (delivery.clone(), agent));
    if let Some(message) = &state.alarm {
        delivery.push(&ServerFrame::Alarm { message: Some(message.clone()) }.encode());
    }
    let frame = team.presence(None);
    if news {
        team.tell(&frame);
    } else {
        delivery.push(&frame);
    }
}

fn on_alarm(alarm: Option<String>, state: &mut State) {
    let frame = ServerFrame::Alarm { message: alarm.clone() }.encode();
    state.alarm = alarm;
    for team in state.properties.values() {
        team.tell(&frame);
    }
}

fn on_leave(id: SocketId, state: &mut State) {
    for team in state.properties.values_mut() {
        let Some((_, agent)) = team.sockets.remove(&id) else { continue };
        if !team.is_online(&agent) {
            let frame = team.presence(Some(&agent));
            team.tell(&frame);
        }
    }
}

fn on_changed(myself: &ActorRef<InboxMsg>, summary: Summary, state: &mut State) {
    let Some(team) = state.properties.get_mut(&summary.property) else { return };
    if team.sockets.is_empty() {
        return;
    }
    team.changed.insert(summary.id, summary);
    if !std::mem::replace(&mut state.flush_due, true) {
        myself.send_after(GATHER, || InboxMsg::Flush);
    }
}

fn on_flush(myself: &ActorRef<InboxMsg>, state: &mut State) {
    // A socket that failed did not say that it leaves.
    let teams = state.properties.values();
    let sockets = teams.flat_map(|team| team.sockets.iter());
    let failed: Vec<SocketId> =
        sockets.filter(|(_, (delivery, _))| delivery.is_abandoned()).map(|(id, _)| *id).collect();
    for id in failed {
        on_leave(id, state);
    }
    state.properties.values_mut().for_each(Team::flush);
    state.properties.retain(|_, team| !team.sockets.is_empty());
    let has_more = state.properties.values().any(|team| !team.telling.is_empty());
    state.flush_due = has_more || state.properties.values().any(|team| !team.changed.is_empty());
    if state.flush_due {
        myself.send_after(if has_more { GO_ON_AFTER } else { GATHER }, || InboxMsg::Flush);
    }
}

impl Team {
    fn is_online(&self, agent: &AgentRef) -> bool {
        self.sockets.values().any(|(_, each)| each.id == agent.id)
    }

    /// Who is here, and who has just left.
    fn presence(&self, left: Option<&AgentRef>) -> Vec<u8> {
        let mut agents: BTreeMap<_, Presence> = BTreeMap::new();
        if let Some(agent) = left {
            agents.insert(agent.id, Presence { id: agent.id, name: agent.name.clone(), online: false });
        }
        for (_, agent) in self.sockets.values() {
            agents.insert(agent.id, Presence { id: agent.id, name: agent.name.clone(), online: true });
        }
        ServerFrame::Presence { agents: agents.into_values().collect() }.encode()
    }

    /// Tells what was gathered, as much at a time as fits beside other things in an outbox.
    fn flush(&mut self) {
        if self.telling.is_empty() {
            self.telling = std::mem::take(&mut self.changed).into_values().collect();
        }
        let mut frames = Vec::new();
        let mut told_bytes = 0;
        while told_bytes < FLUSH_MAX_BYTES && !self.telling.is_empty() {
            let rest = self.telling.len().saturating_sub(FRAME_MAX_SUMMARIES);
            let frame = ServerFrame::Inbox { upserts: self.telling.split_off(rest) }.encode();
            told_bytes += frame.len();
            frames.push(frame);
        }
        for (delivery, _) in self.sockets.values() {
            delivery.push_all(&frames);
        }
    }

    fn tell(&self, frame: &[u8]) {
        for (delivery, _) in self.sockets.values() {
            delivery.push(frame);
        }
    }
}
