//! Server frames on the wire: never masked, never fragmented.

use super::farewell::Farewell;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const FINAL: u8 = 0x80;

/// The longest head: opcode, length mark, eight bytes of length.
const HEAD_MAX_BYTES: usize = 10;
/// The longest payload of a control frame.
const CONTROL_MAX_BYTES: usize = 125;

pub(crate) fn text(buffer: &mut Vec<u8>, payload: &[u8]) {
    frame(buffer, TEXT, payload);
}

#[cfg(feature = "echo")]
pub(crate) fn binary(buffer: &mut Vec<u8>, payload: &[u8]) {
    frame(buffer, 0x2, payload);
}

pub(crate) fn ping(buffer: &mut Vec<u8>) {
    frame(buffer, PING, &[]);
}

pub(crate) fn pong(buffer: &mut Vec<u8>, payload: &[u8]) {
    frame(buffer, PONG, &payload[..payload.len().min(CONTROL_MAX_BYTES)]);
}

pub(crate) fn close(buffer: &mut Vec<u8>, farewell: &Farewell) {
    let Some(code) = farewell.code else { return frame(buffer, CLOSE, &[]) };
    let mut payload = code.to_be_bytes().to_vec();
    let mut room = farewell.reason.len().min(CONTROL_MAX_BYTES - payload.len());
    while !farewell.reason.is_char_boundary(room) {
        room -= 1;
    }
    payload.extend_from_slice(&farewell.reason.as_bytes()[..room]);
    frame(buffer, CLOSE, &payload);
}

#[allow(clippy::cast_possible_truncation, reason = "each arm has checked the length")]
fn frame(buffer: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    buffer.reserve(HEAD_MAX_BYTES + payload.len());
    buffer.push(FINAL | opcode);
    match payload.len() {
        length @ 0..=125 => buffer.push(length as u8),
        length @ 126..=0xFFFF => {
            buffer.push(126);
            buffer.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            buffer.push(127);
            buffer.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    buffer.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(length: usize) -> Vec<u8> {
        let mut buffer = Vec::new();
        text(&mut buffer, &vec![b'x'; length]);
        let header = buffer.len() - length;
        buffer.truncate(header);
        buffer
    }

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        assert_eq!(head(0), [0x81, 0]);
        assert_eq!(head(125), [0x81, 125]);
        assert_eq!(head(126), [0x81, 126, 0, 126]);
        assert_eq!(head(65_535), [0x81, 126, 0xFF, 0xFF]);
        assert_eq!(head(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn control_frames_stay_short() {
        let mut buffer = Vec::new();
        close(&mut buffer, &Farewell::new(4401, "not logged in"));
        assert_eq!(buffer[..4], [0x88, 15, 0x11, 0x31]);
        assert_eq!(&buffer[4..], b"not logged in");
        buffer.clear();
        close(&mut buffer, &Farewell { code: Some(1000), reason: "ü".repeat(100).into() });
        assert_eq!(buffer[1], 124, "cut at a character");
        buffer.clear();
        close(&mut buffer, &Farewell { code: None, reason: "".into() });
        ping(&mut buffer);
        pong(&mut buffer, &[7; 200]);
        assert_eq!(buffer[..6], [0x88, 0, 0x89, 0, 0x8A, 125]);
    }
}
