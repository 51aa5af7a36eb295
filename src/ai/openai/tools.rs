//! What the model may do but speak: ask for a human, propose a request to a department, look something up.
//! Calls come in pieces and are put together by index; what is in them is checked against closed lists. Whose
//! conversation it is, which room and which guest, no argument says: that is the conversation's to know.

use frontdesk_domain::departments::{self, DEPARTMENTS};
use frontdesk_domain::text::shorten;
use serde_json::{Value, json};

use super::super::clean::clean;
use super::wire::CallPiece;
use crate::store::records::ToolCall;

/// The names of the tools.
pub(super) const HAND_OVER: &str = "hand_over";
const CREATE_REQUEST: &str = "create_request";
const LOOK_UP: &str = "look_up";

/// Why a model may hand over. Only `emergency` is urgent.
pub(super) const REASONS: [&str; 6] =
    ["unsure", "asked_for_person", "complaint", "booking", "emergency", "other"];

const CALLS_MAX: usize = 4;
const ARGUMENTS_MAX: usize = 2_000;
const QUERY_MAX_CHARS: usize = 200;

/// What the model wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A human is to go on.
    HandOver(HandOver),
    /// A department is to do something.
    Request(Proposal),
    /// Entries for these words.
    LookUp(String),
}

/// The model wants a human.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HandOver {
    pub(super) reason: &'static str,
}

/// Something for a department, in the model's words: what may be shown of it, others decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) department: &'static str,
    pub(super) text: String,
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

impl Wish {
    /// Reads a call; `None` for a tool that there is not.
    fn of(name: &str, arguments: &Value) -> Option<Self> {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).map(one_line).unwrap_or_default();
        match name {
            HAND_OVER => Some(Self::HandOver(HandOver::of(arguments))),
            CREATE_REQUEST => Some(Self::Request(Proposal {
                department: departments::known(&text("department")),
                text: shorten(&text("text"), departments::TEXT_MAX_CHARS),
            })),
            LOOK_UP => Some(Self::LookUp(shorten(&text("query"), QUERY_MAX_CHARS))),
            _ => None,
        }
    }

    /// Who wants a human is not kept waiting by what else it wants.
    fn rank(&self) -> u8 {
        match self {
            Self::HandOver(_) => 0,
            Self::Request(_) => 1,
            Self::LookUp(_) => 2,
        }
    }
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Which tools a request offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// None: an errand for staff.
    Nothing,
    /// What a turn may call once something was looked up.
    NoLookUp,
    /// All.
    All,
}

/// The tools, as the request lists them.
pub(super) fn list(offer: Offer) -> Option<Value> {
    if offer == Offer::Nothing {
        return None;
    }
    let tool = |name: &str, description: &str, properties: Value| {
        let required: Vec<&String> = properties.as_object().into_iter().flat_map(|map| map.keys()).collect();
        let parameters = json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false});
        json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
    };
    let words = |description: &str| json!({"type": "string", "description": description});
    let mut tools = vec![
        tool(
            HAND_OVER,
            "Ends your turn and asks a member of the hotel's staff to answer the guest.",
            json!({"reason": {"type": "string", "enum": REASONS, "description": "why a person is needed"}}),
        ),
        tool(
            CREATE_REQUEST,
            "Ends your turn and passes a wish of the guest on to a department, which decides on it. Nothing is booked, charged or promised.",
            json!({
                "department": {"type": "string", "enum": DEPARTMENTS},
                "text": words("what the guest wants, in a few words of the guest's own"),
            }),
        ),
    ];
    if offer == Offer::All {
        tools.push(tool(
            LOOK_UP,
            "Finds further sources in the hotel's knowledge. Once in a turn.",
            json!({"query": words("a few words to look for")}),
        ));
    }
    Some(Value::Array(tools))
}

/// A call that was written as text: `{"hand_over": "unsure"}`, or the call itself as JSON, perhaps in a fence. It
/// is what servers without tools are told to do, and what small models do on their own.
pub(super) fn in_text(text: &str) -> Option<Wish> {
    let text = text.trim();
    let fenced = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let text = fenced.map_or(text, |inside| inside.trim_start_matches("json"));
    let value: Value = serde_json::from_str(text.trim()).ok()?;
    for (name, key) in [(HAND_OVER, "reason"), (CREATE_REQUEST, "text"), (LOOK_UP, "query")] {
        if let Some(said) = value.get(name) {
            let arguments = if said.is_object() { said.clone() } else { json!({key: said}) };
            return Wish::of(name, &arguments);
        }
    }
    let name = value.get("name").and_then(Value::as_str)?;
    Wish::of(name, value.get("arguments").or_else(|| value.get("parameters")).unwrap_or(&value))
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

    /// What is wanted: a hand-over before all else, then a request. One wish a turn; tools that do not exist
    /// are nothing.
    pub(super) fn wish(&self) -> Option<Wish> {
        let read =
            |call: &Call| Wish::of(&call.name, &serde_json::from_str(&call.arguments).unwrap_or_default());
        self.calls.iter().filter_map(read).min_by_key(Wish::rank)
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

    fn one(name: &str, arguments: &Value) -> Option<Wish> {
        calls(&[json!({"index": 0, "function": {"name": name, "arguments": arguments}})]).wish()
    }

    fn over(reason: &'static str) -> Option<Wish> {
        Some(Wish::HandOver(HandOver { reason }))
    }

    fn request(department: &'static str, text: &str) -> Option<Wish> {
        Some(Wish::Request(Proposal { department, text: text.to_owned() }))
    }

    #[test]
    fn pieces_are_put_together_by_index() {
        let two = calls(&[
            json!({"index": 0, "id": "a", "function": {"name": "look_up", "arguments": "{\"q"}}),
            json!({"index": 1, "id": "b", "function": {"name": "hand_over", "arguments": "{\"rea"}}),
            json!({"index": 0, "function": {"arguments": "\":1}"}}),
            json!({"index": 1, "function": {"arguments": "son\":\"emergency\"}"}}),
        ]);
        assert_eq!(two.wish(), over("emergency"), "who wants a human gets one");
        let none = calls(&[
            json!({"id": "a", "function": {"name": "hand_over"}}),
            json!({"function": {"arguments": "{\"reason\":"}}),
            json!({"function": {"arguments": "\"booking\"}"}}),
        ]);
        assert_eq!(none.wish(), over("booking"));
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
            assert_eq!(one("hand_over", &arguments), over(reason));
        }
        assert_eq!(one("pay", &json!("{}")), None);
        let many: Vec<Value> = (0..99).map(|n| json!({"index": n, "function": {"name": "x"}})).collect();
        assert_eq!(calls(&many).calls.len(), CALLS_MAX);
    }

    #[test]
    fn a_request_names_a_department_of_the_list_and_nothing_else() {
        let towels = json!({"department": "housekeeping", "text": "two\n towels\u{202e}"});
        assert_eq!(one("create_request", &towels), request("housekeeping", "two towels"));
        let stranger = json!({"department": "the bank", "text": "x", "room": "1", "guest": "Mr Smith"});
        assert_eq!(one("create_request", &stranger), request("front_desk", "x"));
        assert_eq!(one("create_request", &json!("{\"department")), request("front_desk", ""));
        let Some(Wish::Request(long)) = one("create_request", &json!({"text": "y".repeat(1_500)})) else {
            panic!("no request");
        };
        assert_eq!(long.text.chars().count(), departments::TEXT_MAX_CHARS + 1, "an ellipsis follows");
        let query = json!({"query": "z".repeat(1_000)});
        let Some(Wish::LookUp(query)) = one("look_up", &query) else { panic!("no query") };
        assert_eq!(query.chars().count(), QUERY_MAX_CHARS + 1);
    }

    #[test]
    fn a_call_in_words() {
        assert_eq!(in_text(" {\"hand_over\": \"complaint\"}\n"), over("complaint"));
        let call = "{\"name\": \"hand_over\", \"arguments\": {\"reason\": \"booking\"}}";
        assert_eq!(in_text(call), over("booking"));
        let fenced =
            "```json\n{\"create_request\": {\"department\": \"maintenance\", \"text\": \"lamp\"}}\n```";
        assert_eq!(in_text(fenced), request("maintenance", "lamp"));
        assert_eq!(in_text("{\"look_up\": \"sauna\"}"), Some(Wish::LookUp("sauna".to_owned())));
        assert_eq!(in_text("{\"pool\": 1}"), None);
        assert_eq!(in_text("hand_over"), None);
    }
}
