//! A connection, driven over a pipe.

use std::time::Duration;

use frontdesk_actors::messages::Permit;
use frontdesk_actors::outbox::Outbox;
use frontdesk_domain::frame::{ClientFrame, Close};
use frontdesk_domain::ids::{ClientId, Seq};
use frontdesk_domain::refusal::Refusal;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::connection::{Ends, serve};
use super::post::Post;
use super::reader::{Ear, Gate};

mod hello;
mod limits;
mod parting;

/// What a client was heard to send.
#[allow(clippy::large_enum_variant, reason = "a handful of them, in tests")]
enum Heard {
    Frame(ClientFrame, Permit),
    Bad(Option<ClientId>),
    Ended,
}

/// A stand-in for what is behind a connection, which hands on what it gets.
struct Recorder(mpsc::Sender<Heard>);

impl Ear for Recorder {
    fn frame(&self, frame: ClientFrame, permit: Permit) {
        let _ = self.0.try_send(Heard::Frame(frame, permit));
    }

    fn bad_frame(&self, id: Option<ClientId>, _: Refusal) {
        let _ = self.0.try_send(Heard::Bad(id));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.0.try_send(Heard::Ended);
    }
}

/// Lets everybody in whose token is `good`.
struct TestGate {
    heard: mpsc::Sender<Heard>,
    outboxes: mpsc::Sender<Outbox>,
}

impl Gate for TestGate {
    type Ear = Recorder;

    async fn admit(&self, token: Option<String>, _: Option<Seq>, outbox: Outbox) -> Option<Recorder> {
        if token.as_deref() != Some("good") {
            outbox.close(Close::NotLoggedIn);
            return None;
        }
        self.outboxes.send(outbox).await.ok()?;
        Some(Recorder(self.heard.clone()))
    }

    fn is_strict(&self) -> bool {
        true
    }
}

/// The other end of the pipe.
struct Client {
    io: DuplexStream,
    messages: mpsc::Receiver<Heard>,
    outboxes: mpsc::Receiver<Outbox>,
    server: JoinHandle<()>,
}

const TEXT: u8 = 1;
const FINAL: u8 = 0x80;

impl Client {
    async fn connect() -> Self {
        Self::turned_away(None).await
    }

    async fn turned_away(close: Option<Close>) -> Self {
        let (io, far) = duplex(256 * 1024);
        let (messages, received) = mpsc::channel(1_000);
        let (outboxes, given) = mpsc::channel(1);
        let gate = TestGate { heard: messages, outboxes };
        let (read, write) = tokio::io::split(far);
        let ends = Ends { ahead: Vec::new(), read, write };
        let server = tokio::spawn(async move { serve(ends, gate, &Post::default(), close).await });
        Self { io, messages: received, outboxes: given, server }
    }

    /// One that has said hello, with the end that its actor writes to.
    async fn greeted() -> (Self, Outbox) {
        let mut client = Self::connect().await;
        client.text(r#"{"type":"hello","token":"good"}"#).await;
        let outbox = client.outboxes.recv().await.expect("outbox");
        (client, outbox)
    }

    async fn raw(&mut self, first: u8, payload: &[u8]) {
        let mut bytes = vec![first];
        let length = payload.len();
        match length {
            0..=125 => bytes.push(0x80 | u8::try_from(length).expect("length")),
            126..=0xFFFF => {
                bytes.push(0x80 | 126);
                bytes.extend(u16::try_from(length).expect("length").to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        let _ = self.io.write_all(&bytes).await;
    }

    async fn text(&mut self, text: &str) {
        self.raw(FINAL | TEXT, text.as_bytes()).await;
    }

    async fn close(&mut self, code: u16) {
        self.raw(FINAL | 8, &code.to_be_bytes()).await;
    }

    /// The next frame: opcode and payload; `None` at the end of the stream.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.io.read_u8().await.ok()?;
        let length = match self.io.read_u8().await.ok()? {
            126 => usize::from(self.io.read_u16().await.ok()?),
            127 => usize::try_from(self.io.read_u64().await.ok()?).ok()?,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.io.read_exact(&mut payload).await.ok()?;
        assert_eq!(first & FINAL, FINAL, "the server does not fragment");
        Some((first & 0x0F, payload))
    }

    /// The next text frame, as JSON.
    async fn json(&mut self) -> serde_json::Value {
        let (opcode, payload) = self.frame().await.expect("frame");
        assert_eq!(opcode, TEXT);
        serde_json::from_slice(&payload).expect("JSON")
    }

    /// The close code that comes next; what comes before it is passed over.
    async fn closed(&mut self) -> u16 {
        loop {
            let (opcode, payload) = self.frame().await.expect("a Close frame before the end");
            if opcode == 8 {
                return payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
            }
        }
    }

    /// The end of the stream comes next, and the server's task is over.
    async fn ended(mut self) {
        assert_eq!(self.frame().await, None, "something after the end");
        tokio::time::timeout(Duration::from_secs(30), self.server).await.expect("no end").expect("no panic");
    }

    async fn message(&mut self) -> Heard {
        self.messages.recv().await.expect("message")
    }
}
