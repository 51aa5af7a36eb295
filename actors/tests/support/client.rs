//! A client without a network: what the pumps would carry, in and out.

use std::collections::VecDeque;
use std::time::Duration;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::outbox::{OutboxReader, outbox};
use frontdesk_actors::socket::Voice;
use frontdesk_domain::frame::{Close, parse};
use frontdesk_domain::people::Principal;
use serde_json::{Value, json};

pub struct Client {
    pub voice: Option<Voice>,
    reader: OutboxReader,
    due: VecDeque<Value>,
    pub closed: Option<Close>,
}

impl Client {
    pub async fn connect(hub: &Hub, who: Principal, after: Option<u64>) -> Self {
        // One frame a line.
        let (outbox, reader) = outbox(|bytes, frame| {
            bytes.extend_from_slice(frame);
            bytes.push(b'\n');
        });
        let voice = hub.attach(who, SessionKey([0; 32]), outbox, after).await.unwrap();
        let mut client = Self { voice: Some(voice), reader, due: VecDeque::new(), closed: None };
        client.expect("welcome").await;
        client
    }

    /// Sends one frame of the contract.
    pub fn send(&self, frame: Value) {
        let voice = self.voice.as_ref().expect("connected");
        match parse(&frame.to_string()) {
            Ok(frame) => voice.frame(frame, None),
            Err((id, refusal)) => voice.bad_frame(id, refusal),
        }
    }

    pub fn say(&self, id: &str, text: &str) {
        self.send(json!({"type":"send","id":id,"text":text}));
    }

    /// The next frame, whatever it is; `None` once the connection is closed.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(frame) = self.due.pop_front() {
                return Some(frame);
            }
            if self.closed.is_some() {
                return None;
            }
            let due = tokio::time::timeout(Duration::from_secs(20), self.reader.take());
            let due = due.await.expect("a frame in time");
            let frames = due.bytes.split(|byte| *byte == b'\n').filter(|frame| !frame.is_empty());
            self.due.extend(frames.map(|frame| serde_json::from_slice::<Value>(frame).unwrap()));
            self.closed = due.close;
            if self.closed.is_some() {
                // The pump sees the end of the connection and says so.
                self.voice = None;
            }
        }
    }

    /// The next frame of this type; others are passed over.
    pub async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("closed while waiting for {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next event of this kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.expect("event").await;
            if frame["kind"] == kind {
                return frame;
            }
        }
    }

    /// Everything up to the close.
    pub async fn rest(&mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Some(frame) = self.next().await {
            rest.push(frame);
        }
        rest
    }

    /// A frame that the actor answers in order: what came before it is done.
    pub async fn settle(&mut self) -> Vec<Value> {
        self.send(json!({"type":"ping"}));
        let mut before = Vec::new();
        loop {
            let frame = self.next().await.expect("open");
            if frame["type"] == "pong" {
                return before;
            }
            before.push(frame);
        }
    }
}
