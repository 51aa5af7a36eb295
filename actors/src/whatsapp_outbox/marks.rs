//! Read marks and typing: courtesies, done if they can be done at once and forgotten if not.

use std::collections::HashSet;
use std::sync::Arc;

use ractor::ActorRef;

use frontdesk_domain::ids::{ConversationId, Seq};

use crate::messages::WhatsAppOutboxMsg;

use super::{State, WhatsAppOutbox};

/// How many are under way at once.
const MARKS_MAX: usize = 16;

/// Those under way, one for each conversation.
#[derive(Default)]
pub(super) struct Marks(HashSet<ConversationId>);

impl Marks {
    fn begin(&mut self, of: ConversationId) -> bool {
        self.0.len() < MARKS_MAX && self.0.insert(of)
    }

    pub(super) fn done(&mut self, of: ConversationId) {
        self.0.remove(&of);
    }
}

impl WhatsAppOutbox {
    /// Staff have read up to here, or an answer is being written.
    pub(super) fn on_seen(
        &self,
        myself: &ActorRef<WhatsAppOutboxMsg>,
        of: ConversationId,
        seq: Seq,
        typing: bool,
        state: &mut State,
    ) {
        if state.stopped.is_some() || !state.marks.begin(of) {
            metrics::counter!("frontdesk_whatsapp_marks_skipped_total").increment(1);
            return;
        }
        let (api, deliveries) = (Arc::clone(&self.plan.api), Arc::clone(&self.plan.deliveries));
        let myself = myself.clone();
        tokio::spawn(async move {
            if let Ok(Some(wamid)) = deliveries.newest_inbound(of, seq).await
                && let Err(error) = api.mark_read(&wamid, typing).await
            {
                tracing::debug!(%error, typing, "a read mark was not taken");
            }
            let _ = myself.cast(WhatsAppOutboxMsg::Marked(of));
        });
    }
}
