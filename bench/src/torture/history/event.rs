//! An event as a client saw it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::torture::text::hash;

/// What the checker needs of an event, and a digest of all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its place.
    pub seq: u64,
    /// The place of the one before it that this reader may see, as the server says.
    pub prev: u64,
    /// The author's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `guest`, `agent`, `ai` or `system`.
    pub by: String,
    /// The author's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_id: Option<String>,
    /// Its kind.
    pub kind: String,
    /// The words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The AI was interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Of a `mode` event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Of a `status` event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The attempt of the AI that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
    /// All of the event but its place, as a number.
    pub digest: u64,
}

/// The kinds that a guest may see; anything else on a guest's screen is a leak.
const FOR_GUESTS: [&str; 5] = ["message", "mode", "status", "assigned", "request"];

impl Seen {
    /// Reads an event frame, or an item of a list. `None` if it lacks what every event has.
    pub fn read(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let by = fields.get("by")?;
        let mut rest = fields.clone();
        for place in ["type", "conversation", "seq", "prev"] {
            rest.remove(place);
        }
        Some(Self {
            seq: fields.get("seq")?.as_u64()?,
            prev: fields.get("prev")?.as_u64()?,
            id: text("id"),
            by: by.get("kind")?.as_str()?.to_owned(),
            by_id: by.get("id").and_then(Value::as_str).map(str::to_owned),
            kind: text("kind")?,
            text: text("text"),
            partial: fields.get("partial").and_then(Value::as_bool).unwrap_or(false),
            mode: text("mode"),
            status: text("status"),
            turn: text("turn"),
            digest: hash(&Value::Object(rest).to_string()),
        })
    }

    /// True if a guest may see it.
    pub fn is_for_guests(&self) -> bool {
        FOR_GUESTS.contains(&self.kind.as_str())
    }

    /// True for a message of the AI.
    pub fn is_ai_message(&self) -> bool {
        self.by == "ai" && self.kind == "message"
    }

    /// True for what a channel says of a message's delivery.
    pub fn is_delivery(&self) -> bool {
        self.kind == "delivery"
    }

    /// True if people answer from here on.
    pub fn silences_ai(&self) -> bool {
        self.mode.as_deref() == Some("human")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_digest_is_of_all_but_the_place() {
        let mut frame = json!({"type":"event","conversation":"c","seq":3,"prev":2,"id":"a","at":"now",
            "by":{"kind":"guest","id":"g"},"kind":"message","text":"hi","channel":"web"});
        let first = Seen::read(&frame).expect("an event");
        assert_eq!(
            (first.seq, first.prev, first.by.as_str(), first.text.as_deref()),
            (3, 2, "guest", Some("hi"))
        );
        for place in ["type", "conversation"] {
            frame.as_object_mut().expect("an object").remove(place);
        }
        frame["prev"] = json!(1);
        assert_eq!(Seen::read(&frame).expect("an event").digest, first.digest);
        frame["at"] = json!("later");
        assert_ne!(Seen::read(&frame).expect("an event").digest, first.digest);
        assert_eq!(Seen::read(&json!({"seq": 1})), None);
    }
}
