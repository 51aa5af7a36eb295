//! Writes down what a stream will say, event by event, before it is played.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::script::Script;
use super::{answer, failure};

/// A stream, as the payloads of its events (`[DONE]` is one too).
pub(super) struct Paper {
    pub(super) events: Vec<Vec<u8>>,
    /// Tokens of the answer that come with each event.
    pub(super) tokens: Vec<u64>,
}

/// The events that the script and the request ask for.
pub(super) fn write(script: &Script, request: &Value, prompt_bytes: usize) -> Paper {
    let calls_tool =
        script.text("tool").is_some_and(|tool| !script.has("tool-if-offered") || offers(request, tool));
    let said = match (script.text("text"), script.number("about-last"), calls_tool) {
        (_, _, true) if script.has("tool-if-offered") => String::new(),
        (Some(text), ..) => text.to_owned(),
        (None, Some(words), _) => answer::about_last(request, words),
        (None, None, true) => String::new(),
        (None, None, false) => answer::from_first_source(request),
    };
    let (prompt, completion) = (answer::tokens(prompt_bytes), answer::tokens(said.len()).max(1));
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});

    let mut deltas = Vec::new();
    if script.has("reasoning") {
        deltas.extend(
            ["The guest ", "wants to know."]
                .map(|text| json!({"reasoning_content": text, "reasoning": text})),
        );
    }
    deltas.extend(answer::pieces(&said).into_iter().map(|piece| json!({"content": piece})));
    if calls_tool {
        deltas.extend(calls(script));
    }

    let mut values = Vec::new();
    if script.has("azure") {
        values.push(json!({"choices": [], "prompt_filter_results": []}));
    }
    let role = if script.has("odd") {
        json!({"role": "", "content": ""})
    } else {
        json!({"role": "assistant", "content": ""})
    };
    values.push(chunk(script, request, &role, &Value::Null));
    values.extend(deltas.iter().map(|delta| chunk(script, request, delta, &Value::Null)));
    let finish = match script.text("finish") {
        Some("none") => Value::Null,
        Some("empty") => json!(""),
        Some(reason) => json!(reason),
        None if calls_tool => json!("tool_calls"),
        None => json!("stop"),
    };
    let before = values.len() - deltas.len();
    let mut last = chunk(script, request, &json!({}), &finish);
    if script.has("echo") {
        last["choices"][0]["message"] = json!({"role": "assistant", "content": said});
    }
    let wanted = request.pointer("/stream_options/include_usage").and_then(Value::as_bool) == Some(true);
    match script.text("usage").unwrap_or(if wanted { "chunk" } else { "none" }) {
        "chunk" => {
            values.push(last);
            values.push(
                json!({"id": "fake", "object": "chat.completion.chunk", "choices": [], "usage": usage}),
            );
        }
        "last" => {
            last["usage"] = usage;
            values.push(last);
        }
        "empty" => {
            last["usage"] = json!({});
            values.push(last);
        }
        _ => values.push(last),
    }

    let mut events: Vec<Vec<u8>> = values.iter().map(|value| value.to_string().into_bytes()).collect();
    if !script.has("no-done") {
        events.push(b"[DONE]".to_vec());
    }
    if script.has("done-twice") {
        let late = chunk(script, request, &json!({"content": "LATE"}), &Value::Null);
        events.extend([b"[DONE]".to_vec(), late.to_string().into_bytes()]);
    }
    spoil(script, &mut events);
    Paper { events, tokens: spread(completion, before, deltas.len()) }
}

/// Spreads tokens over the events that carry words, so that half a stream costs half.
fn spread(tokens: u64, before: usize, deltas: usize) -> Vec<u64> {
    let upto = |nth: usize| tokens * nth as u64 / deltas.max(1) as u64;
    let words = (0..deltas).map(|nth| upto(nth + 1) - upto(nth));
    std::iter::repeat_n(0, before).chain(words).collect()
}

/// A whole completion, for a request without `stream` or a server that ignores it.
pub(super) fn whole(script: &Script, request: &Value) -> Value {
    let text = script.text("text").map_or_else(|| answer::from_first_source(request), str::to_owned);
    let message = json!({"role": "assistant", "content": text});
    json!({"id": "fake", "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
}

/// A delta as a chunk.
pub(super) fn chunk(script: &Script, request: &Value, delta: &Value, finish: &Value) -> Value {
    let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if script.has("odd") {
        return json!({"created": now.as_secs_f64(), "choices": choices});
    }
    let model = request.get("model").cloned().unwrap_or_default();
    json!({"id": "fake", "object": "chat.completion.chunk", "created": now.as_secs(), "model": model, "choices": choices})
}

fn offers(request: &Value, tool: &str) -> bool {
    let tools = request.get("tools").and_then(Value::as_array).into_iter().flatten();
    tools.into_iter().any(|offered| offered.pointer("/function/name").and_then(Value::as_str) == Some(tool))
}

fn calls(script: &Script) -> Vec<Value> {
    let Some(name) = script.text("tool") else { return Vec::new() };
    let arguments: Vec<char> = script.text("args").unwrap_or("{\"reason\":\"unsure\"}").chars().collect();
    let size = arguments.len().div_ceil(script.number("tool-pieces").unwrap_or(3).max(1)).max(1);
    let call = |index: usize, mut value: Value| {
        if !script.has("tool-no-index") {
            value["index"] = json!(index);
        }
        json!({"tool_calls": [value]})
    };
    let mut deltas = vec![call(
        0,
        json!({"id": "call_0", "type": "function", "function": {"name": name, "arguments": ""}}),
    )];
    let second = ["{\"query\":", "\"pool\"}"];
    if script.has("tool-two") {
        let function = json!({"name": "look_up", "arguments": second[0]});
        deltas.push(call(1, json!({"id": "call_1", "type": "function", "function": function})));
    }
    for (nth, piece) in arguments.chunks(size).enumerate() {
        deltas.push(call(0, json!({"function": {"arguments": piece.iter().collect::<String>()}})));
        if nth == 0 && script.has("tool-two") {
            deltas.push(call(1, json!({"function": {"arguments": second[1]}})));
        }
    }
    deltas
}

fn spoil(script: &Script, events: &mut [Vec<u8>]) {
    let mut put = |key: &str, make: &dyn Fn(&[u8]) -> Vec<u8>| {
        if let Some(event) = script.number(key).and_then(|place| events.get_mut(place)) {
            *event = make(event);
        }
    };
    put("error-at", &|_| failure::object(script.text("kind").unwrap_or("server")).to_string().into_bytes());
    put("garbage-at", &|_| b"{\"choices\": [{\"delta\": {\"content\": \"x".to_vec());
    put("bad-utf8-at", &|_| b"{\"choices\": [{\"delta\": {\"content\": \"\xff\xfe\xc3\"}}]}".to_vec());
    put("huge-at", &|_| vec![b'x'; 10 * 1024 * 1024]);
}
