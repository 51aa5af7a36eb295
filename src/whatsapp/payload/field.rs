//! Fields of a JSON value that may be anything.

use frontdesk_domain::timestamp::Timestamp;
use serde_json::Value;

/// Reads JSON. A half of a surrogate pair, which no text may hold, becomes U+FFFD: somebody's broken emoji
/// must not cost the whole body.
pub(super) fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| serde_json::from_slice(&whole_surrogates(body)?).ok())
}

/// The same body without lone `\uD800`–`\uDFFF`; `None` if there is none.
fn whole_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| -> Option<u32> {
        let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    let mut mended = false;
    while let Some(byte) = body.get(at) {
        let step = match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                out.extend_from_slice(b"\\ufffd");
                at += 6;
                mended = true;
                continue;
            }
            Some(_) => 6,
            // Any other escape is two bytes: the second may be a backslash that begins nothing.
            None if *byte == b'\\' => 2,
            None => 1,
        };
        out.extend_from_slice(body.get(at..at + step).unwrap_or(&body[at..]));
        at += step;
    }
    mended.then_some(out)
}

/// A field that is a text.
pub(super) fn text<'a>(of: &'a Value, field: &str) -> Option<&'a str> {
    of.get(field)?.as_str()
}

/// A field that is a text with something in it.
pub(super) fn filled<'a>(of: &'a Value, field: &str) -> Option<&'a str> {
    text(of, field).filter(|text| !text.trim().is_empty())
}

/// A field that is a list; any other is an empty one.
pub(super) fn list<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A field that is a whole number, or a text of one.
pub(super) fn number(of: &Value, field: &str) -> Option<i64> {
    let field = of.get(field)?;
    field.as_i64().or_else(|| field.as_str()?.trim().parse().ok())
}

/// A field that holds seconds since 1970. Missing, nonsense, or not yet: now.
pub(super) fn time(of: &Value, field: &str, now: Timestamp) -> Timestamp {
    let seconds = number(of, field).filter(|seconds| *seconds > 0);
    let at = seconds.and_then(|seconds| seconds.checked_mul(1_000)).map(Timestamp);
    at.filter(|at| *at < now).unwrap_or(now)
}

/// A field that is a text or a number, as it is written.
pub(super) fn written(of: &Value, field: &str) -> Option<String> {
    match of.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(on) => Some(on.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn half_a_pair_is_mended_and_a_whole_one_kept() {
        for (body, expected) in [
            (r#"{"a":"\ud83d","b":"x"}"#, json!({"a":"\u{fffd}","b":"x"})),
            (r#"{"a":"\ud83d\ud83d\ude00\\ud83d"}"#, json!({"a":"\u{fffd}😀\\ud83d"})),
            (r#"["\ude00\u00e9\n"]"#, json!(["\u{fffd}é\n"])),
            (r#"{"a":"\ud83d\ude00"}"#, json!({"a":"😀"})),
        ] {
            assert_eq!(parse(body.as_bytes()), Some(expected), "{body}");
        }
        for no in ["", "{", "\\ud83d", "\"\\ud83d", "\"\\u", "nul", "\"\\ud83dg\\u0"] {
            assert_eq!(parse(no.as_bytes()), None, "{no}");
        }
    }

    #[test]
    fn times_in_either_form() {
        let now = Timestamp(2_000_000_000_000);
        let field = |value: Value| time(&json!({ "t": value }), "t", now);
        assert_eq!(field(json!("1700000000")), Timestamp(1_700_000_000_000));
        assert_eq!(field(json!(1_700_000_000)), Timestamp(1_700_000_000_000));
        for odd in [json!("soon"), json!(-5), json!(i64::MAX), json!("9999999999"), json!(null), json!([])] {
            assert_eq!(field(odd), now);
        }
    }
}
