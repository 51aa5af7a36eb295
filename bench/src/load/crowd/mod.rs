//! Many WebSocket connections on one thread, as cheap as can be: the generator must not be what is measured.
//!
//! One read takes many frames, through one buffer for all; what is to be said to a connection in a turn goes
//! out in one write.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

mod line;
mod out;
#[cfg(test)]
mod tests;

pub use line::Down;
use line::{Line, is_later};
pub use out::Out;

/// A connection's number, counted from 0 in the order of [`Crowd::connect`].
pub type LineId = usize;

/// Room for the frames of one read and a partial one before them.
const SCRATCH_BYTES: usize = 2 * 1024 * 1024;
const EVENTS: usize = 1024;

/// Who hears what happens.
pub trait Play {
    /// The upgrade is done.
    fn on_up(&mut self, line: LineId, out: &mut Out);
    /// A message. `now` is when it was read.
    fn on_text(&mut self, line: LineId, text: &[u8], now: Instant, out: &mut Out);
    /// The connection is gone.
    fn on_down(&mut self, line: LineId, why: Down);
}

/// The connections.
pub struct Crowd {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    lines: Vec<Line>,
    scratch: Vec<u8>,
    out: Out,
}

impl Crowd {
    /// No connections yet.
    ///
    /// # Errors
    /// The system has no more of what this needs.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            address,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            lines: Vec::new(),
            scratch: vec![0; SCRATCH_BYTES],
            out: Out::default(),
        })
    }

    /// Begins a connection. `path` is asked for, `headers` are whole lines with their ends.
    ///
    /// # Errors
    /// The system has no more sockets or ports.
    pub fn connect(&mut self, path: &str, headers: &str) -> io::Result<LineId> {
        let id = self.lines.len();
        self.lines.push(Line::gone());
        self.out.grow();
        self.connect_again(id, path, headers)?;
        Ok(id)
    }

    /// Begins a connection in the place of one that is gone.
    ///
    /// # Errors
    /// The system has no more sockets or ports.
    pub fn connect_again(&mut self, id: LineId, path: &str, headers: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(id), interest)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n",
            self.address
        );
        if let (Some(line), Some(buffer)) = (self.lines.get_mut(id), self.out.buffers.get_mut(id)) {
            *line = Line::upgrading(stream);
            buffer.clear();
            buffer.extend_from_slice(request.as_bytes());
        }
        Ok(())
    }

    /// Drops a connection without a word.
    pub fn cut(&mut self, id: LineId) {
        if let Some(line) = self.lines.get_mut(id) {
            *line = Line::gone();
        }
        if let Some(buffer) = self.out.buffers.get_mut(id) {
            buffer.clear();
        }
    }

    /// What is to be said.
    pub fn out(&mut self) -> &mut Out {
        &mut self.out
    }

    /// Says what is due, waits at most this long for something to happen, and has it played.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn turn(&mut self, wait: Duration, play: &mut impl Play) -> io::Result<()> {
        self.flush(play);
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        for event in &self.events {
            let id = event.token().0;
            let Some(line) = self.lines.get_mut(id) else { continue };
            if event.is_writable() && self.out.buffers.get(id).is_some_and(|buffer| !buffer.is_empty()) {
                self.out.mark(id);
            }
            if event.is_readable() {
                line.read(id, &mut self.scratch, &mut self.out, play);
            }
        }
        self.flush(play);
        Ok(())
    }

    fn flush(&mut self, play: &mut impl Play) {
        let mut dirty = std::mem::take(&mut self.out.dirty);
        for id in dirty.drain(..) {
            if let Some(is_dirty) = self.out.is_dirty.get_mut(id) {
                *is_dirty = false;
            }
            let (Some(line), Some(buffer)) = (self.lines.get_mut(id), self.out.buffers.get_mut(id)) else {
                continue;
            };
            let Some(stream) = &mut line.stream else {
                buffer.clear();
                continue;
            };
            match stream.write(buffer) {
                // The rest goes out when the system says that there is room.
                Ok(written) => drop(buffer.drain(..written)),
                Err(error) if is_later(error.kind()) => {}
                Err(error) => line.end(id, Down::Broken(error.kind()), play),
            }
        }
        if self.out.dirty.is_empty() {
            // Its room is used again.
            self.out.dirty = dirty;
        }
    }
}
