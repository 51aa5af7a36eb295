//! Bytes to events: lines, `data:` fields, empty lines. Bounded, and done on bytes, so that a character
//! that is split over packets is whole again.

use bytes::{Buf, Bytes, BytesMut};

/// The longest line and the longest event.
pub(super) const LINE_MAX: usize = 1024 * 1024;

/// What a line brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// An event is complete.
    Event(Bytes),
    /// A sign of life: a comment, a field, an empty line.
    Other,
}

/// A line or an event is longer than anything that is meant well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// The state between two packets.
#[derive(Default)]
pub(super) struct Events {
    buffer: BytesMut,
    /// As far as the buffer is known to hold no line end.
    searched: usize,
    data: BytesMut,
}

impl Events {
    /// A packet came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line, if it is complete.
    pub(super) fn next(&mut self) -> Result<Option<Line>, TooLong> {
        let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end.map(|end| self.searched + end) else {
            self.searched = self.buffer.len();
            return if self.searched > LINE_MAX { Err(TooLong) } else { Ok(None) };
        };
        if end > LINE_MAX {
            return Err(TooLong);
        }
        let mut line = self.buffer.split_to(end);
        self.buffer.advance(1);
        self.searched = 0;
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        self.line(&line).map(Some)
    }

    /// What an end without an empty line leaves: perhaps a whole event, perhaps half of one.
    pub(super) fn rest(mut self) -> Option<Bytes> {
        let line = std::mem::take(&mut self.buffer);
        if !line.is_empty() {
            self.line(&line).ok()?;
        }
        (!self.data.is_empty()).then(|| self.data.freeze())
    }

    fn line(&mut self, line: &[u8]) -> Result<Line, TooLong> {
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        if line.is_empty() {
            let event = self.data.split().freeze();
            return Ok(if event.is_empty() { Line::Other } else { Line::Event(event) });
        }
        // A bare object is no event, but an error that a proxy wrote into the stream.
        let data = if line.starts_with(b"{") { Some(line) } else { line.strip_prefix(b"data:") };
        if let Some(data) = data {
            if self.data.len() + data.len() > LINE_MAX {
                return Err(TooLong);
            }
            if !self.data.is_empty() {
                // The standard says newline; in JSON a space means the same and keeps it on one line.
                self.data.extend_from_slice(b" ");
            }
            self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
        Ok(Line::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(packets: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut found = Vec::new();
        for packet in packets {
            events.push(packet);
            while let Some(line) = events.next().expect("short") {
                if let Line::Event(event) = line {
                    found.push(String::from_utf8(event.to_vec()).expect("utf-8"));
                }
            }
        }
        found.extend(events.rest().map(|rest| format!("rest:{}", String::from_utf8_lossy(&rest))));
        found
    }

    #[test]
    fn events_wherever_the_packets_end() {
        let text = "\u{feff}: hi\r\ndata: {\"a\":\"é\"}\r\n\r\nevent: x\ndata:[1,\ndata:2]\n\n\n{\"error\":1}\n\ndata: [DONE]".as_bytes();
        let whole = ["{\"a\":\"é\"}", "[1, 2]", "{\"error\":1}", "rest:[DONE]"];
        assert_eq!(events(&[text]), whole);
        for at in 0..text.len() {
            assert_eq!(events(&[&text[..at], &text[at..]]), whole, "{at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(events(&bytes), whole);
    }

    #[test]
    fn a_line_has_an_end() {
        let mut one = Events::default();
        one.push(&vec![b'x'; LINE_MAX + 1]);
        assert_eq!(one.next(), Err(TooLong));
        let mut many = Events::default();
        many.push(format!("data: {}\n", "x".repeat(LINE_MAX / 2)).repeat(3).as_bytes());
        while let Ok(line) = many.next() {
            assert!(line.is_some(), "never refused");
        }
    }
}
