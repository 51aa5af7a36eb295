//! What one request is to get, as `key=value` pairs.

use std::collections::BTreeMap;
use std::time::Duration;

/// The keys of a script, with what each does. Values are percent-decoded.
pub const KEYS: &[(&str, &str)] = &[
    ("slow-headers", "milliseconds before the status line"),
    ("slow-first-token", "milliseconds between the headers and the first event"),
    ("delta", "milliseconds between events"),
    ("text", "the answer; default: the first source of the prompt, cited"),
    ("about-last", "in place of text: the first word of the guest's last message, and then this many words"),
    ("status", "an error of this status in place of a stream, e.g. 429, 500, 401"),
    (
        "kind",
        "of an error: rate, tokens, slow-down, quota, quota-code, spend, credit, auth, too-long, filter",
    ),
    ("body", "of an error: json, html, empty, text, vllm-old, vllm-new, ollama, broken, huge"),
    ("retry-after", "header, seconds or an HTTP date"),
    ("retry-after-ms", "header, milliseconds"),
    ("limits", "x-ratelimit headers: good, absurd"),
    ("reject", "400 if the request holds this field, e.g. tools, stream_options, max_completion_tokens"),
    ("whole", "a whole completion as JSON, not a stream"),
    ("html", "a page of HTML with status 200"),
    ("stall-headers", "takes the request and never answers"),
    ("stall-at", "silence for ever before event n (from 0)"),
    ("cut-at", "the connection ends before event n"),
    ("cut", "how it ends: clean (final chunk), chunk (without), reset, half (inside the event)"),
    ("unchunked", "neither chunks nor length: the end of the connection is the end"),
    ("no-done", "no [DONE]"),
    ("done-twice", "two [DONE], and an event after them"),
    ("error-at", "an error object in place of event n"),
    ("garbage-at", "broken JSON in place of event n"),
    ("bad-utf8-at", "bytes that are not UTF-8 in event n"),
    ("huge-at", "a line of 10 MB in place of event n"),
    ("endless", "tokens without end, as fast as they are read"),
    ("packets", "bytes per packet; 0 puts everything in one"),
    ("crlf", "CRLF line ends"),
    ("comments", "a comment line before each event"),
    ("tool", "calls this tool, with an answer only if text is given"),
    ("args", "the tool's arguments; default {\"reason\":\"unsure\"}"),
    ("tool-if-offered", "calls it where the request offers it, and answers where it does not"),
    ("tool-pieces", "pieces that the arguments come in; default 3"),
    ("tool-two", "a second call, of `look_up`, interleaved with the first"),
    ("tool-no-index", "no index in the pieces of calls"),
    ("finish", "stop, length, content_filter, tool_calls, empty, none"),
    ("usage", "chunk (default, if asked for), last, empty, none"),
    ("reasoning", "reasoning_content before the answer"),
    ("echo", "the last event holds the whole answer once more, as `message`"),
    ("azure", "a first chunk with empty choices"),
    ("odd", "no id, an empty role, fractional created"),
];

/// One request's script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pairs: BTreeMap<String, String>,
}

impl Script {
    /// Reads `fake:a=1,b` (the part before the colon may be missing).
    ///
    /// # Errors
    /// Names a key that there is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pairs = BTreeMap::new();
        let text = text.strip_prefix("fake").unwrap_or(text).trim_start_matches(':');
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !KEYS.iter().any(|(known, _)| *known == key) {
                return Err(format!("no such key: {key}"));
            }
            pairs.insert(key.to_owned(), decode(value));
        }
        Ok(Self { pairs })
    }

    /// True if the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.pairs.contains_key(key)
    }

    /// The key's value.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.pairs.get(key).map(String::as_str)
    }

    /// The key's value as a number.
    pub fn number(&self, key: &str) -> Option<usize> {
        self.text(key)?.parse().ok()
    }

    /// The key's value as milliseconds; none if it is missing.
    pub fn wait(&self, key: &str) -> Duration {
        Duration::from_millis(self.text(key).and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_flags_and_escapes() {
        let script = Script::parse("fake:delta=20,crlf,text=a%2Cb%20%C3%A9").expect("a script");
        assert_eq!(script.wait("delta"), Duration::from_millis(20));
        assert!(script.has("crlf") && !script.has("endless"));
        assert_eq!(script.text("text"), Some("a,b é"));
        assert!(Script::parse("fake:slow").is_err());
        assert!(Script::parse("fake").expect("empty").pairs.is_empty());
    }
}
