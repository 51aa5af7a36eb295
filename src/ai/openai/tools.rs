//! The one thing the model may do but speak: ask for a human. Calls come in pieces and are put together
//! by index; what is in them is checked against a closed list.

use serde_json::{Value, json};

use super::wire::CallPiece;
use crate::store::records::ToolCall;

/// The name of the tool.
pub(super) const HAND_OVER: &str = "hand_over";

/// Why a model may hand over. Only `emergency` is urgent.
pub(super) const REASONS: [&str; 6] =
    ["unsure", "asked_for_person", "complaint", "booking", "emergency", "other"];

const CALLS_MAX: usize = 4;
const ARGUMENTS_MAX: usize = 2_000;

/// The model wants a human.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HandOver {
    pub(super) reason: &'static str,
}

impl HandOver {
    pub(super) fn urgent(self) -> bool {
        self.reason == "emergency"
    }

    /// Reads a reason. One that is not on the list is `other`; none at all is `unsure`: that the model
    /// wants a human counts for more than how it says so.
    fn of(arguments: &Value) -> Self {
        let said = arguments.get("reason").and_then(Value::as_str).map(|reason| reason.trim().to_lowercase());
        let known = |said: &str| REASONS.into_iter().find(|reason| *reason == said);
        Self { reason: said.map_or("unsure", |said| known(&said).unwrap_or("other")) }
    }
}

/// The tools, as the request lists them.
pub(super) fn list() -> Value {
    let reason = json!({"type": "string", "enum": REASONS, "description": "why a person is needed"});
    let parameters = json!({"type": "object", "properties": {"reason": reason}, "required": ["reason"], "additionalProperties": false});
    let description = "Ends your turn and asks a member of the hotel's staff to answer the guest.";
    json!([{"type": "function", "function": {"name": HAND_OVER, "description": description, "parameters": parameters}}])
}

/// A hand-over that was written as text: `{"hand_over": "unsure"}`, or the call itself as JSON. It is what
/// servers without tools are told to do, and what small models do on their own.
pub(super) fn in_text(text: &str) -> Option<HandOver> {
    let value: Value = serde_json::from_str(text.trim()).ok()?;
    if let Some(reason) = value.get(HAND_OVER) {
        let arguments = if reason.is_object() { reason.clone() } else { json!({"reason": reason}) };
        return Some(HandOver::of(&arguments));
    }
    let named = value.get("name").and_then(Value::as_str) == Some(HAND_OVER);
    let arguments = value.get("arguments").or_else(|| value.get("parameters")).unwrap_or(&value);
    named.then(|| HandOver::of(arguments))
}

/// The calls of one turn, as far as they have come.
#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
}

#[derive(Default)]
struct Call {
    index: Option<u32>,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Calls {
    /// A piece of a call.
    pub(super) fn push(&mut self, piece: CallPiece) {
        let new = match (piece.index, &piece.id) {
            (Some(index), _) => !self.calls.iter().any(|call| call.index == Some(index)),
            (None, Some(id)) => !self.calls.iter().any(|call| call.id.as_ref() == Some(id)),
            (None, None) => self.calls.is_empty(),
        };
        if new && self.calls.len() < CALLS_MAX {
            self.calls.push(Call { index: piece.index, id: piece.id.clone(), ..Call::default() });
        }
        let call = match (piece.index, &piece.id) {
            (Some(index), _) => self.calls.iter_mut().find(|call| call.index == Some(index)),
            (None, Some(id)) => self.calls.iter_mut().find(|call| call.id.as_ref() == Some(id)),
            (None, None) => self.calls.last_mut(),
        };
        // A fifth call, or more words than any call needs: left out, and the arguments will not parse.
        let Some(call) = call else { return };
        if let Some(name) = piece.function.name.filter(|name| call.name.len() + name.len() <= 64) {
            call.name.push_str(&name);
        }
        let arguments = match piece.function.arguments {
            Some(Value::String(text)) => text,
            Some(value @ Value::Object(_)) => value.to_string(),
            _ => return,
        };
        if call.arguments.len() + arguments.len() <= ARGUMENTS_MAX {
            call.arguments.push_str(&arguments);
        }
    }

    /// True if nothing was called.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// All of them, as they came.
    pub(super) fn listed(&self) -> impl Iterator<Item = ToolCall> {
        self.calls.iter().map(|call| ToolCall { name: call.name.clone(), arguments: call.arguments.clone() })
    }

    /// The first hand-over among the calls; other tools do not exist.
    pub(super) fn hand_over(&self) -> Option<HandOver> {
        let call = self.calls.iter().find(|call| call.name == HAND_OVER)?;
        Some(HandOver::of(&serde_json::from_str(&call.arguments).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(pieces: &[Value]) -> Calls {
        let mut calls = Calls::default();
        for piece in pieces {
            calls.push(serde_json::from_value(piece.clone()).expect("a piece"));
        }
        calls
    }

    #[test]
    fn pieces_are_put_together_by_index() {
        let two = calls(&[
            json!({"index": 0, "id": "a", "function": {"name": "look_up", "arguments": "{\"q"}}),
            json!({"index": 1, "id": "b", "function": {"name": "hand_over", "arguments": "{\"rea"}}),
            json!({"index": 0, "function": {"arguments": "\":1}"}}),
            json!({"index": 1, "function": {"arguments": "son\":\"emergency\"}"}}),
        ]);
        assert_eq!(two.hand_over(), Some(HandOver { reason: "emergency" }));
        let none = calls(&[
            json!({"id": "a", "function": {"name": "hand_over"}}),
            json!({"function": {"arguments": "{\"reason\":"}}),
            json!({"function": {"arguments": "\"booking\"}"}}),
        ]);
        assert_eq!(none.hand_over(), Some(HandOver { reason: "booking" }));
    }

    #[test]
    fn arguments_are_checked() {
        for (arguments, reason) in [
            (json!("{\"reason\":\"steal the safe\"}"), "other"),
            (json!("{\"reason\":"), "unsure"),
            (json!("[]"), "unsure"),
            (json!({"reason": "complaint"}), "complaint"),
            (json!(format!("{{\"reason\":\"{}\"}}", "x".repeat(5_000))), "unsure"),
        ] {
            let calls =
                calls(&[json!({"index": 0, "function": {"name": "hand_over", "arguments": arguments}})]);
            assert_eq!(calls.hand_over().map(|over| over.reason), Some(reason));
        }
        assert!(
            calls(&[json!({"index": 0, "function": {"name": "pay", "arguments": "{}"}})])
                .hand_over()
                .is_none()
        );
        let many: Vec<Value> = (0..99).map(|n| json!({"index": n, "function": {"name": "x"}})).collect();
        assert_eq!(calls(&many).calls.len(), CALLS_MAX);
    }

    #[test]
    fn a_hand_over_in_words() {
        assert_eq!(in_text(" {\"hand_over\": \"complaint\"}\n"), Some(HandOver { reason: "complaint" }));
        let call = "{\"name\": \"hand_over\", \"arguments\": {\"reason\": \"booking\"}}";
        assert_eq!(in_text(call), Some(HandOver { reason: "booking" }));
        assert_eq!(in_text("{\"pool\": 1}"), None);
        assert_eq!(in_text("hand_over"), None);
    }
}
