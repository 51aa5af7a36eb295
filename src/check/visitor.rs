//! A client of our own, at the near end of a pipe: the far end is served as any connection is.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use crate::auth::Kind;
use crate::http::{AppState, serve_pipe};

/// How much may be under way in the pipe.
const PIPE_BYTES: usize = 64 * 1024;
/// The largest frame of the server.
const FRAME_MAX_BYTES: u64 = 2 * 1024 * 1024;
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
/// Clients mask what they send. A mask of nothing is one.
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0; 4];

/// Who came for the test.
pub(super) struct Visitor {
    pipe: DuplexStream,
}

impl Visitor {
    /// Connects, and says hello with the first frame that is sent or awaited.
    pub(super) fn enter(state: &AppState, token: &str) -> Self {
        let (pipe, far) = duplex(PIPE_BYTES);
        serve_pipe(state, Kind::Guest, far);
        let mut visitor = Self { pipe };
        let hello = frame(&json!({"type": "hello", "token": token}));
        // The pipe has room for it.
        let sent = futures_util::FutureExt::now_or_never(visitor.pipe.write_all(&hello));
        drop(sent);
        visitor
    }

    pub(super) async fn send(&mut self, value: &Value) -> Result<(), String> {
        self.pipe.write_all(&frame(value)).await.map_err(|_| "the socket was closed".to_owned())
    }

    /// The next frame of this type.
    pub(super) async fn expect(&mut self, kind: &str) -> Result<Value, String> {
        self.find(|frame| frame["type"] == kind).await
    }

    /// The next frame that fits.
    pub(super) async fn find(&mut self, fits: impl Fn(&Value) -> bool) -> Result<Value, String> {
        loop {
            let frame = self.next().await?;
            if fits(&frame) {
                return Ok(frame);
            }
            if frame["type"] == "error" {
                let code = frame["code"].as_str().unwrap_or_default();
                return Err(format!("refused with {code}"));
            }
        }
    }

    async fn next(&mut self) -> Result<Value, String> {
        loop {
            let (first, payload) = self.read().await.map_err(|_| "the socket was closed".to_owned())?;
            match first {
                TEXT => {
                    return serde_json::from_slice(&payload).map_err(|_| "a frame that is none".to_owned());
                }
                CLOSE => {
                    let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    return Err(format!("the socket was closed with {code}"));
                }
                _ => {}
            }
        }
    }

    async fn read(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.pipe.read_exact(&mut head).await?;
        let length = match head[1] {
            126 => u64::from(self.pipe.read_u16().await?),
            127 => self.pipe.read_u64().await?,
            short => u64::from(short),
        };
        if length > FRAME_MAX_BYTES {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let mut payload = vec![0; usize::try_from(length).unwrap_or_default()];
        self.pipe.read_exact(&mut payload).await?;
        Ok((head[0], payload))
    }
}

/// A text frame of a client.
fn frame(value: &Value) -> Vec<u8> {
    let payload = value.to_string().into_bytes();
    let mut frame = vec![TEXT];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..=125) => frame.push(MASKED | short),
        _ => {
            frame.push(MASKED | 126);
            frame.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend_from_slice(&payload);
    frame
}
