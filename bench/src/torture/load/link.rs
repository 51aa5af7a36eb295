//! A WebSocket, and the ways to treat it badly.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long a handshake may take; a stopped server takes the connection and says nothing.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A connection.
pub struct Link {
    ws: WebSocketStream<TcpStream>,
    /// How it was closed, once it was.
    ended: Option<u16>,
}

/// What came.
pub enum Came {
    /// A text frame.
    Text(String),
    /// The end, with its close code; 1006 without one.
    End(u16),
}

impl Link {
    /// Connects; `None` if nobody takes it.
    pub async fn connect(address: SocketAddr, path: &str) -> Option<Self> {
        Self::from(TcpSocket::new_v4().ok()?, address, path).await
    }

    /// The same from a socket with an address or buffers of its own.
    pub async fn from(socket: TcpSocket, address: SocketAddr, path: &str) -> Option<Self> {
        let handshake = async {
            let stream = socket.connect(address).await.ok()?;
            stream.set_nodelay(true).ok()?;
            client_async(format!("ws://{address}{path}"), stream).await.ok()
        };
        let (ws, _) = timeout(HANDSHAKE, handshake).await.ok()??;
        Some(Self { ws, ended: None })
    }

    /// Sends a frame. A connection that is gone says so when it is read.
    pub async fn send(&mut self, frame: &Value) {
        let _ = self.ws.send(Message::text(frame.to_string())).await;
    }

    /// What comes next. May be dropped while it waits.
    pub async fn next(&mut self) -> Came {
        if let Some(code) = self.ended {
            return Came::End(code);
        }
        loop {
            match self.ws.next().await {
                Some(Ok(Message::Text(text))) => return Came::Text(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(1005, |frame| frame.code.into());
                    // Kept: whoever drops us while we wait for the end asks again what came.
                    self.ended = Some(code);
                    // Finish the close handshake.
                    let _ = timeout(Duration::from_secs(1), self.ws.next()).await;
                    return Came::End(code);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Came::End(1006),
            }
        }
    }

    /// Its two directions, for who writes without waiting for what comes.
    pub fn split(
        self,
    ) -> (SplitSink<WebSocketStream<TcpStream>, Message>, SplitStream<WebSocketStream<TcpStream>>) {
        self.ws.split()
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.ws.close(None)).await;
    }

    /// Is gone without a word.
    pub fn cut(self) {
        let _ = self.ws.get_ref().set_zero_linger();
    }

    /// Sends the first part of a frame and is gone: all but the last byte at most.
    pub async fn cut_inside(mut self, frame: &Value, rng: &mut fastrand::Rng) {
        let bytes = masked(frame.to_string().as_bytes(), rng.u32(..).to_be_bytes());
        let part = rng.usize(1..bytes.len());
        let stream = self.ws.get_mut();
        let _ = stream.write_all(&bytes[..part]).await;
        let _ = stream.flush().await;
        // Without a reset: what was sent arrives, and then the end.
    }

    /// Stays open and reads nothing for a while, then is gone.
    pub fn neglect(self, time: Duration) {
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            self.cut();
        });
    }
}

/// A masked text frame on the wire.
fn masked(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match u16::try_from(payload.len()) {
        Ok(short @ 0..126) => bytes.push(0x80 | u8::try_from(short).unwrap_or(125)),
        Ok(long) => {
            bytes.push(0x80 | 126);
            bytes.extend(long.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_by_hand() {
        assert_eq!(masked(b"ab", [1, 2, 3, 4]), [0x81, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2]);
        assert_eq!(masked(&[0; 300], [0; 4])[..4], [0x81, 0xfe, 1, 44]);
        assert_eq!(masked(&[0; 70_000], [0; 4])[..2], [0x81, 0xff]);
    }
}
