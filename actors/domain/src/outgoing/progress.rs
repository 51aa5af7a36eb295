//! How far messages got. What is heard of them comes late, twice and in any order; what is said of them
//! only moves up.

use serde::{Deserialize, Serialize};

use crate::event::DeliveryState;
use crate::ids::Seq;

/// How many messages are followed at a time. Of older ones nothing more is told.
const FOLLOWED_MAX: usize = 256;

/// The messages that may still move up, each with the highest state that was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Progress(Vec<(Seq, Option<DeliveryState>)>);

impl Progress {
    /// True if nothing is followed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A message goes out: it is followed from now on.
    pub fn follow(&mut self, seq: Seq) {
        if self.0.iter().all(|(each, _)| *each != seq) {
            if self.0.len() >= FOLLOWED_MAX {
                // One that has arrived has little left to tell.
                let arrived =
                    |(_, state): &(Seq, Option<DeliveryState>)| *state >= Some(DeliveryState::Delivered);
                let spare = self.0.iter().position(arrived).unwrap_or(0);
                self.0.remove(spare);
            }
            self.0.push((seq, None));
        }
    }

    /// True if this state is news of a message that is followed.
    pub fn is_news(&self, seq: Seq, state: DeliveryState) -> bool {
        self.0.iter().any(|(each, known)| *each == seq && Some(state) > *known)
    }

    /// Takes over a state. A message that was read is followed no longer.
    pub fn take(&mut self, seq: Seq, state: DeliveryState) {
        if !self.is_news(seq, state) {
            return;
        }
        if state == DeliveryState::Read {
            self.0.retain(|(each, _)| *each != seq);
        } else if let Some((_, known)) = self.0.iter_mut().find(|(each, _)| *each == seq) {
            *known = Some(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeliveryState::{Delivered, Failed, Read, Sent};

    #[test]
    fn only_upwards_and_only_what_is_followed() {
        let mut progress = Progress::default();
        assert!(!progress.is_news(3, Sent));
        progress.follow(3);
        progress.follow(3);
        for (state, news) in
            [(Failed, true), (Sent, false), (Failed, false), (Delivered, true), (Failed, false)]
        {
            assert_eq!(progress.is_news(3, state), news, "{state:?}");
            progress.take(3, state);
        }
        progress.take(3, Read);
        assert!(progress.is_empty(), "nothing comes after read");
        assert!(!progress.is_news(3, Delivered));
    }

    #[test]
    fn bounded_and_those_that_arrived_go_first() {
        let mut progress = Progress::default();
        for seq in 1..=256 {
            progress.follow(seq);
        }
        progress.take(9, Delivered);
        progress.follow(300);
        assert!(!progress.is_news(9, Read));
        assert!(progress.is_news(1, Sent) && progress.is_news(300, Sent));
        progress.follow(301);
        assert!(!progress.is_news(1, Sent));
    }
}
