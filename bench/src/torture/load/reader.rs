//! The reading half of a client: writes down what it is shown, and says what its other half must know.

use serde_json::Value;

use super::stage::Stage;
use crate::torture::history::{Answer, Line, Seen};

/// What a frame means to the client.
pub enum Meaning {
    /// A conversation is open, up to this place.
    Opened(String, Option<u64>),
    /// An event of a conversation.
    Event(String, u64),
    /// Words of the AI in a conversation.
    Draft(String),
    /// The answer to an attempt, and when to try again.
    Answer(String, Answer, Option<u64>),
    /// The answer to a ping.
    Pong,
    /// Nothing.
    Nothing,
}

/// Takes a frame. `own`: a guest's conversation.
pub fn take(stage: &Stage, conn: u64, own: Option<&str>, raw: &str) -> Meaning {
    let frame: Value = serde_json::from_str(raw).unwrap_or_default();
    let text = |name: &str| frame.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match frame.get("type").and_then(Value::as_str) {
        Some("opened") => {
            let conversation =
                frame.pointer("/conversation/id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let events = frame.get("events").and_then(Value::as_array).into_iter().flatten();
            let events: Vec<Seen> = events.filter_map(Seen::read).collect();
            let last = events.last().map(|event| event.seq);
            let more = frame.get("more").and_then(Value::as_bool).unwrap_or(false);
            leak(stage, conn, own, raw);
            stage.recorder.note(Line::Opened { conn, conversation: conversation.clone(), events, more });
            Meaning::Opened(conversation, last)
        }
        Some("event") => {
            let Some(event) = Seen::read(&frame) else { return Meaning::Nothing };
            let (conversation, seq) = (text("conversation"), event.seq);
            leak(stage, conn, own, raw);
            stage.recorder.note(Line::Event { conn, conversation: conversation.clone(), event });
            Meaning::Event(conversation, seq)
        }
        Some("draft") => {
            let (conversation, turn, text) = (text("conversation"), text("turn"), text("text"));
            stage.recorder.note(Line::Draft { conn, conversation: conversation.clone(), turn, text });
            Meaning::Draft(conversation)
        }
        Some("draft_end") => {
            let (conversation, turn, outcome) = (text("conversation"), text("turn"), text("outcome"));
            let seq = frame.get("seq").and_then(Value::as_u64);
            stage.recorder.note(Line::DraftEnd { conn, conversation, turn, outcome, seq });
            Meaning::Nothing
        }
        Some("ack") => {
            let seq = frame.get("seq").and_then(Value::as_u64).unwrap_or(0);
            Meaning::Answer(text("id"), Answer::Ack(seq), None)
        }
        Some("error") => {
            let retry_ms = frame.get("retry_ms").and_then(Value::as_u64);
            Meaning::Answer(text("id"), Answer::Refused(text("code")), retry_ms)
        }
        Some("pong") => Meaning::Pong,
        _ => {
            leak(stage, conn, own, raw);
            Meaning::Nothing
        }
    }
}

/// A guest's frame that holds words of another conversation is kept whole, wherever in it they stand.
fn leak(stage: &Stage, conn: u64, own: Option<&str>, raw: &str) {
    let Some(own) = own else { return };
    let foreign = crate::torture::text::names_another(&stage.run, raw, &[own]).is_some();
    if foreign || raw.contains("|note") {
        let (conversation, frame) = (own.to_owned(), raw.to_owned());
        stage.recorder.note(Line::Other { conn, conversation, frame });
    }
}
