//! Starts tries as soon as the limits allow, and takes in what came of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::ActorRef;
use tracing::Instrument;

use frontdesk_domain::ids::ConversationId;

use crate::messages::{Attempted, WhatsAppOutboxMsg};
use crate::ports::whatsapp::Delivery;
use crate::trace::Trace;
use crate::trace_span;

use super::line::Line;
use super::{STORE_AGAIN, State, WhatsAppOutbox, attempt};

impl WhatsAppOutbox {
    /// Starts what may start now, and comes back when more may.
    pub(super) fn pump(&self, myself: &ActorRef<WhatsAppOutboxMsg>, state: &mut State) {
        if !self.lead.is_ours() {
            // Whoever sends now reads the table.
            state.lines.clear();
            return;
        }
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

    pub(super) fn come_back(&self, myself: &ActorRef<WhatsAppOutboxMsg>, at: Instant, state: &mut State) {
        if state.pump_at.is_some_and(|due| due <= at) {
            return;
        }
        state.pump_at = Some(at);
        let wait = at.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        myself.send_after(wait, || WhatsAppOutboxMsg::Pump);
    }

    pub(super) fn start(&self, myself: &ActorRef<WhatsAppOutboxMsg>, delivery: Delivery, trace: Trace) {
        let attempt = attempt::Attempt {
            api: Arc::clone(&self.plan.api),
            deliveries: Arc::clone(&self.plan.deliveries),
            limits: self.plan.limits.clone(),
            delivery,
            poison: Arc::clone(&self.poison),
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

    pub(super) fn on_attempted(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        done: Attempted,
        state: &mut State,
    ) {
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
}
