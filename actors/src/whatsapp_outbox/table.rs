//! What the outbox reads of the table: the first delivery of each conversation, and nothing behind it.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;

use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::letter::Letter;

use crate::clock;
use crate::messages::WhatsAppOutboxMsg;
use crate::ports::whatsapp::Delivery;

use super::line::Line;
use super::{STORE_AGAIN, State, WhatsAppOutbox};

impl WhatsAppOutbox {
    /// A conversation has something to send.
    pub(super) fn on_due(&self, myself: &ActorRef<WhatsAppOutboxMsg>, of: ConversationId, state: &mut State) {
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
    pub(super) fn read_head(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        of: ConversationId,
        after: Duration,
    ) {
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
    pub(super) fn on_settled(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        of: ConversationId,
        state: &mut State,
    ) {
        if state.lines.get_mut(&of).is_some_and(Line::reread) {
            self.read_head(myself, of, Duration::ZERO);
        }
    }

    /// Begins to read the table when it falls to us to send, and again whenever it does so anew.
    pub(super) fn look_when_it_falls_to_us(&self, myself: &ActorRef<WhatsAppOutboxMsg>) {
        let (mut lead, myself) = (self.lead.clone(), myself.clone());
        tokio::spawn(async move {
            loop {
                lead.until(true).await;
                if myself.cast(WhatsAppOutboxMsg::Look).is_err() {
                    return;
                }
                lead.until(false).await;
            }
        });
    }

    /// It falls to another process to send: that one is told.
    pub(super) fn pass_on(&self, of: ConversationId) {
        if let Some(cluster) = &self.cluster {
            cluster.send_all(&Letter::Due(of));
        }
    }

    /// Reads the table: what a crash or a full memory left there.
    pub(super) fn on_look(&self, myself: &ActorRef<WhatsAppOutboxMsg>) {
        if !self.lead.is_ours() {
            return;
        }
        let (myself, deliveries) = (myself.clone(), Arc::clone(&self.plan.deliveries));
        let limit = u32::try_from(self.plan.limits.lines).unwrap_or(u32::MAX);
        let again = self.plan.limits.look_every;
        let kept_since = clock::now().plus_millis(-millis(self.plan.limits.keep_for));
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
            match deliveries.forget(kept_since).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "old deliveries are forgotten"),
                Err(error) => tracing::warn!(%error, "old deliveries could not be forgotten"),
            }
            tokio::time::sleep(again).await;
            let _ = myself.cast(WhatsAppOutboxMsg::Look);
        });
    }

    pub(super) fn on_found(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        found: Vec<Delivery>,
        state: &mut State,
    ) {
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

    pub(super) fn on_head(
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
    pub(super) fn refill(&self, myself: &ActorRef<WhatsAppOutboxMsg>, state: &mut State) {
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
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
