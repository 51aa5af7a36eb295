//! Many WebSocket connections on one thread, as cheap as can be: the generator must not be what is measured.
//!
//! One read takes many frames, through one buffer for all; what is to be said to a connection in a turn goes
//! out in one write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::frame::{self, Kind};

/// A connection's number, counted from 0 in the order of [`Crowd::connect`].
pub type LineId = usize;

/// Room for the frames of one read and a partial one before them.
const SCRATCH_BYTES: usize = 2 * 1024 * 1024;
const READ_BYTES: usize = 256 * 1024;
const EVENTS: usize = 1024;
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

/// Who hears what happens.
pub trait Play {
    /// The upgrade is done.
    fn on_up(&mut self, line: LineId, out: &mut Out);
    /// A message. `now` is when it was read.
    fn on_text(&mut self, line: LineId, text: &[u8], now: Instant, out: &mut Out);
    /// The connection is gone.
    fn on_down(&mut self, line: LineId, why: Down);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Upgrading,
    Up,
    Down,
}

struct Line {
    stream: Option<TcpStream>,
    state: State,
    /// The start of a frame whose end has not come.
    partial: Vec<u8>,
}

/// What is to be said, by connection.
#[derive(Default)]
pub struct Out {
    buffers: Vec<Vec<u8>>,
    is_dirty: Vec<bool>,
    dirty: Vec<LineId>,
    mask: u32,
}

impl Out {
    /// Says a text message.
    pub fn text(&mut self, line: LineId, payload: &[u8]) {
        self.frame(line, Kind::Text, payload);
    }

    fn frame(&mut self, line: LineId, kind: Kind, payload: &[u8]) {
        self.mask = self.mask.wrapping_mul(0x9e37_79b1).wrapping_add(0x85eb_ca6b);
        if let Some(buffer) = self.buffers.get_mut(line) {
            frame::append(buffer, kind, payload, self.mask.to_ne_bytes());
            self.mark(line);
        }
    }

    fn mark(&mut self, line: LineId) {
        if let Some(is_dirty) = self.is_dirty.get_mut(line)
            && !std::mem::replace(is_dirty, true)
        {
            self.dirty.push(line);
        }
    }
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
        self.lines.push(Line { stream: None, state: State::Down, partial: Vec::new() });
        self.out.buffers.push(Vec::new());
        self.out.is_dirty.push(false);
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
            *line = Line { stream: Some(stream), state: State::Upgrading, partial: Vec::new() };
            buffer.clear();
            buffer.extend_from_slice(request.as_bytes());
        }
        Ok(())
    }

    /// Drops a connection without a word.
    pub fn cut(&mut self, id: LineId) {
        if let Some(line) = self.lines.get_mut(id) {
            *line = Line { stream: None, state: State::Down, partial: Vec::new() };
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
                read(line, id, &mut self.scratch, &mut self.out, play);
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
                Err(error) => end(line, id, Down::Broken(error.kind()), play),
            }
        }
        if self.out.dirty.is_empty() {
            // Its room is used again.
            self.out.dirty = dirty;
        }
    }
}

/// Not connected yet, or no room: the system will say when.
fn is_later(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::NotConnected | ErrorKind::Interrupted)
}

fn end(line: &mut Line, id: LineId, why: Down, play: &mut impl Play) {
    if line.state != State::Down {
        *line = Line { stream: None, state: State::Down, partial: Vec::new() };
        play.on_down(id, why);
    }
}

fn read(line: &mut Line, id: LineId, scratch: &mut [u8], out: &mut Out, play: &mut impl Play) {
    loop {
        let Some(stream) = &mut line.stream else { return };
        let kept = line.partial.len();
        let until = (kept + READ_BYTES).min(scratch.len());
        if until <= kept {
            return end(line, id, Down::NotOurs, play);
        }
        let read = match stream.read(&mut scratch[kept..until]) {
            Ok(0) => return end(line, id, Down::Closed(None), play),
            Ok(read) => read,
            Err(error) if is_later(error.kind()) => return,
            Err(error) => return end(line, id, Down::Broken(error.kind()), play),
        };
        scratch[..kept].copy_from_slice(&line.partial);
        line.partial.clear();
        let filled = kept + read;
        match take(line, id, &scratch[..filled], out, play) {
            Ok(taken) => line.partial.extend_from_slice(&scratch[taken..filled]),
            Err(why) => return end(line, id, why, play),
        }
        // Less than there was room for: the system has no more, and will say when it has.
        if filled < until {
            return;
        }
    }
}

/// Takes what is whole; how many bytes that was.
fn take(
    line: &mut Line,
    id: LineId,
    bytes: &[u8],
    out: &mut Out,
    play: &mut impl Play,
) -> Result<usize, Down> {
    let now = Instant::now();
    let mut at = 0;
    if line.state == State::Upgrading {
        let Some(head) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
            return if bytes.len() > HEAD_MAX_BYTES { Err(Down::NotOurs) } else { Ok(0) };
        };
        match status(bytes) {
            Some(101) => {}
            Some(status) => return Err(Down::Refused(status)),
            None => return Err(Down::NotOurs),
        }
        if let Some(stream) = &line.stream {
            // Small frames must not wait for one another. A system that cannot do this is only slower.
            let _ = stream.set_nodelay(true);
        }
        line.state = State::Up;
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

fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[derive(Default)]
    struct Heard {
        up: usize,
        texts: Vec<String>,
        down: Option<Down>,
    }

    impl Play for Heard {
        fn on_up(&mut self, line: LineId, out: &mut Out) {
            self.up += 1;
            out.text(line, b"hello");
        }
        fn on_text(&mut self, _: LineId, text: &[u8], _: Instant, _: &mut Out) {
            self.texts.push(String::from_utf8_lossy(text).into_owned());
        }
        fn on_down(&mut self, _: LineId, why: Down) {
            self.down = Some(why);
        }
    }

    /// Answers one connection with these pieces, each after the client was heard.
    fn serve(pieces: Vec<Vec<u8>>) -> (SocketAddr, std::thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut heard = vec![0; 4096];
            let mut last = 0;
            for piece in pieces {
                last = stream.read(&mut heard).expect("heard");
                stream.write_all(&piece).expect("said");
            }
            heard.truncate(last);
            heard
        });
        (address, server)
    }

    fn play_to_the_end(address: SocketAddr) -> Heard {
        let mut crowd = Crowd::new(address).expect("a crowd");
        let mut heard = Heard::default();
        crowd.connect("/ws", "").expect("connecting");
        let give_up = Instant::now() + Duration::from_secs(10);
        while heard.down.is_none() && Instant::now() < give_up {
            crowd.turn(Duration::from_millis(50), &mut heard).expect("a turn");
        }
        heard
    }

    #[test]
    fn frames_cut_anywhere_are_put_together() {
        let mut rest = b"\x81\x03two\x89\x01p\x81\x7e\x01\x00".to_vec();
        rest.extend_from_slice(&[b'x'; 256]);
        rest.extend_from_slice(b"\x88\x02\x11\x97");
        let (address, server) =
            serve(vec![b"HTTP/1.1 101 Switching\r\n\r\n\x81\x03one\x81".to_vec(), rest[1..].to_vec()]);
        let heard = play_to_the_end(address);
        assert_eq!(heard.up, 1);
        assert_eq!(heard.texts[..2], ["one", "two"]);
        assert_eq!(heard.texts[2].len(), 256);
        assert_eq!(heard.down, Some(Down::Closed(Some(4503))));
        let said = server.join().expect("the server");
        assert_eq!(said[..2], [0x81, 0x85], "a masked hello");
    }

    #[test]
    fn who_is_no_websocket_server() {
        let refused = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n".to_vec();
        let (address, _server) = serve(vec![refused]);
        assert_eq!(play_to_the_end(address).down, Some(Down::Refused(429)));
        let (address, _server) = serve(vec![b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()]);
        assert_eq!(play_to_the_end(address).down, Some(Down::NotOurs));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        assert_eq!(play_to_the_end(address).down, Some(Down::Broken(ErrorKind::ConnectionRefused)));
    }
}
