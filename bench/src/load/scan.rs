//! Looks for single fields in JSON that a server wrote, without reading the rest.

use memchr::memmem;

/// The `type` of a frame: usually the first field, else wherever it is.
pub fn kind(text: &[u8]) -> &[u8] {
    match text.strip_prefix(br#"{"type":""#) {
        Some(rest) => until_quote(rest),
        None => string(text, br#""type":""#),
    }
}

/// The text of the first field that begins like this, as in `"conversation":"`; empty if there is none.
pub fn string<'a>(text: &'a [u8], start: &[u8]) -> &'a [u8] {
    memmem::find(text, start).map_or(&[], |at| until_quote(&text[at + start.len()..]))
}

/// The number of the first field that begins like this, as in `"seq":`.
pub fn number(text: &[u8], start: &[u8]) -> Option<u64> {
    let at = memmem::find(text, start)? + start.len();
    digits(&text[at..])
}

fn digits(text: &[u8]) -> Option<u64> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}

fn until_quote(text: &[u8]) -> &[u8] {
    memchr::memchr(b'"', text).map_or(&[], |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_wherever_they_are() {
        let frame = br#"{"type":"event","conversation":"c1","seq":47,"id":"b-1"}"#;
        assert_eq!(kind(frame), b"event");
        assert_eq!(kind(br#"{"seq":1,"type":"ack"}"#), b"ack");
        assert_eq!(kind(b"2"), b"");
        assert_eq!(string(frame, br#""conversation":""#), b"c1");
        assert_eq!(string(frame, br#""no":""#), b"");
        assert_eq!(number(frame, br#""seq":"#), Some(47));
        assert_eq!(number(br#"{"seq":null}"#, br#""seq":"#), None);
    }
}
