//! WhatsApp's window: free text reaches a guest within a day of the guest's last message, then templates only.
//!
//! Our clock only predicts: what counts in the end is what WhatsApp answers to a delivery.

use crate::event::{Channel, EventKind, Message};
use crate::people::AuthorKind;
use crate::refusal::{Code, Refusal};
use crate::timestamp::Timestamp;

use super::WINDOW_MILLIS;
use super::decide::Draft;

/// Why people are asked when a message comes so late that its window has closed.
pub(super) const CLOSED: &str = "window_closed";

/// Until when a guest's message opens the window. By the channel's clock: a message may come days late.
pub(super) fn until(stored_at: Timestamp, message: &Message) -> Option<Timestamp> {
    let sent_at = message.sent_at.unwrap_or(stored_at).min(stored_at);
    (message.channel == Channel::Whatsapp).then(|| sent_at.plus_millis(WINDOW_MILLIS))
}

impl Draft<'_> {
    /// Free text reaches the guest now, with what this very decision adds.
    pub(super) fn window_is_open(&self) -> bool {
        if self.state.snapshot.channel != Channel::Whatsapp {
            return true;
        }
        let added = self.decision.events.iter().filter_map(|event| match &event.kind {
            EventKind::Message(message) if event.by.kind == AuthorKind::Guest => until(event.at, message),
            _ => None,
        });
        added.chain(self.state.snapshot.window_until).any(|until| self.at < until)
    }

    /// # Errors
    /// `forbidden` outside the window.
    pub(super) fn check_window(&self) -> Result<(), Refusal> {
        if self.window_is_open() {
            return Ok(());
        }
        let why = "WhatsApp's 24-hour window is closed: until the guest writes, only an approved template is delivered";
        Err(Refusal::new(Code::Forbidden, why))
    }
}
