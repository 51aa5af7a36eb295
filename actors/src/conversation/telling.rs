//! What readers are told of a decision, and what is kept from them.

use frontdesk_domain::conversation::{Conversation as Rules, Decision, Notice};
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::people::Audience;

use crate::fanout::Fanout;

/// The newest event that each kind of reader may see.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    guest: Seq,
    agents: Seq,
}

impl Heads {
    pub(super) fn of(rules: &Rules) -> Self {
        Self { guest: rules.head(Audience::Guest), agents: rules.head(Audience::Agents) }
    }

    fn head(self, audience: Audience) -> Seq {
        match audience {
            Audience::Guest => self.guest,
            Audience::Agents => self.agents,
        }
    }
}

/// Tells the readers: what is stored, then what passes. `heads`: where they stand after it; `muted`: but no words
/// of the AI.
pub(super) fn tell(decision: &Decision, heads: Heads, id: ConversationId, readers: &mut Fanout, muted: bool) {
    for event in &decision.events {
        readers.tell(event);
    }
    for notice in &decision.notices {
        if muted && matches!(notice, Notice::Draft { .. }) {
            continue;
        }
        readers.notice(id, &passing(notice, id), |audience| heads.head(audience), None);
    }
}

fn passing(notice: &Notice, conversation: ConversationId) -> ServerFrame {
    match notice.clone() {
        Notice::Draft { turn, text } => ServerFrame::Draft { conversation, turn, text },
        Notice::DraftEnd { turn, outcome, seq } => ServerFrame::DraftEnd { conversation, turn, outcome, seq },
        Notice::Typing { by, on } => ServerFrame::Typing { conversation, by, on },
    }
}
