//! What a client's bytes say: whole messages and control frames, within bounds.
//!
//! Fragments are put together here rather than by fastwebsockets' collector, which gathers them without
//! a limit: a client that never ends its message would take all memory.
//!
//! While a client is silent nothing is held for it but what it has begun to say: the library, with its
//! buffer, is brought in when the first byte of a frame is there, and let go after the last.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fastwebsockets::{Frame, OpCode, Role, WebSocket, WebSocketError};
use frontdesk_domain::frame::{Close, FRAME_MAX_BYTES};
use tokio::io::{AsyncRead, ReadBuf};

use super::farewell::Farewell;
use super::feed::Feed;

/// The longest payload of a control frame.
const CONTROL_MAX_BYTES: usize = 125;
/// The longest header that fastwebsockets writes into its argument.
const HEAD_BYTES: usize = 16;
/// How much is read at a time from a client that was silent.
const READ_BYTES: usize = 4 * 1024;

/// Something whole from a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message; only from [`Frames`] that take them.
    Binary(Vec<u8>),
    /// To be answered with a pong.
    Ping(Bytes),
    /// An answer to our ping.
    Pong,
    /// The client's farewell, and what to answer it with.
    Close(Farewell),
}

/// Why no more can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection is gone.
    Gone,
    /// The client broke the rules: say farewell with this.
    Rules(Farewell),
}

/// What is taken from a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes {
    /// The longest message.
    pub(crate) max_bytes: usize,
    /// Whether a message may be binary.
    pub(crate) binary: bool,
}

impl Takes {
    /// What the contract allows.
    pub(crate) const CONTRACT: Self = Self { max_bytes: FRAME_MAX_BYTES, binary: false };
}

/// Reads frames. [`Frames::next`] is not cancel-safe: whoever drops it half way has lost the connection.
pub(crate) struct Frames<R> {
    from: Source<R>,
    partial: Option<Partial>,
    takes: Takes,
}

/// The beginning of a message.
struct Partial {
    kind: OpCode,
    bytes: Vec<u8>,
    /// How many of the bytes are whole characters.
    checked: usize,
}

enum Source<R> {
    /// Between two frames, nothing has been read ahead.
    Silent(R),
    /// Bytes are there.
    Speaking(Box<Speaking<R>>),
    /// In the middle of a change, or dropped there.
    Lost,
}

struct Speaking<R> {
    websocket: WebSocket<Feed<R>>,
    fed: Arc<AtomicUsize>,
    taken: usize,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// Frames from `io`, after what was read from it already.
    pub(crate) fn new(ahead: Vec<u8>, io: R, takes: Takes) -> Self {
        let mut frames = Self { from: Source::Silent(io), partial: None, takes };
        if !ahead.is_empty() {
            frames.speak(ahead);
        }
        frames
    }

    pub(crate) async fn next(&mut self) -> Result<Incoming, Broken> {
        loop {
            let mut frame = self.frame().await?;
            if !is_masked(&mut frame) {
                return Err(protocol("frame is not masked"));
            }
            let whole = match frame.opcode {
                OpCode::Binary if !self.takes.binary => {
                    return Err(Broken::Rules(Close::NotOurProtocol.into()));
                }
                OpCode::Text | OpCode::Binary | OpCode::Continuation => {
                    collect(&mut self.partial, frame, self.takes.max_bytes)?
                }
                OpCode::Ping | OpCode::Pong | OpCode::Close => Some(control(&frame)?),
            };
            if let Some(whole) = whole {
                return Ok(whole);
            }
        }
    }

    async fn frame(&mut self) -> Result<Frame<'static>, Broken> {
        if let Source::Silent(io) = &mut self.from {
            let ahead = poll_fn(|cx| first_bytes(io, cx)).await.map_err(|_| Broken::Gone)?;
            self.speak(ahead);
        }
        let Source::Speaking(speaking) = &mut self.from else { return Err(Broken::Gone) };
        // Boxed, so that a silent connection's task is small.
        let read = Box::pin(speaking.websocket.read_frame());
        let frame = read.await.map_err(|error| broken(&error))?;
        speaking.taken += frame.payload.len() + shortest_head(frame.payload.len());
        // A head may be longer than it need be: then we think that more is there, and go on like this.
        if speaking.taken >= speaking.fed.load(Ordering::Relaxed) {
            self.fall_silent();
        }
        Ok(frame)
    }

    fn speak(&mut self, ahead: Vec<u8>) {
        if let Source::Silent(io) = std::mem::replace(&mut self.from, Source::Lost) {
            let (feed, fed) = Feed::new(ahead, io);
            let mut websocket = WebSocket::after_handshake(feed, Role::Server);
            // Answers go through our writer, in their turn.
            websocket.set_auto_close(false);
            websocket.set_auto_pong(false);
            // The library refuses what is as long as its limit.
            websocket.set_max_message_size(self.takes.max_bytes + 1);
            self.from = Source::Speaking(Box::new(Speaking { websocket, fed, taken: 0 }));
        }
    }

    fn fall_silent(&mut self) {
        if let Source::Speaking(speaking) = std::mem::replace(&mut self.from, Source::Lost) {
            self.from = Source::Silent(speaking.websocket.into_inner().into_inner());
        }
    }

    /// Throws away what still comes, to the end.
    pub(crate) async fn drain(&mut self) {
        let mut io = match std::mem::replace(&mut self.from, Source::Lost) {
            Source::Silent(io) => io,
            Source::Speaking(speaking) => speaking.websocket.into_inner().into_inner(),
            Source::Lost => return,
        };
        while poll_fn(|cx| first_bytes(&mut io, cx)).await.is_ok() {}
    }
}

/// Reads what is there. The buffer is the thread's: nothing is held while there is nothing.
fn first_bytes<R: AsyncRead + Unpin>(io: &mut R, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
    let mut bytes = [0_u8; READ_BYTES];
    let mut buffer = ReadBuf::new(&mut bytes);
    ready!(Pin::new(io).poll_read(cx, &mut buffer))?;
    Poll::Ready(match buffer.filled() {
        [] => Err(io::ErrorKind::UnexpectedEof.into()),
        read => Ok(read.to_vec()),
    })
}

/// The length of a masked frame's head, written in the shortest form.
fn shortest_head(payload: usize) -> usize {
    match payload {
        0..=125 => 6,
        126..=0xFFFF => 8,
        _ => 14,
    }
}

fn collect(
    partial: &mut Option<Partial>,
    frame: Frame<'_>,
    max_bytes: usize,
) -> Result<Option<Incoming>, Broken> {
    let starts = frame.opcode != OpCode::Continuation;
    if starts == partial.is_some() {
        return Err(protocol("fragments out of order"));
    }
    let mut message = match partial.take() {
        None => Partial { kind: frame.opcode, bytes: Vec::from(frame.payload), checked: 0 },
        Some(mut message) => {
            if message.bytes.len() + frame.payload.len() > max_bytes {
                return Err(Broken::Rules(Close::TooBig.into()));
            }
            message.bytes.extend_from_slice(&frame.payload);
            message
        }
    };
    if message.kind == OpCode::Text {
        message.check()?;
    }
    if !frame.fin {
        *partial = Some(message);
        return Ok(None);
    }
    if message.kind == OpCode::Binary {
        return Ok(Some(Incoming::Binary(message.bytes)));
    }
    String::from_utf8(message.bytes).map(|text| Some(Incoming::Text(text))).map_err(|_| not_utf8())
}

impl Partial {
    /// What cannot become UTF-8 any more is refused at once, not at the message's end.
    fn check(&mut self) -> Result<(), Broken> {
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_some() => return Err(not_utf8()),
            Err(error) => self.checked += error.valid_up_to(),
        }
        Ok(())
    }
}

fn control(frame: &Frame<'_>) -> Result<Incoming, Broken> {
    if frame.payload.len() > CONTROL_MAX_BYTES {
        return Err(protocol("control frame too long"));
    }
    match frame.opcode {
        OpCode::Ping => Ok(Incoming::Ping(Bytes::copy_from_slice(&frame.payload))),
        OpCode::Pong => Ok(Incoming::Pong),
        _ => farewell(&frame.payload).map(Incoming::Close),
    }
}

/// The farewell that answers a client's: its own code, unless it may not stand on the wire.
fn farewell(payload: &[u8]) -> Result<Farewell, Broken> {
    let (code, reason) = match payload {
        [] => return Ok(Farewell { code: None, reason: "".into() }),
        [_] => return Err(protocol("bad close")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if std::str::from_utf8(reason).is_err() {
        return Err(not_utf8());
    }
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Farewell::new(code, "")),
        _ => Err(protocol("bad close")),
    }
}

/// The mark itself is private to the library, but it writes it into a header.
fn is_masked(frame: &mut Frame<'_>) -> bool {
    let mut head = [0_u8; HEAD_BYTES];
    frame.fmt_head(&mut head);
    head[1] & 0x80 != 0
}

fn broken(error: &WebSocketError) -> Broken {
    match error {
        WebSocketError::UnexpectedEOF | WebSocketError::IoError(_) | WebSocketError::ConnectionClosed => {
            Broken::Gone
        }
        WebSocketError::FrameTooLarge => Broken::Rules(Close::TooBig.into()),
        WebSocketError::InvalidUTF8 => not_utf8(),
        _ => protocol("protocol error"),
    }
}

fn not_utf8() -> Broken {
    Broken::Rules(Farewell::new(1007, "not UTF-8"))
}

fn protocol(why: &'static str) -> Broken {
    Broken::Rules(Farewell::new(1002, why))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    /// "hi", masked with zeroes.
    const HI: &[u8] = b"\x81\x82\0\0\0\0hi";

    #[tokio::test]
    async fn nothing_is_held_between_two_frames() {
        let (mut client, io) = duplex(1_000);
        let mut frames = Frames::new(Vec::new(), io, Takes::CONTRACT);
        client.write_all(&[HI, HI, &HI[..3]].concat()).await.expect("write");
        for _ in 0..2 {
            assert_eq!(frames.next().await, Ok(Incoming::Text("hi".into())));
            assert!(matches!(frames.from, Source::Speaking(_)), "there is more");
        }
        client.write_all(&HI[3..]).await.expect("write");
        assert_eq!(frames.next().await, Ok(Incoming::Text("hi".into())));
        assert!(matches!(frames.from, Source::Silent(_)));
        client.write_all(HI).await.expect("write");
        assert_eq!(frames.next().await, Ok(Incoming::Text("hi".into())), "and it goes on");
    }

    #[tokio::test]
    async fn what_came_with_the_upgrade_is_read_first() {
        let (mut client, io) = duplex(1_000);
        let mut frames = Frames::new(HI[..4].to_vec(), io, Takes::CONTRACT);
        client.write_all(&HI[4..]).await.expect("write");
        assert_eq!(frames.next().await, Ok(Incoming::Text("hi".into())));
        assert!(matches!(frames.from, Source::Silent(_)));
    }

    #[tokio::test]
    async fn a_head_that_is_longer_than_it_need_be_is_no_loss() {
        let (mut client, io) = duplex(1_000);
        let mut frames = Frames::new(Vec::new(), io, Takes::CONTRACT);
        client.write_all(b"\x81\xFE\0\x02\0\0\0\0hi").await.expect("write");
        assert_eq!(frames.next().await, Ok(Incoming::Text("hi".into())));
        client.write_all(HI).await.expect("write");
        assert_eq!(frames.next().await, Ok(Incoming::Text("hi".into())));
    }
}
