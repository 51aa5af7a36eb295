//! A turn in the pool, or a lease: a place for a call that somebody else makes.

use ractor::RpcReplyPort;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use frontdesk_domain::answerer::{Language, Template, detect};
use frontdesk_domain::conversation::{TurnEnd, TurnNews};
use frontdesk_domain::ids::{ConversationId, PropertyId, TurnId};
use frontdesk_domain::people::AuthorKind;
use frontdesk_domain::pool::{Class, Tokens};

use crate::messages::{Busy, ConversationMsg, ConversationRef, Lease, TurnRequest};
use crate::ports::Prompt;

use super::lease::Revoke;

/// One of them.
pub(super) struct Job {
    pub client: Client,
    pub class: Class,
    pub stage: Stage,
    /// Tokens of the lines that the model is shown.
    pub lines: u64,
    pub asked_at: Instant,
    /// When it is answered without the model, if that has not begun to speak.
    pub deadline: Instant,
    /// Calls of the model that came to nothing.
    pub tries: u32,
}

pub(super) enum Client {
    /// A guest's turn.
    Turn { request: TurnRequest, reply: ConversationRef, prompt: Option<Prompt> },
    /// Somebody who waits for a place.
    Lease {
        conversation: ConversationId,
        property: PropertyId,
        reply: Option<RpcReplyPort<Result<Lease, Busy>>>,
    },
}

pub(super) enum Stage {
    /// The conversation is being read.
    Preparing,
    /// It stands in the queue.
    Waiting,
    /// It waits before it tries again.
    Pausing,
    /// The model is at it.
    Model(Option<AbortHandle>),
    /// The embedded answerer is at it.
    Embedded(AbortHandle),
}

/// Who takes turns in the queue: a conversation's guest, and apart from that those who help with it, so that
/// help under way never holds up the guest.
pub(super) type Flow = (bool, ConversationId);

/// A call of the model that is not settled.
pub(super) struct Call {
    pub conversation: ConversationId,
    pub class: Class,
    /// Takes the place back, if somebody else makes the call.
    pub revoke: Option<Revoke>,
    pub property: PropertyId,
    pub estimate: Tokens,
    pub lines: u64,
    pub queued: std::time::Duration,
    pub began: Instant,
    pub first_word: Option<std::time::Duration>,
    /// It began so late that a first word in time could not be expected: if none comes, that says nothing of the model.
    pub late: bool,
    /// Its slot was freed already.
    pub released: bool,
}

impl Call {
    pub fn flow(&self) -> Flow {
        (self.class == Class::Guest, self.conversation)
    }
}

impl Job {
    pub fn flow(&self) -> Flow {
        (self.class == Class::Guest, self.conversation())
    }

    /// A turn has until its deadline to be heard; a lease, to get its place.
    pub fn is_turn(&self) -> bool {
        matches!(self.client, Client::Turn { .. })
    }

    pub fn conversation(&self) -> ConversationId {
        match &self.client {
            Client::Turn { request, .. } => request.conversation,
            Client::Lease { conversation, .. } => *conversation,
        }
    }

    pub fn property(&self) -> PropertyId {
        match &self.client {
            Client::Turn { request, .. } => request.property,
            Client::Lease { property, .. } => *property,
        }
    }

    /// The last rung: the guest is told the truth in the guest's language, and people are asked.
    pub fn hold(self, turn: TurnId, reason: &str) {
        match self.client {
            Client::Lease { reply, .. } => {
                if let Some(reply) = reply {
                    let _ = reply.send(Err(Busy));
                }
            }
            Client::Turn { request, reply, prompt } => {
                let line = Template::HandOver.text(language(&request, prompt.as_ref())).to_owned();
                let tell = |news| reply.cast(ConversationMsg::TurnNews { turn, news });
                let _ = tell(TurnNews::Delta(line));
                let end = TurnEnd::HandedOver { reason: reason.to_owned(), urgent: false };
                let _ = tell(TurnNews::Ended(end));
            }
        }
    }
}

/// The language of the guest's last words, or else the one that the guest's browser names.
fn language(request: &TurnRequest, prompt: Option<&Prompt>) -> Language {
    let words = prompt.and_then(|prompt| {
        let guests = prompt.lines.iter().rev().filter(|line| line.by.kind == AuthorKind::Guest);
        guests.take(3).find_map(|line| detect(&line.text).language)
    });
    words.or_else(|| request.locale.as_deref().and_then(Language::from_tag)).unwrap_or(Language::En)
}
