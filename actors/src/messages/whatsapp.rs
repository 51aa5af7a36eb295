//! To the actors of the WhatsApp channel.

use std::time::Duration;

use ractor::RpcReplyPort;

use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::inbound::{DeliveryReport, Parcel};
use frontdesk_domain::refusal::Refusal;
use uuid::Uuid;

use crate::ports::whatsapp;
use crate::trace::Trace;

/// To the ingress of the WhatsApp channel.
#[derive(Debug)]
pub enum WhatsAppIngressMsg {
    /// A webhook brought something.
    Admit {
        /// What, from one person.
        parcel: Box<Parcel>,
        /// Where this belongs.
        trace: Trace,
        /// Answered when all of it is on disk.
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
    /// There may be something of which staff are not told. Sent by itself, now and then.
    Look,
}

/// To the one who fetches guests' files.
#[derive(Debug)]
pub enum WhatsAppMediaMsg {
    /// There may be files to fetch. Also sent by itself, now and then.
    Look,
    /// A file was fetched, or not. Sent by the fetch itself.
    Ended(Uuid),
}

/// To the outbox of the WhatsApp channel.
#[derive(Debug)]
pub enum WhatsAppOutboxMsg {
    /// WhatsApp reports on a message.
    Status {
        /// What.
        report: Box<DeliveryReport>,
        /// Answered when it is on disk.
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
    /// A conversation has something to send.
    Due(ConversationId),
    /// What this conversation sends next belongs here. Said only where somebody traces.
    Traced(ConversationId, Trace),
    /// Look into the table. Sent by itself, now and then.
    Look,
    /// What the table holds. Sent by the look itself.
    Found(Vec<whatsapp::Delivery>),
    /// What is first in a conversation. Sent by the read itself.
    Head {
        /// Where.
        conversation: ConversationId,
        /// Nothing: all of it is done.
        head: Option<Box<whatsapp::Delivery>>,
    },
    /// A try has ended. Sent by the try itself.
    Attempted(Box<Attempted>),
    /// A report may have settled what a conversation waits for. Sent by itself.
    Settled(ConversationId),
    /// Tell conversations what became of their messages: one, or all. Sent by itself.
    TellNews(Option<ConversationId>),
    /// Staff have read the guest's messages up to here, or an answer to them is being written.
    Seen {
        /// Where.
        conversation: ConversationId,
        /// The last event read.
        seq: Seq,
        /// An answer is being written.
        typing: bool,
    },
    /// A read mark is done with, or given up. Sent by itself.
    Marked(ConversationId),
    /// See what may be sent now. Sent by itself.
    Pump,
}

/// How a try to send something ended, and what that means for others.
#[derive(Debug)]
pub struct Attempted {
    /// Where.
    pub conversation: ConversationId,
    /// What is first there now.
    pub next: Option<Box<whatsapp::Delivery>>,
    /// WhatsApp took it.
    pub taken: bool,
    /// Staff are to be told something.
    pub news: bool,
    /// The table did not answer: what is first there now is not known.
    pub table_failed: bool,
    /// This guest gets nothing for so long.
    pub guest_waits: Option<Duration>,
    /// The number sends nothing for so long.
    pub number_waits: Option<Duration>,
    /// The number sends nothing until a person has done something, and why.
    pub stopped: Option<String>,
}

impl Attempted {
    /// A try of which nothing is known.
    pub fn lost(conversation: ConversationId) -> Self {
        Self {
            conversation,
            next: None,
            taken: false,
            news: false,
            table_failed: true,
            guest_waits: None,
            number_waits: None,
            stopped: None,
        }
    }
}
