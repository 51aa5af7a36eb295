//! The outbox of the WhatsApp channel: decides what is sent next, and when.
//!
//! Started by the root supervisor.
//! Owns the order for each guest, the limits, and whether the number may send at all; its tries are tasks.
//! Waits for nothing: tries wait, and what they bring comes back as a message.
//! Killed by a bug only; the next one reads the table again.
//! The world sees then: replies that go out a moment later.

mod attempt;
mod limits;
mod line;
mod marks;
mod pump;
mod reports;
mod stop;
mod table;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::ids::ConversationId;

use crate::address::Address;
use crate::cluster::Cluster;
use crate::directory::Directory;
use crate::messages::{InboxMsg, WhatsAppOutboxMsg};
use crate::metering;
use crate::poison::Poison;
use crate::ports::Lead;
use crate::ports::whatsapp::{Deliveries, WhatsAppApi};
use crate::trace::Trace;

use limits::Gates;
pub use limits::Limits;
use line::Line;
use marks::Marks;
use stop::Stop;

/// How long after a failure of the store it is asked again.
const STORE_AGAIN: Duration = Duration::from_secs(2);

/// What messages go out with.
#[derive(Clone)]
pub struct OutboxPlan {
    /// The Cloud API.
    pub api: Arc<dyn WhatsAppApi>,
    /// The table.
    pub deliveries: Arc<dyn Deliveries>,
    /// What the outbox keeps to.
    pub limits: Limits,
}

/// The actor.
pub struct WhatsAppOutbox {
    /// What it sends with.
    pub plan: OutboxPlan,
    /// Where conversations are found, to be told of their messages' fate.
    pub directory: Directory,
    /// Who tells the agents that the number has stopped.
    pub inbox: Address<InboxMsg>,
    /// What has made a try panic.
    pub poison: Arc<Poison>,
    /// One process sends, whichever has the conversation.
    pub lead: Lead,
    /// The others, if there are any.
    pub cluster: Option<Arc<Cluster>>,
}

/// What changes.
pub struct State {
    /// Conversations with something to send, at most [`Limits::lines`]; of the others only the table knows.
    lines: HashMap<ConversationId, Line>,
    /// The table holds conversations that found no place.
    more: bool,
    gates: Gates,
    /// The number may not send before.
    number_free_at: Instant,
    /// The number is stopped.
    stopped: Option<Stop>,
    /// A message is on its way whose fate tells if a stopped number works again.
    probing: bool,
    flying: usize,
    /// When the next [`WhatsAppOutboxMsg::Pump`] is due.
    pump_at: Option<Instant>,
    marks: Marks,
    /// Where what a conversation sends belongs.
    traces: HashMap<ConversationId, Trace>,
    /// Statuses that came while nobody was here are still on their way after this start.
    settled_by: Instant,
}

impl Actor for WhatsAppOutbox {
    type Msg = WhatsAppOutboxMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<WhatsAppOutboxMsg>,
        (): (),
    ) -> Result<State, ActorProcessingErr> {
        self.look_when_it_falls_to_us(&myself);
        myself.cast(WhatsAppOutboxMsg::TellNews(None))?;
        Ok(State {
            lines: HashMap::new(),
            more: true,
            gates: Gates::new(&self.plan.limits),
            number_free_at: Instant::now(),
            stopped: None,
            probing: false,
            flying: 0,
            pump_at: None,
            marks: Marks::default(),
            traces: HashMap::new(),
            settled_by: Instant::now() + self.plan.limits.unclear_for,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<WhatsAppOutboxMsg>,
        message: WhatsAppOutboxMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            WhatsAppOutboxMsg::Due(conversation) if self.lead.is_ours() => {
                self.on_due(&myself, conversation, state);
            }
            WhatsAppOutboxMsg::Due(conversation) => self.pass_on(conversation),
            WhatsAppOutboxMsg::Traced(conversation, trace) => {
                // Beyond the bound a delivery is a trace of its own.
                if state.traces.len() < self.plan.limits.lines {
                    state.traces.insert(conversation, trace);
                }
            }
            WhatsAppOutboxMsg::Look => self.on_look(&myself),
            WhatsAppOutboxMsg::Found(found) => self.on_found(&myself, found, state),
            WhatsAppOutboxMsg::Head { conversation, head } => {
                self.on_head(&myself, conversation, head.map(|head| *head), state);
            }
            WhatsAppOutboxMsg::Attempted(done) => self.on_attempted(&myself, *done, state),
            WhatsAppOutboxMsg::Pump => {
                state.pump_at = None;
                self.pump(&myself, state);
            }
            WhatsAppOutboxMsg::Status { report, reply } => self.on_status(&myself, *report, reply),
            WhatsAppOutboxMsg::Settled(of) => self.on_settled(&myself, of, state),
            WhatsAppOutboxMsg::TellNews(of) => self.on_tell_news(&myself, of),
            WhatsAppOutboxMsg::Seen { conversation, seq, typing } => {
                self.on_seen(&myself, conversation, seq, typing, state);
            }
            WhatsAppOutboxMsg::Marked(conversation) => state.marks.done(conversation),
        }
        metering::queue("whatsapp_lines", state.lines.len(), self.plan.limits.lines);
        metering::queue("whatsapp_sends", state.flying, self.plan.limits.concurrency);
        Ok(())
    }
}
