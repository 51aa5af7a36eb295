//! What a client's bytes say: whole messages and control frames, within bounds.
//!
//! Fragments are put together here rather than by fastwebsockets' collector, which gathers them without
//! a limit: a client that never ends its message would take all memory.

use std::convert::Infallible;

use bytes::Bytes;
use fastwebsockets::{Frame, OpCode, Role, WebSocketError, WebSocketRead, after_handshake_split};
use frontdesk_domain::frame::{Close, FRAME_MAX_BYTES};
use tokio::io::{AsyncRead, Sink, sink};

use super::line::Farewell;

/// The longest payload of a control frame.
const CONTROL_MAX_BYTES: usize = 125;
/// The longest header that fastwebsockets writes into its argument.
const HEAD_BYTES: usize = 16;

/// Something whole from a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A text message.
    Text(String),
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

/// Reads frames. [`Frames::next`] is not cancel-safe: whoever drops it half way has lost the connection.
pub(crate) struct Frames<R> {
    read: WebSocketRead<R>,
    partial: Option<Vec<u8>>,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(crate) fn new(io: R) -> Self {
        let (mut read, _): (_, fastwebsockets::WebSocketWrite<Sink>) =
            after_handshake_split(io, sink(), Role::Server);
        // Answers go through our writer, in their turn.
        read.set_auto_close(false);
        read.set_auto_pong(false);
        // The library refuses what is as long as its limit.
        read.set_max_message_size(FRAME_MAX_BYTES + 1);
        Self { read, partial: None }
    }

    pub(crate) async fn next(&mut self) -> Result<Incoming, Broken> {
        loop {
            let mut nothing = |_: Frame<'_>| async { Ok::<(), Infallible>(()) };
            let mut frame = self.read.read_frame(&mut nothing).await.map_err(|error| broken(&error))?;
            if !is_masked(&mut frame) {
                return Err(protocol("frame is not masked"));
            }
            let whole = match frame.opcode {
                OpCode::Binary => return Err(Broken::Rules(Close::NotOurProtocol.into())),
                OpCode::Text | OpCode::Continuation => collect(&mut self.partial, frame)?,
                OpCode::Ping | OpCode::Pong | OpCode::Close => Some(control(&frame)?),
            };
            if let Some(whole) = whole {
                return Ok(whole);
            }
        }
    }
}

fn collect(partial: &mut Option<Vec<u8>>, frame: Frame<'_>) -> Result<Option<Incoming>, Broken> {
    let starts = frame.opcode == OpCode::Text;
    if starts == partial.is_some() {
        return Err(protocol("fragments out of order"));
    }
    let bytes = match partial.take() {
        None => Vec::from(frame.payload),
        Some(mut bytes) => {
            if bytes.len() + frame.payload.len() > FRAME_MAX_BYTES {
                return Err(Broken::Rules(Close::TooBig.into()));
            }
            bytes.extend_from_slice(&frame.payload);
            bytes
        }
    };
    if !frame.fin {
        *partial = Some(bytes);
        return Ok(None);
    }
    String::from_utf8(bytes).map(|text| Some(Incoming::Text(text))).map_err(|_| not_utf8())
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
