//! Plain JSON over WebSocket, as one writes it by hand.

use super::{MESSAGE_BYTES, room, text};
use crate::load::protocol::{Heard, Protocol, RoomId, Say, Seat, What};
use crate::load::scan;

/// The adapter.
#[derive(Debug, Default)]
pub struct Plain;

impl Protocol for Plain {
    fn upgrade(&self, _seat: &Seat) -> (String, String) {
        ("/".to_owned(), String::new())
    }

    /// There is no greeting: the rooms are asked for at once.
    fn greet(&mut self, seat: &Seat, say: &mut Say<'_>) {
        let rooms: Vec<String> = seat.rooms.iter().map(|room| format!(r#""r{room}""#)).collect();
        say.text(&format!(r#"{{"type":"join","rooms":[{}]}}"#, rooms.join(",")));
    }

    fn join(&mut self, _seat: &Seat, _say: &mut Say<'_>) {}

    fn hush(&mut self, _room: RoomId, _say: &mut Say<'_>) -> bool {
        false
    }

    fn post(&mut self, _seat: &Seat, room: RoomId, _what: What, tag: u64, say: &mut Say<'_>) {
        let told = format!(r#"{{"type":"said","room":"r{room}","text":""}}"#);
        let text = text(tag, MESSAGE_BYTES.saturating_sub(told.len()));
        say.text(&format!(r#"{{"type":"say","room":"r{room}","text":"{text}"}}"#));
    }

    fn hear(&mut self, _seat: &Seat, text: &[u8]) -> Heard {
        match scan::kind(text) {
            b"said" => room(scan::string(text, br#""room":""#)).map_or(Heard::Nothing, Heard::Delivered),
            b"joined" => Heard::JoinedAll,
            _ => Heard::Refused(String::from_utf8_lossy(text).into_owned()),
        }
    }

    fn tag(&self, text: &[u8]) -> Option<u64> {
        scan::number(text, br#""text":"b"#)
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
    fn frames_of_a_real_server() {
        let (mut plain, seat) = (Plain, Seat::agent(vec![1, 2]));
        let asked = said(|say| Plain.greet(&Seat::agent(vec![1, 2]), say));
        assert_eq!(asked, r#"{"type":"join","rooms":["r1","r2"]}"#);
        assert_eq!(plain.hear(&seat, br#"{"type":"joined","rooms":2}"#), Heard::JoinedAll);
        let told = br#"{"type":"said","room":"r1","text":"b17 The towels"}"#;
        assert_eq!((plain.hear(&seat, told), plain.tag(told)), (Heard::Delivered(1), Some(17)));
        let posted = said(|say| Plain.post(&Seat::guest(1), 1, What::Typing, 17, say));
        assert_eq!(posted.replace("say", "said").len(), MESSAGE_BYTES);
        assert!(matches!(plain.hear(&seat, br#"{"type":"error"}"#), Heard::Refused(_)));
    }
}
