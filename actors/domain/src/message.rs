//! What is said: a message with all that it may carry.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{EntryId, Seq, TurnId};
use crate::outgoing::Parameter;
use crate::timestamp::Timestamp;

/// The way a guest reaches the hotel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Channel {
    /// The chat page and the widget.
    Web,
    /// The WhatsApp Cloud API.
    Whatsapp,
}

/// The knowledge entry that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Citation {
    /// The entry.
    pub id: EntryId,
    /// Its title when the answer was written.
    pub title: String,
}

/// A file that a message carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// The upload's id.
    pub id: Uuid,
    /// File name.
    pub name: String,
    /// Media type by content.
    pub media_type: String,
    /// Bytes; 0 while it is still being fetched.
    pub size: u64,
}

/// The approved text that a message is, with what was written into its blanks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SentTemplate {
    /// Its name.
    pub name: String,
    /// Its language, as WhatsApp writes it (`en_US`).
    pub language: String,
    /// For the blanks, in order.
    pub parameters: Vec<Parameter>,
}

/// What was said to the guest or by the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// The words, exactly as sent.
    pub text: String,
    /// How they came or go.
    pub channel: Channel,
    /// When it was sent, where the channel's clock says so (WhatsApp): it may have come much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// Where it comes from, in words for staff: forwarded, an advertisement, a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The message that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<Vec<Attachment>>"))]
    pub attachments: Vec<Attachment>,
    /// The entries that an answer of the AI rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<Vec<Citation>>"))]
    pub citations: Vec<Citation>,
    /// Questions to choose from ("did you mean …?").
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<Vec<String>>"))]
    pub suggestions: Vec<String>,
    /// The approved text that it is, outside WhatsApp's window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<SentTemplate>,
    /// The AI was interrupted here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<bool>"))]
    pub partial: bool,
    /// The AI's turn that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
}

impl Message {
    /// A plain message.
    pub fn new(text: impl Into<String>, channel: Channel) -> Self {
        Self {
            text: text.into(),
            channel,
            sent_at: None,
            origin: None,
            reply_to: None,
            attachments: Vec::new(),
            citations: Vec::new(),
            suggestions: Vec::new(),
            template: None,
            partial: false,
            turn: None,
        }
    }
}
