//! Alarms that nobody acknowledges are passed on, rung by rung.

use std::time::Duration;

use ractor::ActorProcessingErr;

use frontdesk_domain::conversation::{Command, Conversation as Rules, Page};
use frontdesk_domain::timestamp::Timestamp;

use crate::clock;
use crate::messages::{ConversationMsg, ConversationRef};

use super::perform::Asked;
use super::{Conversation, State};

impl Conversation {
    /// Sets a timer for each rung above the last one that was told.
    pub(super) fn arm(&self, myself: &ConversationRef, since: Timestamp, last: u32) {
        let gone = Duration::from_millis(u64::try_from(clock::now().0 - since.0).unwrap_or(0));
        for (rung, step) in (1_u32..).zip(&self.around.ladder.rungs) {
            if rung > last {
                let wait = step.after.saturating_sub(gone);
                myself.send_after(wait, move || ConversationMsg::Escalate { since, rung });
            }
        }
    }

    pub(super) async fn on_escalate(
        &self,
        myself: &ConversationRef,
        since: Timestamp,
        rung: u32,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let step =
            usize::try_from(rung).ok().and_then(|rung| self.around.ladder.rungs.get(rung.checked_sub(1)?));
        let Some(to) = step.map(|step| step.to.clone()) else { return Ok(()) };
        let command = Command::Escalate { since, rung, to };
        self.on_perform(myself, Asked::own(command), state).await
    }

    pub(super) fn page(&self, rules: &Rules, page: &Page) {
        metrics::counter!("frontdesk_alarms_escalated_total").increment(1);
        if let Some(pager) = &self.around.ladder.pager {
            pager.page(rules.snapshot().property, self.id, page);
        }
    }
}
