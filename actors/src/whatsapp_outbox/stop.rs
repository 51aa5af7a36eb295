//! A number that WhatsApp does not let send: one alarm, and one message at a time that tries again.

use std::time::Instant;

use crate::messages::InboxMsg;

use super::{State, WhatsAppOutbox};

/// A number that may not send until a person has done something.
pub(super) struct Stop {
    /// How often it was tried since.
    tries: u32,
}

impl WhatsAppOutbox {
    /// Nothing goes any more until a person has done something. Said once, however many messages wait.
    pub(super) fn stop(&self, why: String, state: &mut State) {
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

    pub(super) fn resume(&self, state: &mut State) {
        if state.stopped.take().is_some() {
            tracing::info!("WhatsApp works again");
            metrics::gauge!("frontdesk_whatsapp_stopped").set(0.0);
            self.inbox.cast(InboxMsg::Alarm(None));
        }
    }
}
