//! Socket.IO: its packets inside those of Engine.IO 4, over WebSocket from the start.
//!
//! A packet is a digit of Engine.IO (0 open, 2 ping, 3 pong, 4 message), after a 4 a digit of Socket.IO (0
//! connect, 2 event, 3 acknowledgement, 4 refusal), perhaps the number of an acknowledgement, and JSON.

use super::{MESSAGE_BYTES, room, text};
use crate::load::protocol::{Heard, Protocol, RoomId, Say, Seat, What};
use crate::load::scan;

/// How an event that tells a message begins, up to the room's name.
const SAID: &[u8] = br#"42["said",""#;

/// The adapter.
#[derive(Debug, Default)]
pub struct SocketIo;

impl Protocol for SocketIo {
    fn upgrade(&self, _seat: &Seat) -> (String, String) {
        ("/socket.io/?EIO=4&transport=websocket".to_owned(), String::new())
    }

    /// The server speaks first.
    fn greet(&mut self, _seat: &Seat, _say: &mut Say<'_>) {}

    fn join(&mut self, seat: &Seat, say: &mut Say<'_>) {
        if !seat.rooms.is_empty() {
            let rooms: Vec<String> = seat.rooms.iter().map(|room| format!(r#""r{room}""#)).collect();
            say.text(&format!(r#"420["join",[{}]]"#, rooms.join(",")));
        }
    }

    fn hush(&mut self, _room: RoomId, _say: &mut Say<'_>) -> bool {
        false
    }

    fn post(&mut self, _seat: &Seat, room: RoomId, _what: What, tag: u64, say: &mut Say<'_>) {
        let told = format!(r#"42["said","r{room}",""]"#);
        let text = text(tag, MESSAGE_BYTES.saturating_sub(told.len()));
        say.text(&format!(r#"42["say","r{room}","{text}"]"#));
    }

    fn hear(&mut self, _seat: &Seat, text: &[u8]) -> Heard {
        if text.starts_with(SAID) {
            return room(scan::string(text, SAID)).map_or(Heard::Nothing, Heard::Delivered);
        }
        match text {
            [b'0', ..] => Heard::Answer("40"),
            [b'2', ..] => Heard::Answer("3"),
            [b'4', b'0', ..] => Heard::Welcome,
            [b'4', b'3', b'0', ..] => Heard::JoinedAll,
            [b'4', b'4', ..] | [b'1', ..] => Heard::Refused(String::from_utf8_lossy(text).into_owned()),
            _ => Heard::Nothing,
        }
    }

    fn tag(&self, text: &[u8]) -> Option<u64> {
        scan::number(text, br#"","b"#)
    }

    /// Nothing is stored, whatever it is, and all of it comes back.
    fn echoes(&self, _what: What) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::peers::tests::said;

    #[test]
    fn packets_of_real_servers() {
        let (mut theirs, seat) = (SocketIo, Seat::agent(vec![1, 2]));
        let open = r#"0{"sid":"ouNLoZhGyZFCLyLZAAAA","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        assert_eq!(theirs.hear(&seat, open.as_bytes()), Heard::Answer("40"));
        assert_eq!(theirs.hear(&seat, br#"40{"sid":"p9xptbTJDUX9OOk6AAAA"}"#), Heard::Welcome);
        let asked = said(|say| SocketIo.join(&Seat::agent(vec![1, 2]), say));
        assert_eq!(asked, r#"420["join",["r1","r2"]]"#);
        assert_eq!(said(|say| SocketIo.join(&Seat::agent(Vec::new()), say)), "", "nothing to join");
        assert_eq!(theirs.hear(&seat, b"430[2]"), Heard::JoinedAll);
        let told = br#"42["said","r1","b17 The towels"]"#;
        assert_eq!((theirs.hear(&seat, told), theirs.tag(told)), (Heard::Delivered(1), Some(17)));
        let posted = said(|say| SocketIo.post(&Seat::guest(1), 1, What::Typing, 17, say));
        assert_eq!(posted.replace("say", "said").len(), MESSAGE_BYTES);
        assert_eq!(theirs.hear(&seat, b"2"), Heard::Answer("3"));
        assert!(matches!(theirs.hear(&seat, br#"44{"message":"no"}"#), Heard::Refused(_)));
    }
}
