//! What a stack must be able to do to be measured: the adapter between a scenario and a protocol.
//!
//! A scenario knows rooms and seats. It never sees a frame. A stack's adapter never sees a clock or a count.

use std::time::Instant;

use super::crowd::{LineId, Out};

/// A room's number: a conversation of ours, a room or channel of others.
pub type RoomId = usize;

/// Who sits at a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    /// A guest reads its one room; an agent reads many over one connection.
    pub is_guest: bool,
    /// The rooms to be read.
    pub rooms: Vec<RoomId>,
}

impl Seat {
    /// A guest in its room.
    pub fn guest(room: RoomId) -> Self {
        Self { is_guest: true, rooms: vec![room] }
    }

    /// An agent over these rooms.
    pub fn agent(rooms: Vec<RoomId>) -> Self {
        Self { is_guest: false, rooms }
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Passed on, not stored.
    Typing,
    /// Stored, acknowledged, told to all.
    Message,
}

impl What {
    /// As in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Message => "message",
        }
    }
}

/// What a frame meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The client is known; it may join its rooms.
    Welcome,
    /// A room is read from now on.
    Joined(RoomId),
    /// All rooms of the seat are, told at once; who was not welcomed yet is so by this.
    JoinedAll,
    /// Something that was posted in the room has arrived.
    Delivered(RoomId),
    /// Words of an answer that is being written.
    Drafted(RoomId),
    /// What this client posted, or asked for, is done.
    Acked,
    /// Refused, in the server's words.
    Refused(String),
    /// To be answered with this, at once.
    Answer(&'static str),
    /// Nothing that counts.
    Nothing,
}

/// Where an adapter writes frames for one connection.
pub struct Say<'a> {
    /// Whose.
    pub line: LineId,
    /// What is due.
    pub out: &'a mut Out,
}

impl Say<'_> {
    /// Says a text frame.
    pub fn text(&mut self, text: &str) {
        self.out.text(self.line, text.as_bytes());
    }
}

/// One stack's protocol.
pub trait Protocol {
    /// The path and the header lines (each with its end) of a client's upgrade.
    fn upgrade(&self, seat: &Seat) -> (String, String);

    /// The upgrade is done: say who we are.
    fn greet(&mut self, seat: &Seat, say: &mut Say<'_>);

    /// The client is known: join the rooms, from where they were last left.
    fn join(&mut self, seat: &Seat, say: &mut Say<'_>);

    /// Keeps everybody but us from talking in this room; true if an [`Heard::Acked`] will tell that it is
    /// done. Said once a room, by one of its agents.
    fn hush(&mut self, room: RoomId, say: &mut Say<'_>) -> bool;

    /// Posts something in a room. `tag` is unique in the run.
    fn post(&mut self, seat: &Seat, room: RoomId, what: What, tag: u64, say: &mut Say<'_>);

    /// Reads a frame.
    fn hear(&mut self, seat: &Seat, text: &[u8]) -> Heard;

    /// The tag of something delivered or acknowledged, if it carries one.
    fn tag(&self, text: &[u8]) -> Option<u64>;

    /// Whether who posts this is one of those to whom it is delivered.
    fn echoes(&self, what: What) -> bool;

    /// What stands between several messages in one frame; `None` if there is always one.
    fn separator(&self) -> Option<u8> {
        None
    }
}

impl<P: Protocol + ?Sized> Protocol for Box<P> {
    fn upgrade(&self, seat: &Seat) -> (String, String) {
        (**self).upgrade(seat)
    }
    fn greet(&mut self, seat: &Seat, say: &mut Say<'_>) {
        (**self).greet(seat, say);
    }
    fn join(&mut self, seat: &Seat, say: &mut Say<'_>) {
        (**self).join(seat, say);
    }
    fn hush(&mut self, room: RoomId, say: &mut Say<'_>) -> bool {
        (**self).hush(room, say)
    }
    fn post(&mut self, seat: &Seat, room: RoomId, what: What, tag: u64, say: &mut Say<'_>) {
        (**self).post(seat, room, what, tag, say);
    }
    fn hear(&mut self, seat: &Seat, text: &[u8]) -> Heard {
        (**self).hear(seat, text)
    }
    fn tag(&self, text: &[u8]) -> Option<u64> {
        (**self).tag(text)
    }
    fn echoes(&self, what: What) -> bool {
        (**self).echoes(what)
    }
    fn separator(&self) -> Option<u8> {
        (**self).separator()
    }
}

/// A moment of something that arrived.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// At which connection.
    pub line: LineId,
    /// When it was read.
    pub now: Instant,
}
