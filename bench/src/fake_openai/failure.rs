//! The errors of OpenAI and of those who say that they are compatible.

use serde_json::{Value, json};

use super::script::Script;

/// The error object of a kind: what OpenAI would write.
pub fn object(kind: &str) -> Value {
    let (message, of_type, code) = match kind {
        "tokens" => ("Rate limit reached for tokens per min", "tokens", json!("rate_limit_exceeded")),
        "slow-down" => ("Slow down", "slow_down", json!("slow_down")),
        "quota" => ("You exceeded your current quota", "insufficient_quota", json!("insufficient_quota")),
        "quota-code" => ("You exceeded your current quota", "requests", json!("insufficient_quota")),
        "spend" => ("Limit reached", "requests", json!("project_spend_limit_exceeded")),
        "credit" => ("No credit", "billing", json!("credit_balance_exhausted")),
        "auth" => ("Incorrect API key provided", "invalid_request_error", json!("invalid_api_key")),
        "too-long" => (
            "This model's maximum context length is 8192 tokens",
            "invalid_request_error",
            json!("context_length_exceeded"),
        ),
        "filter" => {
            ("Filtered by content management policy", "invalid_request_error", json!("content_filter"))
        }
        "server" => ("The server had an error", "server_error", Value::Null),
        "overloaded" => ("Overloaded", "server_error", json!("server_is_overloaded")),
        "bad" => ("Bad request", "invalid_request_error", Value::Null),
        _ => ("Rate limit reached for requests", "requests", json!("rate_limit_exceeded")),
    };
    json!({"error": {"message": message, "type": of_type, "param": null, "code": code}})
}

/// Media type and body of an answer with an error status.
pub fn body(status: u16, script: &Script) -> (&'static str, Vec<u8>) {
    let kind = script.text("kind").unwrap_or(match status {
        400 | 404 | 422 => "bad",
        401 | 403 => "auth",
        500.. => "server",
        _ => "rate",
    });
    let json = |value: Value| ("application/json", value.to_string().into_bytes());
    match script.text("body").unwrap_or("json") {
        "html" => ("text/html", format!("<html><h1>{status}</h1><p>nginx</p></html>").into_bytes()),
        "empty" => ("text/plain", Vec::new()),
        "text" => json(json!({"error": "something went wrong"})),
        "vllm-old" => {
            json(json!({"object": "error", "message": "no", "type": "BadRequestError", "code": status}))
        }
        "vllm-new" => {
            json(json!({"error": {"message": "no", "type": "Error", "param": null, "code": status}}))
        }
        "ollama" => json(json!({"error": {"message": "model not found", "type": "api_error"}})),
        "broken" => ("application/json", b"{\"error\": {\"mess".to_vec()),
        "huge" => ("application/json", vec![b'x'; 10 * 1024 * 1024]),
        _ => json(object(kind)),
    }
}

/// The headers that the script asks for.
pub fn headers(script: &Script) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for name in ["retry-after", "retry-after-ms"] {
        headers.extend(script.text(name).map(|value| (name.to_owned(), value.to_owned())));
    }
    let values = match script.text("limits") {
        Some("absurd") => ["-1", "-1", "yesterday", "99999999999999999999", "", "-3ms"],
        Some(_) => ["600", "599", "120ms", "90000", "88000", "6m0s"],
        None => return headers,
    };
    let names = [
        "limit-requests",
        "remaining-requests",
        "reset-requests",
        "limit-tokens",
        "remaining-tokens",
        "reset-tokens",
    ];
    headers.extend(
        names.iter().zip(values).map(|(name, value)| (format!("x-ratelimit-{name}"), value.to_owned())),
    );
    headers
}
