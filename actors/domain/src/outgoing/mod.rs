//! What goes out over WhatsApp: which deliveries a message becomes, how far each got, what an error means.
//!
//! All of it pure. The limits are those of the Cloud API; "characters" are counted as UTF-16 units, the
//! stricter of the two readings.

mod codes;
mod message;
mod plain;
mod progress;
mod quick;
mod split;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ConversationId, Seq};

pub use codes::{Class, class, words};
pub use message::{deliveries, goes_out};
pub use plain::plain;
pub use progress::Progress;
pub use quick::{SPOKEN, buttons, spoken};
pub use split::{shorten_units, split, units};

/// The longest text message, in UTF-16 units.
pub const TEXT_MAX_UNITS: usize = 4096;
/// The longest text above buttons.
pub const BUTTONS_TEXT_MAX_UNITS: usize = 1024;
/// The most buttons below a text, and so the most quick replies of one message.
pub const BUTTONS_MAX: usize = 3;
/// The longest caption of a file.
pub const CAPTION_MAX_UNITS: usize = 1024;

/// A delivery's name: a message of a conversation becomes one delivery or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub seq: Seq,
    /// Which part of it, from 0.
    pub part: u16,
}

impl DeliveryKey {
    /// What is given along with the message and comes back with its statuses.
    pub fn tracker(&self) -> String {
        format!("frontdesk.{}.{}.{}", self.conversation.0.as_simple(), self.seq, self.part)
    }

    /// Reads what came back; `None` if it is not ours.
    pub fn from_tracker(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("frontdesk.")?.split('.');
        let conversation = ConversationId(Uuid::try_parse(parts.next()?).ok()?);
        let key = Self { conversation, seq: parts.next()?.parse().ok()?, part: parts.next()?.parse().ok()? };
        (parts.next().is_none() && key.seq > 0).then_some(key)
    }
}

/// What one delivery carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payload {
    /// Words.
    Text {
        /// At most [`TEXT_MAX_UNITS`].
        text: String,
    },
    /// Words with buttons to tap.
    Buttons {
        /// At most [`BUTTONS_TEXT_MAX_UNITS`].
        text: String,
        /// One to [`BUTTONS_MAX`].
        buttons: Vec<Button>,
    },
    /// A text that WhatsApp has approved, with its blanks filled in.
    Template {
        /// Its name.
        name: String,
        /// Its language, as WhatsApp writes it (`en_US`).
        language: String,
        /// For the blanks of its body, in order.
        parameters: Vec<Parameter>,
    },
    /// A file.
    File {
        /// The upload.
        attachment: Uuid,
        /// Its name.
        name: String,
        /// Its media type.
        media_type: String,
        /// Words with it, at most [`CAPTION_MAX_UNITS`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
}

/// A button below a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What comes back when it is tapped.
    pub id: String,
    /// What the guest sees, at most 20 units.
    pub title: String,
}

/// What is written into one blank of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "TemplateParameter", optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TemplateParameter))]
pub struct Parameter {
    /// The blank's name, where the template names its blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The words.
    pub text: String,
}

/// A delivery as a message makes it, to be stored in the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub seq: Seq,
    /// Which part of it, from 0.
    pub part: u16,
    /// What it carries.
    pub payload: Payload,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_leads_back() {
        let key = DeliveryKey { conversation: ConversationId(Uuid::from_u128(77)), seq: 12, part: 1 };
        assert_eq!(DeliveryKey::from_tracker(&key.tracker()), Some(key));
        assert!(key.tracker().len() < 512);
        for foreign in ["", "frontdesk.", "frontdesk.x.1.0", "order-7", "frontdesk.1.2.3.4"] {
            assert_eq!(DeliveryKey::from_tracker(foreign), None, "{foreign}");
        }
    }
}
