//! One connection: its upgrade, and the frames that come over it.

use std::io::{ErrorKind, Read};
use std::time::Instant;

use mio::net::TcpStream;

use super::{LineId, Out, Play};
use crate::load::frame::{self, Kind};

const READ_BYTES: usize = 256 * 1024;
/// The longest answer to an upgrade.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// The server said farewell with this code, or none.
    Closed(Option<u16>),
    /// The connection broke.
    Broken(ErrorKind),
    /// The upgrade was answered with this status.
    Refused(u16),
    /// What came is not what we understand.
    NotOurs,
}

impl std::fmt::Display for Down {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed(Some(code)) => write!(f, "the server closed a connection with {code}"),
            Self::Closed(None) => f.write_str("the server closed a connection"),
            Self::Broken(kind) => write!(f, "a connection broke: {kind}"),
            Self::Refused(status) => write!(f, "an upgrade to WebSocket was answered with status {status}"),
            Self::NotOurs => f.write_str("a connection was answered with something that is not WebSocket"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Upgrading,
    Up,
    Down,
}

/// A connection, or the place of one.
pub(super) struct Line {
    /// `None` where there is none.
    pub(super) stream: Option<TcpStream>,
    state: State,
    /// The start of a frame whose end has not come.
    partial: Vec<u8>,
}

impl Line {
    /// The place of a connection that is gone, or was never made.
    pub(super) fn gone() -> Self {
        Self { stream: None, state: State::Down, partial: Vec::new() }
    }

    /// One that asks for its upgrade.
    pub(super) fn upgrading(stream: TcpStream) -> Self {
        Self { stream: Some(stream), state: State::Upgrading, partial: Vec::new() }
    }

    /// Is gone, and says so once.
    pub(super) fn end(&mut self, id: LineId, why: Down, play: &mut impl Play) {
        if self.state != State::Down {
            *self = Self::gone();
            play.on_down(id, why);
        }
    }

    /// Reads all that the system has, and has it played.
    pub(super) fn read(&mut self, id: LineId, scratch: &mut [u8], out: &mut Out, play: &mut impl Play) {
        loop {
            let Some(stream) = &mut self.stream else { return };
            let kept = self.partial.len();
            let until = (kept + READ_BYTES).min(scratch.len());
            if until <= kept {
                return self.end(id, Down::NotOurs, play);
            }
            let read = match stream.read(&mut scratch[kept..until]) {
                Ok(0) => return self.end(id, Down::Closed(None), play),
                Ok(read) => read,
                Err(error) if is_later(error.kind()) => return,
                Err(error) => return self.end(id, Down::Broken(error.kind()), play),
            };
            scratch[..kept].copy_from_slice(&self.partial);
            self.partial.clear();
            let filled = kept + read;
            match self.take(id, &scratch[..filled], out, play) {
                Ok(taken) => self.partial.extend_from_slice(&scratch[taken..filled]),
                Err(why) => return self.end(id, why, play),
            }
            // Less than there was room for: the system has no more, and will say when it has.
            if filled < until {
                return;
            }
        }
    }

    /// Takes what is whole; how many bytes that was.
    fn take(&mut self, id: LineId, bytes: &[u8], out: &mut Out, play: &mut impl Play) -> Result<usize, Down> {
        let now = Instant::now();
        let mut at = 0;
        if self.state == State::Upgrading {
            let Some(head) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
                return if bytes.len() > HEAD_MAX_BYTES { Err(Down::NotOurs) } else { Ok(0) };
            };
            match status(bytes) {
                Some(101) => {}
                Some(status) => return Err(Down::Refused(status)),
                None => return Err(Down::NotOurs),
            }
            if let Some(stream) = &self.stream {
                // Small frames must not wait for one another. A system that cannot do this is only slower.
                let _ = stream.set_nodelay(true);
            }
            self.state = State::Up;
            at = head + 4;
            play.on_up(id, out);
        }
        while let Some(found) = frame::first(&bytes[at..]) {
            let payload = &bytes[at + found.start..at + found.end];
            match found.kind {
                Kind::Text => play.on_text(id, payload, now, out),
                Kind::Ping => out.frame(id, Kind::Pong, payload),
                Kind::Close => {
                    let code = payload.get(..2).and_then(|code| code.try_into().ok()).map(u16::from_be_bytes);
                    return Err(Down::Closed(code));
                }
                Kind::Pong => {}
                Kind::Binary | Kind::Other => return Err(Down::NotOurs),
            }
            at += found.end;
        }
        Ok(at)
    }
}

/// Not connected yet, or no room: the system will say when.
pub(super) fn is_later(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::NotConnected | ErrorKind::Interrupted)
}

fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}
