//! What happens when something comes in over a channel that is not ours.
//!
//! What is there was said: nothing of it is refused for its form. What may not be stored is made to fit.

use crate::event::{Attachment, EventKind};
use crate::people::{Author, AuthorKind};
use crate::refusal::Refusal;
use crate::text::mend;

use super::command::{Receive, Received};
use super::decide::{Draft, fingerprint};
use super::decision::InboundRow;

/// Words for a message that had none that may be stored.
const EMPTY: &str = "[empty message]";

impl Draft<'_> {
    pub(super) fn receive(&mut self, receive: Receive) -> Result<(), Refusal> {
        // The channel's id says it all: what comes again under it is the same, however it looks by now.
        let digest = fingerprint(&["received"]);
        let Receive { by, id, wamid, sent_at, what } = receive;
        let by = if matches!(what, Received::Notice { .. }) { Author::system() } else { by };
        if self.is_repeat(&by, &id, digest)? {
            return Ok(());
        }
        let known = |seq: &u64| (1..=self.state.last_seq()).contains(seq);
        let mut expected = Vec::new();
        let seq = match what {
            Received::Message { text, reply_to, files, origin } => {
                let mut message = self.message(&mend(&text).unwrap_or_else(|| EMPTY.to_owned()));
                message.sent_at = Some(sent_at);
                message.origin = origin;
                message.reply_to = reply_to.filter(known);
                message.attachments = files
                    .iter()
                    .map(|file| Attachment {
                        id: file.id,
                        name: file.media.name.clone(),
                        media_type: file.media.media_type.clone(),
                        size: 0,
                    })
                    .collect();
                expected = files;
                if by.kind == AuthorKind::Guest {
                    self.guest_says(by, id, digest, message);
                } else {
                    self.agent_says(by, id, digest, message);
                }
                // They are written with the message; there is nothing to bind.
                self.decision.enclosed.clear();
                self.decision.ack.as_ref().map_or(0, |ack| ack.seq)
            }
            Received::Reaction { of, emoji } => {
                let emoji = emoji.and_then(|emoji| mend(&emoji));
                self.push_own(by, id, digest, EventKind::Reaction { of: of.filter(known), emoji })
            }
            Received::Edited { of, text } => {
                let text = mend(&text).unwrap_or_else(|| EMPTY.to_owned());
                self.push_own(by, id, digest, EventKind::Edited { of, text })
            }
            Received::Deleted { of } => self.push_own(by, id, digest, EventKind::Deleted { of }),
            Received::Notice { text } => {
                let text = mend(&text).unwrap_or_else(|| EMPTY.to_owned());
                self.push_own(by, id, digest, EventKind::Note { text })
            }
        };
        self.decision.inbound = wamid.map(|wamid| InboundRow { seq, wamid, files: expected });
        Ok(())
    }
}
