//! Frontdesk's own protocol.

use std::collections::HashMap;
use std::fmt::Write;

use super::protocol::{Heard, Protocol, RoomId, Say, Seat, What};
use super::scan;

/// A guest with its session and its conversation.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The session's token.
    pub token: String,
    /// The conversation's id.
    pub conversation: String,
}

/// The adapter.
pub struct Frontdesk {
    guests: Vec<Guest>,
    agent_token: String,
    /// Rooms by the random half of the conversation's id.
    rooms: HashMap<u64, RoomId>,
    /// The last event known of each room, 0 for none.
    last_seq: Vec<u64>,
    /// What all ids of this run begin with: ids are used once, for ever.
    run: String,
    id_start: Vec<u8>,
    words: String,
    frame: String,
}

impl Frontdesk {
    /// For these conversations, room by room. `run` must be unlike any earlier run's, at most 32 letters
    /// and digits; `text_bytes` is how long a message is.
    pub fn new(guests: Vec<Guest>, agent_token: String, run: &str, text_bytes: usize) -> Self {
        let rooms = guests.iter().enumerate().filter_map(|(room, guest)| {
            let key = key(guest.conversation.as_bytes())?;
            Some((key, room))
        });
        let words = "The towels are warm and the sea is calm today. ";
        Self {
            rooms: rooms.collect(),
            last_seq: vec![0; guests.len()],
            guests,
            agent_token,
            run: run.to_owned(),
            id_start: format!("\"id\":\"{run}-").into_bytes(),
            words: words.chars().cycle().take(text_bytes.max(1)).collect(),
            frame: String::new(),
        }
    }

    fn room(&self, text: &[u8]) -> Option<RoomId> {
        let name = scan::string(text, br#""conversation":""#);
        self.rooms.get(&key(name)?).copied()
    }

    fn saw(&mut self, room: RoomId, seq: Option<u64>) {
        if let (Some(last), Some(seq)) = (self.last_seq.get_mut(room), seq) {
            *last = seq.max(*last);
        }
    }
}

/// The last 16 hexadecimal digits of a UUID but for its last hyphen: all random.
fn key(name: &[u8]) -> Option<u64> {
    let tail = name.get(24..36)?;
    let variant = name.get(19..23)?;
    let digits = |text: &[u8]| u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok();
    Some(digits(variant)? << 48 | digits(tail)?)
}

impl Protocol for Frontdesk {
    fn upgrade(&self, seat: &Seat) -> (String, String) {
        let path = if seat.is_guest { "/ws/guest" } else { "/ws/agent" };
        (path.to_owned(), "Sec-WebSocket-Protocol: frontdesk.v1\r\n".to_owned())
    }

    fn greet(&mut self, seat: &Seat, say: &mut Say<'_>) {
        let room = seat.rooms.first().copied().unwrap_or_default();
        let guest = self.guests.get(room).filter(|_| seat.is_guest);
        let token = guest.map_or(&self.agent_token, |guest| &guest.token);
        self.frame.clear();
        let _ = write!(self.frame, r#"{{"type":"hello","token":"{token}""#);
        if let (true, Some(after @ 1..)) = (seat.is_guest, self.last_seq.get(room)) {
            let _ = write!(self.frame, r#","after":{after}"#);
        }
        self.frame.push('}');
        say.text(&self.frame);
    }

    fn join(&mut self, seat: &Seat, say: &mut Say<'_>) {
        // A guest's hello has opened its conversation.
        for &room in seat.rooms.iter().filter(|_| !seat.is_guest) {
            let (Some(guest), Some(after)) = (self.guests.get(room), self.last_seq.get(room)) else {
                continue;
            };
            self.frame.clear();
            let _ = write!(self.frame, r#"{{"type":"open","conversation":"{}""#, guest.conversation);
            if *after > 0 {
                let _ = write!(self.frame, r#","after":{after}"#);
            }
            self.frame.push('}');
            say.text(&self.frame);
        }
    }

    fn hush(&mut self, room: RoomId, say: &mut Say<'_>) -> bool {
        let Some(guest) = self.guests.get(room) else { return false };
        self.frame.clear();
        let (run, name) = (&self.run, &guest.conversation);
        let _ = write!(
            self.frame,
            r#"{{"type":"act","id":"{run}-h{room}","conversation":"{name}","action":"take_over"}}"#
        );
        say.text(&self.frame);
        true
    }

    fn post(&mut self, seat: &Seat, room: RoomId, what: What, tag: u64, say: &mut Say<'_>) {
        let Some(guest) = self.guests.get(room) else { return };
        self.frame.clear();
        self.frame.push_str(match what {
            What::Typing => r#"{"type":"typing","#,
            What::Message => r#"{"type":"send","#,
        });
        if !seat.is_guest {
            let _ = write!(self.frame, r#""conversation":"{}","#, guest.conversation);
        }
        let _ = match what {
            What::Typing => write!(self.frame, r#""on":true}}"#),
            What::Message => write!(self.frame, r#""id":"{}-{tag}","text":"{}"}}"#, self.run, self.words),
        };
        say.text(&self.frame);
    }

    fn hear(&mut self, seat: &Seat, text: &[u8]) -> Heard {
        match scan::kind(text) {
            b"event" => {
                let room = if seat.is_guest { seat.rooms.first().copied() } else { self.room(text) };
                let Some(room) = room else { return Heard::Nothing };
                self.saw(room, scan::number(text, br#""seq":"#));
                // What an agent's actions caused is told too, but was not posted.
                if memchr::memmem::find(text, br#""kind":"message""#).is_some() {
                    Heard::Delivered(room)
                } else {
                    Heard::Nothing
                }
            }
            b"typing" => {
                let room = if seat.is_guest { seat.rooms.first().copied() } else { self.room(text) };
                // An AI that types is no doing of ours.
                let is_ours = memchr::memmem::find(text, br#""kind":"ai""#).is_none();
                room.filter(|_| is_ours).map_or(Heard::Nothing, Heard::Delivered)
            }
            b"draft" => {
                let room = if seat.is_guest { seat.rooms.first().copied() } else { self.room(text) };
                room.map_or(Heard::Nothing, Heard::Drafted)
            }
            b"ack" => Heard::Acked,
            b"welcome" => Heard::Welcome,
            b"opened" => {
                let name = scan::string(text, br#""conversation":{"id":""#);
                let Some(room) = key(name).and_then(|key| self.rooms.get(&key).copied()) else {
                    return Heard::Refused("a conversation was opened that nobody asked for".to_owned());
                };
                self.saw(room, scan::number(text, br#""last_seq":"#));
                Heard::Joined(room)
            }
            b"error" => Heard::Refused(String::from_utf8_lossy(text).into_owned()),
            _ => Heard::Nothing,
        }
    }

    fn tag(&self, text: &[u8]) -> Option<u64> {
        scan::number(text, &self.id_start)
    }

    fn echoes(&self, what: What) -> bool {
        what == What::Message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONVERSATION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn one() -> Frontdesk {
        let guest = Guest { token: "t".to_owned(), conversation: CONVERSATION.to_owned() };
        Frontdesk::new(vec![guest], "a".to_owned(), "r1", 20)
    }

    #[test]
    fn frames_of_the_contract_are_told_apart() {
        let mut ours = one();
        let agent = Seat::agent(vec![0]);
        let event = format!(
            r#"{{"type":"event","conversation":"{CONVERSATION}","seq":7,"prev":6,"id":"r1-42","kind":"message"}}"#
        );
        assert_eq!(ours.hear(&agent, event.as_bytes()), Heard::Delivered(0));
        assert_eq!(ours.tag(event.as_bytes()), Some(42));
        assert_eq!(ours.last_seq, [7]);
        let other = event.replace("message", "mode");
        assert_eq!(ours.hear(&agent, other.as_bytes()), Heard::Nothing);
        let elsewhere = event.replace("b302099a8057", "b302099a8058");
        assert_eq!(ours.hear(&agent, elsewhere.as_bytes()), Heard::Nothing);
        let opened = format!(
            r#"{{"type":"opened","conversation":{{"id":"{CONVERSATION}","last_seq":9}},"events":[]}}"#
        );
        assert_eq!(ours.hear(&agent, opened.as_bytes()), Heard::Joined(0));
        assert_eq!(ours.last_seq, [9]);
        assert_eq!(ours.hear(&agent, br#"{"type":"welcome"}"#), Heard::Welcome);
        assert_eq!(ours.hear(&agent, br#"{"type":"presence"}"#), Heard::Nothing);
        assert!(matches!(ours.hear(&agent, br#"{"type":"error","code":"x"}"#), Heard::Refused(_)));
    }

    #[test]
    fn ids_of_the_contract_are_kept_to() {
        let guests = vec![Guest { token: "t".to_owned(), conversation: CONVERSATION.to_owned() }];
        let ours = Frontdesk::new(guests, "a".to_owned(), &"r".repeat(32), 20);
        let id = format!("{}-{}", ours.run, u64::MAX);
        assert!(frontdesk_domain::ids::ClientId::try_from(id).is_ok());
    }
}
