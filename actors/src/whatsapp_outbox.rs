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
mod reports;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tracing::Instrument;

use frontdesk_domain::ids::ConversationId;

use crate::address::Address;
use crate::directory::Directory;
use crate::messages::{Attempted, InboxMsg, WhatsAppOutboxMsg};
use crate::metering;
use crate::ports::whatsapp::{Deliveries, Delivery, WhatsAppApi};
use crate::trace::Trace;
use crate::trace_span;

use limits::Gates;
pub use limits::Limits;
use line::Line;
use marks::Marks;

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

/// A number that may not send until a person has done something.
struct Stop {
    /// How often it was tried since.
    tries: u32,
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
        myself.cast(WhatsAppOutboxMsg::Look)?;
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
            WhatsAppOutboxMsg::Due(conversation) => self.on_due(&myself, conversation, state),
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

impl WhatsAppOutbox {
    /// A conversation has something to send.
    fn on_due(&self, myself: &ActorRef<WhatsAppOutboxMsg>, of: ConversationId, state: &mut State) {
        if let Some(line) = state.lines.get_mut(&of) {
            line.more = true;
            return;
        }
        if state.lines.len() >= self.plan.limits.lines {
            state.more = true;
            return;
        }
        state.lines.insert(of, Line::reading());
        self.read_head(myself, of, Duration::ZERO);
    }

    /// Reads the first delivery of a conversation, beside the actor.
    fn read_head(&self, myself: &ActorRef<WhatsAppOutboxMsg>, of: ConversationId, after: Duration) {
        let (myself, deliveries) = (myself.clone(), Arc::clone(&self.plan.deliveries));
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let head = loop {
                match deliveries.head(of).await {
                    Ok(head) => break head.map(Box::new),
                    Err(error) => tracing::warn!(%error, "a delivery could not be read"),
                }
                tokio::time::sleep(STORE_AGAIN).await;
            };
            let _ = myself.cast(WhatsAppOutboxMsg::Head { conversation: of, head });
        });
    }

    /// A report said what became of a try that was unclear: what waits behind it need not wait.
    fn on_settled(&self, myself: &ActorRef<WhatsAppOutboxMsg>, of: ConversationId, state: &mut State) {
        if state.lines.get_mut(&of).is_some_and(Line::reread) {
            self.read_head(myself, of, Duration::ZERO);
        }
    }

    /// Reads the table: what a crash or a full memory left there.
    fn on_look(&self, myself: &ActorRef<WhatsAppOutboxMsg>) {
        let (myself, deliveries) = (myself.clone(), Arc::clone(&self.plan.deliveries));
        let limit = u32::try_from(self.plan.limits.lines).unwrap_or(u32::MAX);
        let again = self.plan.limits.look_every;
        tokio::spawn(async move {
            let again = match deliveries.heads(limit).await {
                Ok(found) => {
                    let _ = myself.cast(WhatsAppOutboxMsg::Found(found));
                    again
                }
                Err(error) => {
                    tracing::warn!(%error, "the deliveries could not be read");
                    STORE_AGAIN
                }
            };
            if let Ok(waiting) = deliveries.waiting().await {
                let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
                metrics::gauge!("frontdesk_whatsapp_waiting").set(f64::from(waiting));
            }
            tokio::time::sleep(again).await;
            let _ = myself.cast(WhatsAppOutboxMsg::Look);
        });
    }

    fn on_found(&self, myself: &ActorRef<WhatsAppOutboxMsg>, found: Vec<Delivery>, state: &mut State) {
        state.more = found.len() >= self.plan.limits.lines;
        for head in found {
            let of = head.key.conversation;
            if state.lines.len() >= self.plan.limits.lines && !state.lines.contains_key(&of) {
                state.more = true;
                break;
            }
            // What is in memory is newer than what was read.
            let settled_by = head.unclear_since.map(|_| state.settled_by);
            let line = state.lines.entry(of).or_insert_with(|| Line::waiting(head));
            settled_by.into_iter().for_each(|at| line.hold_until(at));
        }
        self.pump(myself, state);
    }

    fn on_head(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        of: ConversationId,
        head: Option<Delivery>,
        state: &mut State,
    ) {
        let Some(line) = state.lines.get_mut(&of) else { return };
        match head {
            Some(head) => {
                let settled_by = head.unclear_since.map(|_| state.settled_by);
                line.wait_for(head);
                settled_by.into_iter().for_each(|at| line.hold_until(at));
            }
            // Something was added after the table was read.
            None if std::mem::take(&mut line.more) => self.read_head(myself, of, Duration::ZERO),
            None => {
                state.lines.remove(&of);
                state.traces.remove(&of);
                self.refill(myself, state);
            }
        }
        self.pump(myself, state);
    }

    /// Reads the table again once there is room for what found no place.
    fn refill(&self, myself: &ActorRef<WhatsAppOutboxMsg>, state: &mut State) {
        if state.more && state.lines.len() <= self.plan.limits.lines / 2 {
            state.more = false;
            let (myself, deliveries) = (myself.clone(), Arc::clone(&self.plan.deliveries));
            let limit = u32::try_from(self.plan.limits.lines).unwrap_or(u32::MAX);
            tokio::spawn(async move {
                if let Ok(found) = deliveries.heads(limit).await {
                    let _ = myself.cast(WhatsAppOutboxMsg::Found(found));
                }
            });
        }
    }

    /// Starts what may start now, and comes back when more may.
    fn pump(&self, myself: &ActorRef<WhatsAppOutboxMsg>, state: &mut State) {
        let now = Instant::now();
        let mut ready: Vec<(Instant, ConversationId)> =
            state.lines.iter().filter_map(|(of, line)| line.not_before().map(|at| (at, *of))).collect();
        // Who has been due longest is served first.
        ready.sort_unstable();
        let mut next: Option<Instant> = None;
        let mut later = |at: Instant| next = Some(next.map_or(at, |next: Instant| next.min(at)));
        for (due, of) in ready {
            // A try that ends pumps again.
            if state.flying >= self.plan.limits.concurrency || state.probing {
                break;
            }
            let at = due.max(state.number_free_at);
            if at > now {
                later(at);
                if due <= now {
                    break;
                }
                continue;
            }
            if let Err(free_at) = state.gates.guest(of, now) {
                if let Some(line) = state.lines.get_mut(&of) {
                    line.hold_until(free_at);
                }
                later(free_at);
                continue;
            }
            if let Err(free_at) = state.gates.number(now) {
                state.gates.give_back(of);
                later(free_at);
                break;
            }
            let Some(delivery) = state.lines.get_mut(&of).and_then(Line::start) else { continue };
            state.flying += 1;
            // One at a time, to see if a stopped number works again.
            state.probing = state.stopped.is_some();
            let trace = state.traces.get(&of).copied().unwrap_or_default();
            self.start(myself, delivery, trace);
        }
        if let Some(at) = next {
            self.come_back(myself, at, state);
        }
    }

    fn come_back(&self, myself: &ActorRef<WhatsAppOutboxMsg>, at: Instant, state: &mut State) {
        if state.pump_at.is_some_and(|due| due <= at) {
            return;
        }
        state.pump_at = Some(at);
        let wait = at.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        myself.send_after(wait, || WhatsAppOutboxMsg::Pump);
    }

    fn start(&self, myself: &ActorRef<WhatsAppOutboxMsg>, delivery: Delivery, trace: Trace) {
        let attempt = attempt::Attempt {
            api: Arc::clone(&self.plan.api),
            deliveries: Arc::clone(&self.plan.deliveries),
            limits: self.plan.limits.clone(),
            delivery,
        };
        let of = attempt.delivery.key.conversation;
        let span = trace.adopt(trace_span!("delivery", conversation = %of, tries = attempt.delivery.tries));
        let task = tokio::spawn(attempt.run().instrument(span));
        let myself = myself.clone();
        tokio::spawn(async move {
            let done = task.await.unwrap_or_else(|_| {
                tracing::error!("a try to send panicked");
                Attempted::lost(of)
            });
            let _ = myself.cast(WhatsAppOutboxMsg::Attempted(Box::new(done)));
        });
    }

    fn on_attempted(&self, myself: &ActorRef<WhatsAppOutboxMsg>, done: Attempted, state: &mut State) {
        let now = Instant::now();
        state.flying = state.flying.saturating_sub(1);
        state.probing = false;
        let of = done.conversation;
        if let Some(wait) = done.number_waits {
            state.number_free_at = state.number_free_at.max(now + wait);
        }
        match done.stopped {
            Some(why) => self.stop(why, state),
            None if done.taken => self.resume(state),
            None => {}
        }
        if done.news {
            let _ = myself.cast(WhatsAppOutboxMsg::TellNews(Some(of)));
        }
        match done.next {
            Some(next) => {
                if let Some(line) = state.lines.get_mut(&of) {
                    line.wait_for(*next);
                    if let Some(wait) = done.guest_waits {
                        line.hold_until(now + wait);
                    }
                }
                self.pump(myself, state);
            }
            None if done.table_failed => {
                if let Some(line) = state.lines.get_mut(&of) {
                    *line = Line::reading();
                }
                self.read_head(myself, of, STORE_AGAIN);
                self.pump(myself, state);
            }
            None => self.on_head(myself, of, None, state),
        }
    }

    /// Nothing goes any more until a person has done something. Said once, however many messages wait.
    fn stop(&self, why: String, state: &mut State) {
        let tries = state.stopped.as_ref().map_or(0, |stop| stop.tries + 1);
        if tries == 0 {
            tracing::error!(reason = why, "WhatsApp is stopped: see to it, then messages that wait will go");
            metrics::counter!("frontdesk_whatsapp_alarms_total").increment(1);
            metrics::gauge!("frontdesk_whatsapp_stopped").set(1.0);
            self.inbox.cast(InboxMsg::Alarm(Some(why)));
        }
        let wait = self
            .plan
            .limits
            .probe_after
            .saturating_mul(1 << tries.min(4))
            .min(self.plan.limits.probe_after_max);
        state.number_free_at = Instant::now() + wait;
        state.stopped = Some(Stop { tries });
    }

    fn resume(&self, state: &mut State) {
        if state.stopped.take().is_some() {
            tracing::info!("WhatsApp works again");
            metrics::gauge!("frontdesk_whatsapp_stopped").set(0.0);
            self.inbox.cast(InboxMsg::Alarm(None));
        }
    }
}
