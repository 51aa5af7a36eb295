//! The request and the events, as types that forgive: every field of an event is optional.

use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A field of the request that not every server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// `stream_options`.
    StreamOptions = 1,
    /// `tools`.
    Tools = 2,
    /// `temperature`.
    Temperature = 4,
    /// `max_completion_tokens`, the newer name.
    MaxCompletionTokens = 8,
    /// `max_tokens`, the older name, sent where the newer one is not taken.
    MaxTokens = 16,
    /// `store`.
    Store = 32,
}

impl Field {
    pub(super) const ALL: [Self; 6] = [
        Self::StreamOptions,
        Self::Tools,
        Self::Temperature,
        Self::MaxCompletionTokens,
        Self::MaxTokens,
        Self::Store,
    ];

    /// True if a server means this field by the word.
    pub(super) fn is_meant_by(self, word: &str) -> bool {
        match self {
            Self::StreamOptions => word == "stream_options",
            Self::Tools => ["tool", "tools", "tool_choice", "functions"].contains(&word),
            Self::Temperature => word == "temperature",
            Self::MaxCompletionTokens => word == "max_completion_tokens",
            Self::MaxTokens => word == "max_tokens",
            Self::Store => word == "store",
        }
    }
}

/// The fields that a server has refused; remembered as long as the process lives.
#[derive(Debug, Default)]
pub struct Fields(AtomicU8);

impl Fields {
    pub(super) fn taken(&self, field: Field) -> bool {
        self.0.load(Ordering::Relaxed) & field as u8 == 0
    }

    /// Never send it again. False if that is no news: then it is no use to try once more.
    pub(super) fn refuse(&self, field: Field) -> bool {
        self.0.fetch_or(field as u8, Ordering::Relaxed) & field as u8 == 0
    }
}

/// A line of the conversation.
#[derive(Clone, Serialize, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: String,
}

/// The request.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub(super) model: &'a str,
    pub(super) messages: &'a [Message],
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream_options: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tools: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) store: Option<bool>,
}

/// An event of the stream. What has another type than it should counts as missing.
#[derive(Default, Deserialize)]
pub(super) struct Chunk {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) choices: Vec<Choice>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) usage: Tokens,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

/// One of the answers; only the first is read.
#[derive(Default, Deserialize)]
pub(super) struct Choice {
    /// `message` where a server does not stream.
    #[serde(default, alias = "message", deserialize_with = "lenient")]
    pub(super) delta: Delta,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) finish_reason: Option<String>,
}

/// What is new.
#[derive(Default, Deserialize)]
pub(super) struct Delta {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) content: Option<String>,
    /// Thoughts are paid for, but not shown.
    #[serde(default, alias = "reasoning", deserialize_with = "lenient")]
    pub(super) reasoning_content: Option<String>,
    /// Words of refusal come apart from the content.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) refusal: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) tool_calls: Vec<CallPiece>,
}

/// A piece of a call.
#[derive(Default, Deserialize)]
pub(super) struct CallPiece {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) index: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) function: FunctionPiece,
}

/// A piece of its name and arguments.
#[derive(Default, Deserialize)]
pub(super) struct FunctionPiece {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    /// Text in pieces; some servers send the object itself.
    #[serde(default)]
    pub(super) arguments: Option<Value>,
}

/// The count of tokens.
#[derive(Default, Deserialize)]
pub(super) struct Tokens {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) completion_tokens: Option<u64>,
}

fn lenient<'de, D: Deserializer<'de>, T: Default + serde::de::DeserializeOwned>(
    from: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgives_what_is_seen_in_the_wild() {
        for text in [
            "{}",
            r#"{"choices":null,"usage":{},"created":1.5}"#,
            r#"{"choices":[{"delta":{"role":"","content":null,"tool_calls":null},"finish_reason":null}]}"#,
            r#"{"choices":"x","usage":"y","id":7}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":{}}}]}}]}"#,
        ] {
            assert!(serde_json::from_str::<Chunk>(text).is_ok(), "{text}");
        }
        assert!(serde_json::from_str::<Chunk>("[]").map(|chunk| chunk.choices.is_empty()).unwrap_or(true));
    }

    #[test]
    fn a_refused_field_is_remembered() {
        let fields = Fields::default();
        assert!(fields.taken(Field::Tools) && fields.refuse(Field::Tools));
        assert!(!fields.taken(Field::Tools) && !fields.refuse(Field::Tools));
        assert!(fields.taken(Field::Store));
    }
}
