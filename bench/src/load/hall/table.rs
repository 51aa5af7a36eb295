//! What each frame that arrives means: for the people who are still on their way in, and for the scenario behind them.

use std::time::Instant;

use super::super::crowd::{Down, LineId, Out, Play};
use super::super::protocol::{At, Heard, Protocol, Say};
use super::{Desk, Game, People};

/// What the crowd plays to: people, and the scenario behind them.
pub(super) struct Table<'a, P, G> {
    pub(super) people: &'a mut People<P>,
    pub(super) game: &'a mut G,
}

impl<P: Protocol, G: Game<P>> Play for Table<'_, P, G> {
    fn on_up(&mut self, line: LineId, out: &mut Out) {
        let People { protocol, seats, progress, .. } = &mut *self.people;
        let (Some(seat), Some(progress)) = (seats.get(line), progress.get_mut(line)) else { return };
        progress.is_up = true;
        protocol.greet(seat, &mut Say { line, out });
    }

    fn on_text(&mut self, line: LineId, text: &[u8], now: Instant, out: &mut Out) {
        match self.people.protocol.separator() {
            None => self.on_message(line, text, now, out),
            Some(between) => {
                for message in text.split(|byte| *byte == between).filter(|message| !message.is_empty()) {
                    self.on_message(line, message, now, out);
                }
            }
        }
    }

    fn on_down(&mut self, line: LineId, why: Down) {
        let is_up = self.people.progress.get(line).is_some_and(|progress| progress.is_up);
        let when = if is_up { "in the run" } else { "on the way in" };
        let what_to_do = match why {
            Down::Refused(429) | Down::Closed(Some(4429)) => {
                "it limits rates: start it with FRONTDESK_RATE_LIMITS=off"
            }
            Down::Closed(Some(4503)) => "a reader was too slow for it: use a smaller --window",
            Down::Refused(404) | Down::NotOurs => "is this a Frontdesk server of this version?",
            _ => "see the server's log",
        };
        self.people.trouble.get_or_insert_with(|| format!("{why} {when}; {what_to_do}"));
    }
}

impl<P: Protocol, G: Game<P>> Table<'_, P, G> {
    fn on_message(&mut self, line: LineId, text: &[u8], now: Instant, out: &mut Out) {
        let People { protocol, seats, progress, coming, seated, hushed, acks_for_us, refused, trouble } =
            &mut *self.people;
        let (Some(seat), Some(progress)) = (seats.get(line), progress.get_mut(line)) else { return };
        let at = At { line, now };
        match protocol.hear(seat, text) {
            Heard::Delivered(room) => {
                self.game.delivered(room, text, at, &mut Desk { protocol, seats, out });
            }
            Heard::Drafted(room) => self.game.drafted(room, at),
            Heard::Acked if *acks_for_us => *hushed += 1,
            Heard::Acked => self.game.acked(text, at, &mut Desk { protocol, seats, out }),
            Heard::Welcome => {
                progress.is_welcome = true;
                *coming = coming.saturating_sub(1);
                protocol.join(seat, &mut Say { line, out });
                if seat.rooms.is_empty() {
                    *seated += 1;
                    self.game.seated(line, now);
                }
            }
            Heard::Joined(_) => {
                progress.joined += 1;
                if progress.joined == seat.rooms.len() {
                    *seated += 1;
                    self.game.seated(line, now);
                }
            }
            Heard::JoinedAll => {
                if !std::mem::replace(&mut progress.is_welcome, true) {
                    *coming = coming.saturating_sub(1);
                }
                *seated += 1;
                self.game.seated(line, now);
            }
            Heard::Answer(answer) => out.text(line, answer.as_bytes()),
            Heard::Refused(why) => {
                *refused += 1;
                if why.contains("rate_limited") {
                    trouble.get_or_insert_with(|| {
                        "the server limits rates: start it with FRONTDESK_RATE_LIMITS=off".to_owned()
                    });
                } else {
                    trouble.get_or_insert_with(|| format!("the server refused: {why}"));
                }
            }
            Heard::Nothing => {}
        }
    }
}
