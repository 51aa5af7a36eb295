//! What clients send.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::event::RequestState;
use crate::ids::{AgentId, ClientId, ConversationId, Seq};
use crate::outgoing::Parameter;
use crate::people::GuestProfile;
use crate::refusal::{Code, Refusal};
use crate::strict::{self, Object};
use crate::timestamp::Timestamp;

/// A frame from a client. Unknown fields are ignored, unknown types refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub enum ClientFrame {
    /// The first frame.
    Hello {
        /// The session, where there is no cookie.
        #[serde(default)]
        token: Option<String>,
        /// For a guest: what it holds of its conversation.
        #[serde(default)]
        after: Option<Seq>,
    },
    /// Subscribe to a conversation.
    Open {
        /// Which.
        conversation: ConversationId,
        /// What the client holds of it; without, the newest events.
        #[serde(default)]
        after: Option<Seq>,
    },
    /// Unsubscribe.
    Leave {
        /// From which.
        conversation: ConversationId,
    },
    /// Add a message or a note.
    Send {
        /// The client's own id.
        id: ClientId,
        /// Where; a guest may leave it out.
        #[serde(default)]
        conversation: Option<ConversationId>,
        /// The words.
        text: String,
        /// For staff only.
        #[serde(default)]
        note: Option<bool>,
        /// The message that is answered.
        #[serde(default)]
        reply_to: Option<Seq>,
        /// Uploads that go with it.
        #[serde(default)]
        attachments: Option<Vec<Uuid>>,
        /// Up to three quick replies to choose from (agents only).
        #[serde(default)]
        suggestions: Option<Vec<String>>,
    },
    /// Do something to a conversation.
    Act {
        /// The client's own id.
        id: ClientId,
        /// Where; a guest may leave it out.
        #[serde(default)]
        conversation: Option<ConversationId>,
        /// What.
        #[serde(flatten, deserialize_with = "strict::tagged")]
        action: Action,
    },
    /// I am writing, or no longer.
    Typing {
        /// Where; a guest may leave it out.
        #[serde(default)]
        conversation: Option<ConversationId>,
        /// Whether.
        on: bool,
    },
    /// I have read up to here.
    Read {
        /// Where; a guest may leave it out.
        #[serde(default)]
        conversation: Option<ConversationId>,
        /// The last event read.
        seq: Seq,
    },
    /// Are you there?
    Ping,
}

/// What an agent may do to a conversation; `rate` is the guest's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Action {
    /// People answer from now on; it is mine.
    TakeOver,
    /// The AI answers from now on.
    HandBack,
    /// Make it somebody's, or nobody's.
    Assign {
        /// Whose; `null` for nobody's.
        #[serde(deserialize_with = "strict::nullable")]
        #[cfg_attr(feature = "typescript", ts(optional = false))]
        agent: Option<AgentId>,
    },
    /// The alarm is heard: I see to it.
    Acknowledge,
    /// Done.
    Close,
    /// Not done after all.
    Reopen,
    /// Put away until a time.
    Snooze {
        /// When it comes back.
        until: Timestamp,
    },
    /// Change the tags.
    Tag {
        /// To add.
        #[serde(default)]
        add: Vec<String>,
        /// To remove.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Write down what is known of the guest.
    Profile {
        /// The fields to set; an empty text clears one.
        #[serde(deserialize_with = "strict::object")]
        guest: GuestProfile,
    },
    /// Send a text that WhatsApp has approved: the only kind that reaches a guest who has been silent for a day.
    Template {
        /// Its name.
        name: String,
        /// Its language, as WhatsApp writes it (`en_US`).
        language: String,
        /// For its blanks, in order.
        #[serde(default, deserialize_with = "strict::objects")]
        parameters: Vec<Parameter>,
        /// What the guest reads: the template with its blanks filled in.
        text: String,
    },
    /// Say how far a request to a department got.
    Request {
        /// Which.
        request: Uuid,
        /// Where it stands now.
        #[serde(deserialize_with = "strict::word")]
        state: RequestState,
    },
    /// The guest's judgement.
    Rate {
        /// 1 to 5.
        stars: u8,
        /// In words.
        #[serde(default)]
        comment: Option<String>,
    },
}

/// Reads one text frame.
///
/// # Errors
/// `bad_frame`, with the frame's `id` where one can be read.
pub fn parse(text: &str) -> Result<ClientFrame, (Option<ClientId>, Refusal)> {
    match serde_json::from_str(text) {
        Ok(Object(frame)) => Ok(frame),
        Err(error) => Err((readable_id(text), Refusal::new(Code::BadFrame, plain(&error)))),
    }
}

/// The `id` of a frame that is otherwise broken.
fn readable_id(text: &str) -> Option<ClientId> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return None };
    ClientId::try_from(fields.get("id")?.as_str()?.to_owned()).ok()
}

/// What is wrong, without repeating what was sent.
fn plain(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let known = ["missing field `", "unknown variant"].iter().any(|start| said.starts_with(start));
    if error.is_syntax() || error.is_eof() {
        "not a JSON object".to_owned()
    } else if known && said.starts_with("missing") {
        said.split(" at line").next().unwrap_or("a field is missing").to_owned()
    } else if known {
        "unknown type or action".to_owned()
    } else {
        "a field is missing or mistyped".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_contract_are_read() {
        let c = "01890a5d-ac96-774b-bcce-b302099a8057";
        for good in [
            r#"{"type":"hello"}"#.to_owned(),
            r#"{"type":"hello","token":"t","after":7,"colour":"ignored"}"#.to_owned(),
            format!(r#"{{"type":"open","conversation":"{c}","after":0}}"#),
            format!(r#"{{"type":"leave","conversation":"{c}"}}"#),
            r#"{"type":"send","id":"a-1","text":"hi"}"#.to_owned(),
            format!(
                r#"{{"type":"send","id":"a","conversation":"{c}","text":"x","note":true,"reply_to":3,"attachments":[]}}"#
            ),
            format!(r#"{{"type":"act","id":"a","conversation":"{c}","action":"take_over"}}"#),
            format!(r#"{{"type":"act","id":"a","conversation":"{c}","action":"assign","agent":null}}"#),
            format!(
                r#"{{"type":"act","id":"a","conversation":"{c}","action":"snooze","until":"2030-01-01T00:00:00Z"}}"#
            ),
            r#"{"type":"act","id":"a","action":"rate","stars":5}"#.to_owned(),
            r#"{"type":"typing","on":true}"#.to_owned(),
            r#"{"type":"read","seq":4}"#.to_owned(),
            r#"{"type":"ping"}"#.to_owned(),
        ] {
            assert!(parse(&good).is_ok(), "{good}: {:?}", parse(&good));
        }
    }

    #[test]
    fn all_else_is_a_bad_frame() {
        for (bad, id) in [
            ("", None),
            ("[]", None),
            ("null", None),
            ("{}", None),
            (r#"{"type":"dance","id":"d1"}"#, Some("d1")),
            (r#"{"type":"send","id":"s1"}"#, Some("s1")),
            (r#"{"type":"send","id":"s1","text":7}"#, Some("s1")),
            (r#"{"type":"send","id":"not good","text":"x"}"#, None),
            (r#"{"type":"act","id":"a1","conversation":"x","action":"close"}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":"assign"}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":"drop table"}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":0}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":{"close":null}}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":["close"]}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":"profile","guest":[]}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":"profile","guest":[null,"Eve"]}"#, Some("a1")),
            (r#"{"type":"act","id":"a1","action":"profile","guest":null}"#, Some("a1")),
            (
                r#"{"type":"act","id":"a1","action":"request","request":"01890a5d-ac96-774b-bcce-b302099a8057","state":{"done":null}}"#,
                Some("a1"),
            ),
            (
                r#"{"type":"act","id":"a1","action":"template","name":"n","language":"en","text":"x","parameters":[["x"]]}"#,
                Some("a1"),
            ),
            (r#"["ping"]"#, None),
            (r#"["typing",null,true]"#, None),
            (r#"[["type","ping"]]"#, None),
            (r#"{"type":7}"#, None),
            (r#"{"type":{"ping":null}}"#, None),
            (r#"{"type":"read","seq":-1}"#, None),
            (r#"{"type":"typing","on":"yes"}"#, None),
        ] {
            let (seen, refusal) = parse(bad).expect_err(bad);
            assert_eq!(refusal.code, Code::BadFrame, "{bad}");
            assert_eq!(seen.as_ref().map(ClientId::as_str), id, "{bad}");
        }
    }
}
