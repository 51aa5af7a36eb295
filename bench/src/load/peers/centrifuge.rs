//! Centrifuge's JSON protocol, in its first version: commands with a number and a method, answered under that
//! number; what was published in a channel comes without one. Several stand in one frame, a line each.

use super::{MESSAGE_BYTES, room, text};
use crate::load::protocol::{Heard, Protocol, RoomId, Say, Seat, What};
use crate::load::scan;

/// The number of the command that connects.
const CONNECT: u64 = 1;
/// Those that subscribe begin here, one a room; those that publish begin after a million rooms.
const SUBSCRIBE: u64 = 2;
const PUBLISH: u64 = 1_000_002;

/// The adapter.
#[derive(Debug, Default)]
pub struct Centrifuge;

impl Protocol for Centrifuge {
    fn upgrade(&self, _seat: &Seat) -> (String, String) {
        ("/connection/websocket".to_owned(), String::new())
    }

    fn greet(&mut self, _seat: &Seat, say: &mut Say<'_>) {
        say.text(&format!(r#"{{"id":{CONNECT},"params":{{}}}}"#));
    }

    fn join(&mut self, seat: &Seat, say: &mut Say<'_>) {
        let asked = seat.rooms.iter().map(|room| {
            let id = SUBSCRIBE + *room as u64;
            format!(r#"{{"id":{id},"method":1,"params":{{"channel":"r{room}"}}}}"#)
        });
        let asked: Vec<String> = asked.collect();
        if !asked.is_empty() {
            say.text(&asked.join("\n"));
        }
    }

    fn hush(&mut self, _room: RoomId, _say: &mut Say<'_>) -> bool {
        false
    }

    fn post(&mut self, _seat: &Seat, room: RoomId, _what: What, tag: u64, say: &mut Say<'_>) {
        let told = format!(r#"{{"result":{{"channel":"r{room}","data":{{"data":{{"text":""}}}}}}}}"#);
        let (id, text) = (PUBLISH + tag, text(tag, MESSAGE_BYTES.saturating_sub(told.len())));
        say.text(&format!(
            r#"{{"id":{id},"method":3,"params":{{"channel":"r{room}","data":{{"text":"{text}"}}}}}}"#
        ));
    }

    fn hear(&mut self, _seat: &Seat, text: &[u8]) -> Heard {
        const TOLD: &[u8] = br#"{"result":{"channel":""#;
        if text.starts_with(TOLD) {
            return room(scan::string(text, TOLD)).map_or(Heard::Nothing, Heard::Delivered);
        }
        let refused = || Heard::Refused(String::from_utf8_lossy(text).into_owned());
        if memchr::memmem::find(text, br#""error":"#).is_some() {
            return refused();
        }
        match scan::number(text, br#"{"id":"#) {
            Some(CONNECT) => Heard::Welcome,
            Some(id @ SUBSCRIBE..PUBLISH) => {
                usize::try_from(id - SUBSCRIBE).map_or_else(|_| refused(), Heard::Joined)
            }
            Some(PUBLISH..) => Heard::Acked,
            _ => Heard::Nothing,
        }
    }

    fn tag(&self, text: &[u8]) -> Option<u64> {
        scan::number(text, br#""text":"b"#)
    }

    /// Nothing is stored, whatever it is, and all of it comes back.
    fn echoes(&self, _what: What) -> bool {
        true
    }

    fn separator(&self) -> Option<u8> {
        Some(b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::peers::tests::said;

    #[test]
    fn replies_of_a_real_server() {
        let (mut theirs, seat) = (Centrifuge, Seat::agent(vec![1, 2]));
        let connected =
            br#"{"id":1,"result":{"client":"4904b131-9cdf-4a99-a98f-271b63a88a11","version":""}}"#;
        assert_eq!(theirs.hear(&seat, connected), Heard::Welcome);
        let asked = said(|say| Centrifuge.join(&Seat::agent(vec![1, 2]), say));
        let lines: Vec<&str> = asked.split('\n').collect();
        assert_eq!(lines[1], r#"{"id":4,"method":1,"params":{"channel":"r2"}}"#);
        assert_eq!(said(|say| Centrifuge.join(&Seat::agent(Vec::new()), say)), "", "nothing to join");
        assert_eq!(theirs.hear(&seat, br#"{"id":4,"result":{}}"#), Heard::Joined(2));
        let told = br#"{"result":{"channel":"r1","data":{"data":{"text":"b17 The towels"}}}}"#;
        assert_eq!((theirs.hear(&seat, told), theirs.tag(told)), (Heard::Delivered(1), Some(17)));
        assert_eq!(theirs.hear(&seat, br#"{"id":1000019,"result":{}}"#), Heard::Acked);
        let refused = br#"{"id":4,"error":{"code":106,"message":"limit exceeded"}}"#;
        assert!(matches!(theirs.hear(&seat, refused), Heard::Refused(_)));
        let posted = said(|say| Centrifuge.post(&Seat::guest(1), 1, What::Typing, 17, say));
        let text = scan::string(posted.as_bytes(), br#""text":""#).len();
        let frame = br#"{"result":{"channel":"r1","data":{"data":{"text":""}}}}"#;
        assert_eq!(text + frame.len(), MESSAGE_BYTES);
    }
}
