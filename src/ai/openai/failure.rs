//! What went wrong, told apart as the pool must tell it apart.

use std::fmt;
use std::time::Duration;

use frontdesk_actors::ports::ModelError;
use serde_json::Value;

use super::limits::Limits;
use super::wire::Field;

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Too many requests or tokens; later it may go.
    RetryableRate,
    /// A fault on the other side; later it may go.
    RetryableServer,
    /// The account is empty or capped: somebody must pay.
    Money,
    /// The key does not open: somebody must change it.
    Auth,
    /// The server did not understand us.
    BadRequest,
    /// The prompt is longer than the model takes.
    TooLong,
    /// The server's filter struck.
    ContentFilter,
    /// We did not understand the server.
    BadAnswer,
    /// The stream broke off.
    Interrupted,
    /// It could not be reached.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// Our own limits held another request back.
    NoRoom,
}

impl Class {
    /// The class as a word, for logs and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::RetryableRate => "retryable_rate",
            Self::RetryableServer => "retryable_server",
            Self::Money => "money",
            Self::Auth => "auth",
            Self::BadRequest => "bad_request",
            Self::TooLong => "too_long",
            Self::ContentFilter => "content_filter",
            Self::BadAnswer => "bad_answer",
            Self::Interrupted => "interrupted",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::NoRoom => "no_room",
        }
    }
}

impl From<Class> for ModelError {
    fn from(class: Class) -> Self {
        match class {
            Class::RetryableRate => Self::RateLimited,
            Class::RetryableServer => Self::Server,
            Class::Money | Class::Auth => Self::Refused,
            Class::BadRequest | Class::TooLong | Class::ContentFilter | Class::BadAnswer => Self::BadAnswer,
            Class::Interrupted => Self::Interrupted,
            Class::Unreachable => Self::Unreachable,
            Class::TimedOut => Self::TimedOut,
            Class::NoRoom => Self::NoRoom,
        }
    }
}

/// A failure with what the server said about it. It never holds the server's words: they may quote the
/// guest's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure {
    /// Its kind.
    pub class: Class,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// What the headers say of limits.
    pub limits: Limits,
    /// The field of the request that the server does not take.
    pub(super) rejected: Option<Field>,
}

impl From<Class> for Failure {
    fn from(class: Class) -> Self {
        Self { class, status: None, limits: Limits::default(), rejected: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class.code())
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// How long the server asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.limits.retry_after
    }

    /// Judges an answer that is not a success.
    pub(super) fn of_response(status: u16, limits: Limits, body: &[u8]) -> Self {
        let value = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let said = Said::of(&value);
        let class = said.class(status);
        let rejected = matches!(class, Class::BadRequest).then(|| said.rejected()).flatten();
        Self { class, status: Some(status), limits, rejected }
    }
}

/// Judges an error object in the middle of a stream: the value of `error`, or what holds it.
pub(super) fn of_error_object(value: &Value) -> Class {
    let said = Said::of(value);
    said.class(said.code.parse().unwrap_or(200))
}

/// An error as OpenAI, vLLM (both kinds), Ollama and others write it, in lower case.
#[derive(Default)]
struct Said {
    of_type: String,
    code: String,
    param: String,
    message: String,
}

impl Said {
    fn of(value: &Value) -> Self {
        let object = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let text = |key: &str| match object.get(key) {
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = object.as_str().map_or_else(|| text("message"), str::to_lowercase);
        Self { of_type: text("type"), code: text("code"), param: text("param"), message }
    }

    fn class(&self, status: u16) -> Class {
        let named = |name: &str| self.of_type == name || self.code == name;
        let money = ["insufficient_quota", "credit_balance_exhausted", "organization_usage_limit_exceeded"];
        let billing = ["billing_hard_limit_reached", "billing_not_active"];
        if status == 402
            || money.iter().chain(&billing).any(|name| named(name))
            || self.code.ends_with("_spend_limit_exceeded")
            || self.of_type.ends_with("_spend_limit_exceeded")
        {
            return Class::Money;
        }
        if ["content_filter", "content_policy_violation", "responsibleaipolicyviolation"]
            .iter()
            .any(|name| named(name))
        {
            return Class::ContentFilter;
        }
        let long = ["maximum context length", "context length", "context window", "prompt is too long"];
        if status == 413
            || named("context_length_exceeded")
            || ((200..=422).contains(&status) && long.iter().any(|words| self.message.contains(words)))
        {
            return Class::TooLong;
        }
        match status {
            429 => Class::RetryableRate,
            401 | 403 => Class::Auth,
            408 | 409 | 425 | 500.. => Class::RetryableServer,
            300..=499 => Class::BadRequest,
            _ => self.class_by_name(),
        }
    }

    /// For an error inside a stream whose status was 200.
    fn class_by_name(&self) -> Class {
        let holds = |part: &str| self.of_type.contains(part) || self.code.contains(part);
        match () {
            () if holds("rate_limit")
                || holds("slow_down")
                || self.of_type == "tokens"
                || self.of_type == "requests" =>
            {
                Class::RetryableRate
            }
            () if holds("api_key") || holds("authentication") || holds("permission") => Class::Auth,
            () if holds("invalid_request") => Class::BadRequest,
            () => Class::RetryableServer,
        }
    }

    fn rejected(&self) -> Option<Field> {
        let word = |field: &&Field| {
            let of_words = |c: char| !(c.is_alphanumeric() || c == '_');
            self.message.split(of_words).any(|word| field.is_meant_by(word))
        };
        let by_param = Field::ALL
            .iter()
            .find(|field| self.param.split('.').next().is_some_and(|p| field.is_meant_by(p)));
        by_param.or_else(|| Field::ALL.iter().find(word)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn class(status: u16, body: &Value) -> Class {
        Failure::of_response(status, Limits::default(), body.to_string().as_bytes()).class
    }

    #[test]
    fn the_shapes_that_servers_use() {
        let coded = |code: &str| json!({"error": {"message": "m", "type": "requests", "code": code}});
        for (status, body, expected) in [
            (429, coded("rate_limit_exceeded"), Class::RetryableRate),
            (429, coded("insufficient_quota"), Class::Money),
            (429, coded("project_spend_limit_exceeded"), Class::Money),
            (429, json!({"error": {"type": "insufficient_quota"}}), Class::Money),
            (429, json!({"error": "slow down"}), Class::RetryableRate),
            (429, json!({"object": "error", "message": "m", "code": 429}), Class::RetryableRate),
            (402, json!(null), Class::Money),
            (401, json!({"error": {"message": "m", "code": 401}}), Class::Auth),
            (404, json!({"error": {"message": "model not found", "type": "api_error"}}), Class::BadRequest),
            (
                400,
                json!({"object": "error", "message": "This model's maximum context length is 4096"}),
                Class::TooLong,
            ),
            (400, coded("content_filter"), Class::ContentFilter),
            (503, json!("busy"), Class::RetryableServer),
        ] {
            assert_eq!(class(status, &body), expected, "{status} {body}");
        }
        assert_eq!(of_error_object(&coded("insufficient_quota")), Class::Money);
        assert_eq!(of_error_object(&json!({"error": {"code": 503}})), Class::RetryableServer);
        assert_eq!(of_error_object(&json!({"error": {"type": "invalid_request_error"}})), Class::BadRequest);
        assert_eq!(of_error_object(&json!({"error": "x"})), Class::RetryableServer);
    }

    #[test]
    fn names_the_field_that_was_not_taken() {
        let rejected = |error: Value| {
            Failure::of_response(400, Limits::default(), json!({"error": error}).to_string().as_bytes())
                .rejected
        };
        let both =
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.";
        assert_eq!(rejected(json!({"message": both, "param": "max_tokens"})), Some(Field::MaxTokens));
        assert_eq!(rejected(json!({"message": "llama2 does not support tools"})), Some(Field::Tools));
        assert_eq!(
            rejected(json!({"message": "unknown", "param": "stream_options.include_usage"})),
            Some(Field::StreamOptions)
        );
        assert_eq!(rejected(json!({"message": "restore your backup"})), None);
    }
}
