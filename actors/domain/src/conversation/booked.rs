//! What the hotel's own systems say of the guest.

use crate::event::EventKind;
use crate::people::Author;
use crate::refusal::Refusal;

use super::command::Booked;
use super::decide::{Draft, fingerprint};
use super::decision::Ack;

impl Draft<'_> {
    /// The card takes over what is told, as an event of nobody's: unless it says so already, or the guest was
    /// erased.
    pub(super) fn booked(&mut self, booked: Booked) -> Result<(), Refusal> {
        let Booked { id, patch, sure } = booked;
        patch.check()?;
        let body = serde_json::to_string(&patch).unwrap_or_default();
        let digest = fingerprint(&["booked", &body, if sure { "sure" } else { "" }]);
        if self.is_repeat(&Author::system(), &id, digest)? {
            return Ok(());
        }
        let known = &self.state.snapshot.guest;
        // A mark that was given stays: it says who the guest is, not which stay this is.
        let guest = if sure { known.vouched_for(&patch) } else { known.patched(&patch) };
        if guest == *known || self.state.is_erased() {
            self.decision.ack = Some(Ack { id, seq: self.state.last_seq() });
            return Ok(());
        }
        self.push_own(Author::system(), id, digest, EventKind::Profile { guest });
        Ok(())
    }
}
