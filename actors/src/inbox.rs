//! The inbox: what every agent of a property sees, whatever is open: conversations that changed, and
//! colleagues who come and go, and what needs a person's hand.
//!
//! Started by the root supervisor.
//! Owns the list of agents' sockets, and the summaries gathered since the last flush.
//! Waits for nothing.
//! Killed by a bug only; agents' sockets join the next one.
//! The world sees then: an inbox that stands still for a moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::frame::server::Presence;
use frontdesk_domain::ids::{AgentId, ConversationId, PropertyId};
use frontdesk_domain::letter::{Letter, NodeId};
use frontdesk_domain::people::AgentRef;
use frontdesk_domain::summary::Summary;

use crate::cluster::Cluster;
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

/// How often it is said again who is here, where there are several processes.
const ROLL_EVERY: Duration = Duration::from_secs(5);
/// How long a process is believed that does not say so again.
const BELIEVED_FOR: Duration = Duration::from_secs(16);

/// The actor.
pub struct Inbox {
    /// Other processes, if there are any: their agents have the same list.
    pub cluster: Option<Arc<Cluster>>,
}

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
    /// Agents at other processes, and when they were said to be there.
    elsewhere: HashMap<NodeId, (Instant, Vec<AgentRef>)>,
    changed: HashMap<ConversationId, Summary>,
    /// What is being told, while that takes more than one turn.
    telling: Vec<Summary>,
}

impl Actor for Inbox {
    type Msg = InboxMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<InboxMsg>, (): ()) -> Result<State, ActorProcessingErr> {
        if self.cluster.is_some() {
            myself.send_interval(ROLL_EVERY, || InboxMsg::Roll);
        }
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
                on_join(id, &delivery, property, agent, state);
                self.say_who_is_here(property, state);
            }
            InboxMsg::Leave { id } => {
                for property in on_leave(id, state) {
                    self.say_who_is_here(property, state);
                }
            }
            InboxMsg::Changed(summary) => {
                self.tell_others(|| Letter::Changed(summary.clone()));
                on_changed(&myself, *summary, state);
            }
            InboxMsg::ChangedElsewhere(summary) => on_changed(&myself, *summary, state),
            InboxMsg::Alarm(alarm) => {
                self.tell_others(|| Letter::Alarm(alarm.clone()));
                on_alarm(alarm, state);
            }
            InboxMsg::AlarmElsewhere(alarm) => on_alarm(alarm, state),
            InboxMsg::Present { node, property, agents } => on_present(node, property, agents, state),
            InboxMsg::Roll => {
                state.properties.keys().for_each(|property| self.say_who_is_here(*property, state));
                forget_silent(state);
            }
            InboxMsg::Flush => on_flush(&myself, state),
        }
        Ok(())
    }
}

impl Inbox {
    fn tell_others(&self, letter: impl FnOnce() -> Letter) {
        if let Some(cluster) = &self.cluster {
            cluster.send_all(&letter());
        }
    }

    fn say_who_is_here(&self, property: PropertyId, state: &State) {
        if let Some(cluster) = &self.cluster {
            let agents = state.properties.get(&property).map(Team::here).unwrap_or_default();
            cluster.send_all(&Letter::Present { from: cluster.me(), property, agents });
        }
    }
}

/// Another process says who is there. Agents here are told if that is news.
fn on_present(node: NodeId, property: PropertyId, agents: Vec<AgentRef>, state: &mut State) {
    let team = state.properties.entry(property).or_default();
    let before = team.online();
    if agents.is_empty() {
        team.elsewhere.remove(&node);
    } else {
        team.elsewhere.insert(node, (Instant::now(), agents));
    }
    team.tell_difference(&before);
}

/// Processes that no longer say who is there are gone, and their agents with them.
fn forget_silent(state: &mut State) {
    for team in state.properties.values_mut() {
        let before = team.online();
        team.elsewhere.retain(|_, (at, _)| at.elapsed() < BELIEVED_FOR);
        team.tell_difference(&before);
    }
}

fn on_join(id: SocketId, delivery: &Delivery, property: PropertyId, agent: AgentRef, state: &mut State) {
    let team = state.properties.entry(property).or_default();
    let news = !team.is_online(&agent);
    team.sockets.insert(id, (delivery.clone(), agent));
    if let Some(message) = &state.alarm {
        delivery.push(&ServerFrame::Alarm { message: Some(message.clone()) }.encode());
    }
    let frame = team.presence(&[]);
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

/// Says where.
fn on_leave(id: SocketId, state: &mut State) -> Vec<PropertyId> {
    let mut left = Vec::new();
    for (property, team) in &mut state.properties {
        let Some((_, agent)) = team.sockets.remove(&id) else { continue };
        left.push(*property);
        if !team.is_online(&agent) {
            let frame = team.presence(std::slice::from_ref(&agent));
            team.tell(&frame);
        }
    }
    left
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
    state.properties.retain(|_, team| !team.sockets.is_empty() || !team.elsewhere.is_empty());
    let has_more = state.properties.values().any(|team| !team.telling.is_empty());
    state.flush_due = has_more || state.properties.values().any(|team| !team.changed.is_empty());
    if state.flush_due {
        myself.send_after(if has_more { GO_ON_AFTER } else { GATHER }, || InboxMsg::Flush);
    }
}

impl Team {
    fn is_online(&self, agent: &AgentRef) -> bool {
        self.all().any(|each| each.id == agent.id)
    }

    /// Here and at other processes; who has several sockets, several times.
    fn all(&self) -> impl Iterator<Item = &AgentRef> {
        let elsewhere = self.elsewhere.values().flat_map(|(_, agents)| agents);
        self.sockets.values().map(|(_, agent)| agent).chain(elsewhere)
    }

    /// Each who is here, at this process.
    fn here(&self) -> Vec<AgentRef> {
        let agents: BTreeMap<_, _> = self.sockets.values().map(|(_, agent)| (agent.id, agent)).collect();
        agents.into_values().cloned().collect()
    }

    /// Each who is there, at any process.
    fn online(&self) -> BTreeMap<AgentId, AgentRef> {
        self.all().map(|agent| (agent.id, agent.clone())).collect()
    }

    /// Tells who is there if it is not the same as before.
    fn tell_difference(&self, before: &BTreeMap<AgentId, AgentRef>) {
        let now = self.online();
        if !self.sockets.is_empty() && !now.keys().eq(before.keys()) {
            let left: Vec<_> =
                before.values().filter(|agent| !now.contains_key(&agent.id)).cloned().collect();
            self.tell(&self.presence(&left));
        }
    }

    /// Who is there, and who has just left.
    fn presence(&self, left: &[AgentRef]) -> Vec<u8> {
        let mut agents: BTreeMap<_, Presence> = BTreeMap::new();
        for agent in left {
            agents.insert(agent.id, Presence { id: agent.id, name: agent.name.clone(), online: false });
        }
        for agent in self.all() {
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
