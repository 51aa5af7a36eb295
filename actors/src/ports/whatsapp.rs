//! What the outbox of the WhatsApp channel needs: the Cloud API, and the table of deliveries.

use async_trait::async_trait;

use frontdesk_domain::event::DeliveryState;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::outgoing::{DeliveryKey, Payload};
use frontdesk_domain::timestamp::Timestamp;

use crate::messages::DeliveryReport;

use super::StoreError;

/// Where a guest is reached.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A phone number, digits only.
    Phone(String),
    /// The id that WhatsApp gives a guest who hides the number.
    UserId(String),
}

/// A phone number never stands in a log.
impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone(..)",
            Self::UserId(_) => "UserId(..)",
        })
    }
}

/// One message for the API.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom.
    pub to: Recipient,
    /// What.
    pub payload: Payload,
    /// WhatsApp's id of the message that is answered.
    pub quote: Option<String>,
    /// Comes back with every status.
    pub tracker: String,
}

/// Why a message was not taken, or not surely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendFault {
    /// Refused with this code of WhatsApp's: certainly not taken.
    #[error("refused with code {0}")]
    Refused(i64),
    /// It was never handed over: certainly not taken.
    #[error("WhatsApp could not be reached")]
    Unreachable,
    /// It was handed over and no answer came that says what became of it.
    #[error("no clear answer")]
    Unclear,
    /// The file that goes with it is gone, or of a kind or size that WhatsApp does not take.
    #[error("the file cannot be sent")]
    File,
}

/// The Cloud API, as one number uses it.
#[async_trait]
pub trait WhatsAppApi: Send + Sync + 'static {
    /// Sends one message and returns WhatsApp's id for it. That it was taken does not mean that it arrives.
    async fn send(&self, letter: Letter) -> Result<String, SendFault>;

    /// Marks a guest's message, and all before it, as read; with `typing` also shows that an answer is
    /// being written, for 25 s or until it comes.
    async fn mark_read(&self, wamid: &str, typing: bool) -> Result<(), SendFault>;
}

/// A delivery that is not done, first in its conversation.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which.
    pub key: DeliveryKey,
    /// What.
    pub payload: Payload,
    /// Where to; `None` if the guest has no address on WhatsApp.
    pub to: Option<Recipient>,
    /// WhatsApp's id of the message that is answered.
    pub quote: Option<String>,
    /// How often it was handed to the API.
    pub tries: u32,
    /// Not to be tried before.
    pub due_at: Timestamp,
    /// It was handed over at this time, and what became of it is not known.
    pub unclear_since: Option<Timestamp>,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken, under this id.
    Taken(String),
    /// Certainly not taken: to be tried again at this time.
    Again(Timestamp),
    /// The same, and staff are told what holds it up.
    Held(Timestamp, String),
    /// Not known: to be looked at again at this time, unless a status tells before.
    Unclear(Timestamp),
    /// It will never arrive, and why.
    Never(String),
}

/// What staff are to be told of a message, and were not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Where.
    pub conversation: ConversationId,
    /// Of which message.
    pub of: Seq,
    /// How far all of it got.
    pub state: DeliveryState,
    /// Why it failed.
    pub error: Option<String>,
}

/// The table of deliveries. Every change is on disk when its call returns.
#[async_trait]
pub trait Deliveries: Send + Sync + 'static {
    /// The first delivery of each conversation that is not done, those due first first; at most `limit`.
    async fn heads(&self, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// The first delivery of a conversation that is not done.
    async fn head(&self, conversation: ConversationId) -> Result<Option<Delivery>, StoreError>;

    /// How many are not done.
    async fn waiting(&self) -> Result<u64, StoreError>;

    /// It is about to be handed to the API; should nothing be heard of that, it is to be looked at again at
    /// `settled_by`. False if it is done meanwhile.
    async fn begin(&self, key: DeliveryKey, at: Timestamp, settled_by: Timestamp)
    -> Result<bool, StoreError>;

    /// What became of it.
    async fn end(&self, key: DeliveryKey, outcome: Outcome) -> Result<(), StoreError>;

    /// WhatsApp reports. What it is about is found by the tracker, else by WhatsApp's id; a report about
    /// an unknown id is kept for when the id becomes known. Returns the conversation that it is about.
    async fn report(&self, report: DeliveryReport) -> Result<Option<ConversationId>, StoreError>;

    /// What staff were not told yet, of one conversation or of all; at most 1,000.
    async fn news(&self, of: Option<ConversationId>) -> Result<Vec<News>, StoreError>;

    /// Staff were told.
    async fn told(&self, news: News) -> Result<(), StoreError>;

    /// WhatsApp's id of the guest's newest message up to `seq`.
    async fn newest_inbound(
        &self,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Option<String>, StoreError>;

    /// Forgets at most 500 deliveries made before this time whose messages are done, and says how many.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;
}
