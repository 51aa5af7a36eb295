//! What is remembered of the AI's turns, so that a conversation can be looked at again as it happened.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::{Event, EventView};
use frontdesk_domain::ids::{ConversationId, EntryId, PropertyId, Seq, TurnId};
use frontdesk_domain::people::Audience;
use frontdesk_domain::timestamp::Timestamp;

use crate::rehearse::Asked;

/// The longest text that a record keeps of a message of the prompt, in characters.
pub const PROMPT_TEXT_MAX_CHARS: usize = 16_000;
/// The most messages that a record keeps of a prompt.
pub const PROMPT_MESSAGES_MAX: usize = 80;
/// The most of the answer, as the model said it, in bytes.
pub const SAID_MAX_BYTES: usize = 8_000;
/// So many records are kept of a conversation, the newest ones.
pub const RECORDS_KEPT: u32 = 200;

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptMessage {
    /// `system`, `user`, `assistant`, `tool`.
    pub role: String,
    /// The words, exactly as they were sent (cut at 16,000 characters).
    pub content: String,
}

/// An entry that an answer could rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UsedSource {
    /// The entry.
    pub entry: EntryId,
    /// Its title at that time.
    pub title: String,
    /// How well it fitted; only to be compared with the others of the same turn.
    pub score: f32,
}

/// Something that the model wanted done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolCall {
    /// What.
    pub name: String,
    /// With which arguments, as the model wrote them.
    pub arguments: String,
}

/// One try at a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TurnRecord {
    /// The turn.
    pub turn: TurnId,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Of which hotel.
    pub property: PropertyId,
    /// `model`, or `knowledge` for the embedded answerer.
    pub by: String,
    /// The model's name, where one was asked.
    pub model: Option<String>,
    /// What the guest asked, as it was searched for.
    pub question: String,
    /// What the model was sent.
    pub prompt: Vec<PromptMessage>,
    /// The entries that were found, the best first.
    pub sources: Vec<UsedSource>,
    /// What the model called.
    pub calls: Vec<ToolCall>,
    /// What came back, before anything was taken out or held back.
    pub said: String,
    /// `said`, `handed_over`, `cancelled`, or the class of the failure.
    pub outcome: String,
    /// Why, where there is a reason.
    pub reason: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// Milliseconds to the first word, if one came.
    pub first_word_ms: Option<u64>,
    /// Milliseconds in all.
    pub whole_ms: u64,
}

/// A call of the model as it stands in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookedCall {
    /// For which turn, or help.
    pub turn: TurnId,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: String,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub answer_tokens: u64,
    /// By our own estimate.
    pub estimated: bool,
    /// In millionths of the operator's currency.
    pub cost_micros: u64,
    /// How long it waited in the pool.
    pub queued_ms: u64,
    /// How long the first word took.
    pub first_word_ms: Option<u64>,
    /// How long it took as a whole.
    pub whole_ms: u64,
}

/// A turn, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedTurn {
    /// Which.
    pub turn: TurnId,
    /// It was to answer what the guest said after this place …
    pub after: Seq,
    /// … up to and with this one.
    pub through: Seq,
    /// How it ended, as a word; `null` while it is open.
    #[schema(required)]
    pub outcome: Option<String>,
    /// Why.
    #[schema(required)]
    pub reason: Option<String>,
    /// The guest's messages went on to the next turn.
    pub carried: bool,
    /// The message that it left.
    #[schema(required)]
    pub answer: Option<Seq>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the AI was asked.
    #[schema(required)]
    pub asked_at: Option<Timestamp>,
    /// When the guest saw the first word.
    #[schema(required)]
    pub first_word_at: Option<Timestamp>,
    /// When it ended.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
    /// The tries, oldest first. None for a turn from before records were kept.
    pub records: Vec<TurnRecord>,
    /// What they cost.
    pub calls: Vec<BookedCall>,
}

/// A conversation as it happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Replay {
    /// Which.
    pub conversation: ConversationId,
    /// Everything that happened, oldest first.
    pub events: Vec<EventView>,
    /// What the AI did, by the guest's messages that it answered.
    pub turns: Vec<ReplayedTurn>,
    /// What all of it cost, in millionths of the operator's currency; help for agents is in it.
    pub cost_micros: u64,
}

impl Replay {
    /// From its parts, each of them oldest first; `records` as they are stored.
    pub(in crate::store) fn of(
        conversation: ConversationId,
        events: &[Event],
        mut turns: Vec<ReplayedTurn>,
        records: &[String],
        calls: &[BookedCall],
    ) -> Self {
        // One that this version cannot read is of another, and no reason to show nothing.
        let records = records.iter().filter_map(|record| serde_json::from_str::<TurnRecord>(record).ok());
        let records: Vec<TurnRecord> = records.collect();
        for turn in &mut turns {
            turn.records = records.iter().filter(|record| record.turn == turn.turn).cloned().collect();
            turn.calls = calls.iter().filter(|call| call.turn == turn.turn).cloned().collect();
        }
        let cost_micros = calls.iter().map(|call| call.cost_micros).sum();
        let events = events.iter().filter_map(|event| event.view(Audience::Agents)).collect();
        Self { conversation, events, turns, cost_micros }
    }
}

/// Records of turns.
#[async_trait]
pub trait Records: Send + Sync {
    /// Adds records; the oldest ones of a conversation go where there are too many.
    async fn add_records(&self, records: Vec<TurnRecord>) -> Result<(), StoreError>;
    /// The newest questions that the hotel's guests asked and that were answered to an end of their own, the newest
    /// first, with what was answered.
    async fn recorded(&self, property: PropertyId, turns: u32) -> Result<Vec<Asked>, StoreError>;
    /// A conversation as it happened, its newest 2,000 events; `None` if there is none of this property.
    async fn replay(
        &self,
        property: PropertyId,
        conversation: ConversationId,
    ) -> Result<Option<Replay>, StoreError>;
}
