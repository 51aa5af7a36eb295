//! How much may be under way to each webhook: so that one that is slow or down holds up no other.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use frontdesk_domain::ids::ConversationId;
use tokio::time::Instant;
use uuid::Uuid;

/// Requests to one webhook at a time.
const AT_ONCE: usize = 8;
/// After so many failures in a row, from whichever conversation, it gets one request at a time, with a rest
/// after each.
const FAILURES: u32 = 5;
/// The longest rest.
const REST_MOST: Duration = Duration::from_secs(60);

/// What is under way, by webhook.
#[derive(Default)]
pub(super) struct Lanes(HashMap<Uuid, Lane>);

#[derive(Default)]
struct Lane {
    /// Conversations with a request under way; `None`: a ping.
    busy: HashSet<Option<ConversationId>>,
    failures: u32,
    rest_until: Option<Instant>,
}

impl Lanes {
    /// How many more requests may go there now.
    pub(super) fn room(&self, webhook: Uuid, now: Instant) -> usize {
        let Some(lane) = self.0.get(&webhook) else { return AT_ONCE };
        if lane.rest_until.is_some_and(|until| now < until) {
            return 0;
        }
        let most = if lane.failures >= FAILURES { 1 } else { AT_ONCE };
        most.saturating_sub(lane.busy.len())
    }

    /// How many are under way there.
    pub(super) fn busy(&self, webhook: Uuid) -> usize {
        self.0.get(&webhook).map_or(0, |lane| lane.busy.len())
    }

    /// A request begins. False if one of the same conversation is under way.
    pub(super) fn begin(&mut self, webhook: Uuid, conversation: Option<ConversationId>) -> bool {
        self.0.entry(webhook).or_default().busy.insert(conversation)
    }

    /// A request is over.
    pub(super) fn end(
        &mut self,
        webhook: Uuid,
        conversation: Option<ConversationId>,
        taken: bool,
        now: Instant,
    ) {
        let Some(lane) = self.0.get_mut(&webhook) else { return };
        lane.busy.remove(&conversation);
        if taken {
            (lane.failures, lane.rest_until) = (0, None);
            return;
        }
        lane.failures = lane.failures.saturating_add(1);
        if let Some(over) = lane.failures.checked_sub(FAILURES) {
            let rest = Duration::from_secs(1 << over.min(6)).min(REST_MOST);
            lane.rest_until = Some(now + rest);
        }
    }

    /// How long until a webhook has rested that rests now.
    pub(super) fn rested_in(&self, now: Instant) -> Option<Duration> {
        let rests = self.0.values().filter_map(|lane| lane.rest_until);
        rests.filter(|until| *until > now).map(|until| until - now).min()
    }

    /// Forgets webhooks that are no more.
    pub(super) fn keep(&mut self, webhooks: &HashSet<Uuid>) {
        self.0.retain(|id, lane| webhooks.contains(id) || !lane.busy.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_for_each_conversation_and_few_in_all() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        let (webhook, other) = (Uuid::now_v7(), Uuid::now_v7());
        let conversation = |n: u128| Some(ConversationId(Uuid::from_u128(n)));
        assert!(lanes.begin(webhook, conversation(0)));
        assert!(!lanes.begin(webhook, conversation(0)), "one after the other");
        for n in 1..AT_ONCE as u128 {
            assert!(lanes.begin(webhook, conversation(n)));
        }
        assert_eq!((lanes.room(webhook, now), lanes.room(other, now)), (0, AT_ONCE));
        lanes.end(webhook, conversation(0), true, now);
        assert_eq!(lanes.room(webhook, now), 1);
    }

    #[test]
    fn who_fails_again_and_again_rests() {
        let (mut lanes, now, webhook) = (Lanes::default(), Instant::now(), Uuid::now_v7());
        for _ in 0..FAILURES {
            assert!(lanes.room(webhook, now) > 0);
            lanes.begin(webhook, None);
            lanes.end(webhook, None, false, now);
        }
        assert_eq!(lanes.room(webhook, now), 0);
        assert_eq!(lanes.rested_in(now), Some(Duration::from_secs(1)));
        let later = now + Duration::from_secs(1);
        assert_eq!(lanes.room(webhook, later), 1, "one at a time");
        for _ in 0..100 {
            lanes.begin(webhook, None);
            lanes.end(webhook, None, false, later);
        }
        assert_eq!(lanes.rested_in(later), Some(REST_MOST));
        lanes.begin(webhook, None);
        lanes.end(webhook, None, true, later);
        assert_eq!(lanes.room(webhook, later), AT_ONCE);
    }
}
