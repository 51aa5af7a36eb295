//! Seats people, joins them to their rooms, and hands what arrives to a scenario.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::crowd::{Crowd, LineId, Out};
use super::protocol::{At, Protocol, RoomId, Say, Seat, What};

mod table;

use table::Table;

/// How long nothing may happen while everybody waits.
const PATIENCE: Duration = Duration::from_secs(45);
/// How many connections may be on their way in at once: more than a listener's queue holds would be
/// dropped by the system and wait for a whole second.
pub const AT_ONCE: usize = 256;
const TURN: Duration = Duration::from_millis(50);

/// A scenario, as the hall sees it.
pub trait Game<P> {
    /// Something posted in a room arrived.
    fn delivered(&mut self, _room: RoomId, _text: &[u8], _at: At, _desk: &mut Desk<'_, P>) {}
    /// Words of an answer that is being written arrived.
    fn drafted(&mut self, _room: RoomId, _at: At) {}
    /// What a client posted is done.
    fn acked(&mut self, _text: &[u8], _at: At, _desk: &mut Desk<'_, P>) {}
    /// Between two turns: what is due by the clock. How long to wait for something else.
    fn clock(&mut self, _now: Instant, _desk: &mut Desk<'_, P>) -> Duration {
        TURN
    }
    /// A client is in, with all its rooms.
    fn seated(&mut self, _line: LineId, _now: Instant) {}
}

/// A game in which nothing is counted.
pub struct Idle;

impl<P> Game<P> for Idle {}

/// From where a scenario posts.
pub struct Desk<'a, P> {
    protocol: &'a mut P,
    seats: &'a [Seat],
    out: &'a mut Out,
}

impl<P: Protocol> Desk<'_, P> {
    /// Posts something from a connection.
    pub fn post(&mut self, line: LineId, room: RoomId, what: What, tag: u64) {
        if let Some(seat) = self.seats.get(line) {
            self.protocol.post(seat, room, what, tag, &mut Say { line, out: self.out });
        }
    }

    /// The tag of what arrived.
    pub fn tag(&self, text: &[u8]) -> Option<u64> {
        self.protocol.tag(text)
    }
}

/// How far a client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    is_up: bool,
    is_welcome: bool,
    joined: usize,
}

/// The people and their connections.
pub struct Hall<P> {
    crowd: Crowd,
    people: People<P>,
}

struct People<P> {
    protocol: P,
    seats: Vec<Seat>,
    progress: Vec<Progress>,
    coming: usize,
    seated: usize,
    hushed: usize,
    acks_for_us: bool,
    refused: u64,
    trouble: Option<String>,
}

impl<P: Protocol> Hall<P> {
    /// Nobody is seated yet.
    pub fn new(crowd: Crowd, protocol: P) -> Self {
        let people = People {
            protocol,
            seats: Vec::new(),
            progress: Vec::new(),
            coming: 0,
            seated: 0,
            hushed: 0,
            acks_for_us: false,
            refused: 0,
            trouble: None,
        };
        Self { crowd, people }
    }

    /// Connects these people and waits until each has joined its rooms. Their lines are counted on.
    ///
    /// # Errors
    /// One of them is turned away, or nothing happens for too long.
    pub fn seat(
        &mut self,
        seats: Vec<Seat>,
        game: &mut impl Game<P>,
        mut tick: impl FnMut(usize),
    ) -> anyhow::Result<()> {
        let first = self.people.seats.len();
        self.people.progress.resize(first + seats.len(), Progress::default());
        self.people.seats.extend(seats);
        let mut next = first;
        self.come(
            |people, crowd| {
                let Some(seat) = people.seats.get(next) else { return Ok(false) };
                let (path, headers) = people.protocol.upgrade(seat);
                crowd.connect(&path, &headers)?;
                next += 1;
                Ok(true)
            },
            game,
            &mut tick,
        )
    }

    /// Drops everybody, who then come back and join their rooms from where they were.
    ///
    /// # Errors
    /// One of them is turned away, or nothing happens for too long.
    pub fn storm(&mut self, game: &mut impl Game<P>, mut tick: impl FnMut(usize)) -> anyhow::Result<()> {
        for line in 0..self.people.seats.len() {
            self.crowd.cut(line);
        }
        self.people.progress.fill(Progress::default());
        self.people.seated = 0;
        let mut next = 0;
        self.come(
            |people, crowd| {
                let Some(seat) = people.seats.get(next) else { return Ok(false) };
                let (path, headers) = people.protocol.upgrade(seat);
                crowd.connect_again(next, &path, &headers)?;
                next += 1;
                Ok(true)
            },
            game,
            &mut tick,
        )
    }

    fn come(
        &mut self,
        mut connect: impl FnMut(&People<P>, &mut Crowd) -> std::io::Result<bool>,
        game: &mut impl Game<P>,
        tick: &mut impl FnMut(usize),
    ) -> anyhow::Result<()> {
        let mut moved = Instant::now();
        let mut seen = (0, 0);
        while self.people.seated < self.people.seats.len() {
            while self.people.coming < AT_ONCE {
                let begun = connect(&self.people, &mut self.crowd);
                if !begun.context("no more connections can be made: raise `ulimit -n`")? {
                    break;
                }
                self.people.coming += 1;
            }
            self.turn(TURN, game)?;
            let now = (self.people.seated, self.people.coming);
            if now != seen {
                (seen, moved) = (now, Instant::now());
                tick(self.people.seated);
            }
            if moved.elapsed() > PATIENCE {
                bail!(
                    "only {} of {} clients got in; the server has not moved for {} s: see its log",
                    self.people.seated,
                    self.people.seats.len(),
                    PATIENCE.as_secs()
                );
            }
        }
        Ok(())
    }

    /// Has an agent of each room keep everybody else from talking in it.
    ///
    /// # Errors
    /// It is refused, or does not get done.
    pub fn hush(&mut self) -> anyhow::Result<()> {
        let mut speaker = Vec::new();
        for (line, seat) in self.people.seats.iter().enumerate().filter(|(_, seat)| !seat.is_guest) {
            for &room in &seat.rooms {
                if speaker.len() <= room {
                    speaker.resize(room + 1, None);
                }
                speaker[room].get_or_insert(line);
            }
        }
        let mut due = 0;
        self.people.acks_for_us = true;
        for (room, line) in speaker.iter().enumerate() {
            let Some(line) = *line else { continue };
            let mut say = Say { line, out: self.crowd.out() };
            due += usize::from(self.people.protocol.hush(room, &mut say));
            // Not more at once than a client may have under way.
            while due > self.people.hushed + AT_ONCE {
                self.wait_hushed()?;
            }
        }
        while self.people.hushed < due {
            self.wait_hushed()?;
        }
        self.people.acks_for_us = false;
        self.people.hushed = 0;
        Ok(())
    }

    fn wait_hushed(&mut self) -> anyhow::Result<()> {
        let (before, started) = (self.people.hushed, Instant::now());
        while self.people.hushed == before {
            self.turn(TURN, &mut Idle)?;
            if started.elapsed() > PATIENCE {
                bail!(
                    "a take-over was not acknowledged within {} s: see the server's log",
                    PATIENCE.as_secs()
                );
            }
        }
        Ok(())
    }

    /// Goes on for a moment.
    ///
    /// # Errors
    /// Somebody was turned away or cut off.
    pub fn turn(&mut self, wait: Duration, game: &mut impl Game<P>) -> anyhow::Result<()> {
        let mut table = Table { people: &mut self.people, game };
        self.crowd.turn(wait, &mut table).context("the system cannot wait for connections")?;
        match self.people.trouble.take() {
            Some(trouble) => bail!(trouble),
            None => Ok(()),
        }
    }

    /// From where to post.
    pub fn desk(&mut self) -> Desk<'_, P> {
        let People { protocol, seats, .. } = &mut self.people;
        Desk { protocol, seats, out: self.crowd.out() }
    }

    /// How many frames the server refused since it was last asked.
    pub fn refused(&mut self) -> u64 {
        std::mem::take(&mut self.people.refused)
    }

    /// The protocol.
    pub fn protocol(&self) -> &P {
        &self.people.protocol
    }
}
