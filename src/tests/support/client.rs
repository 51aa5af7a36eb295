//! A WebSocket client that shares no code with the server.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::server::PATIENCE;

pub struct Client {
    pub ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The close code, once the connection has ended; 1006 if it ended without one.
    pub closed: Option<u16>,
    /// Why, in the server's words.
    pub reason: String,
    /// The answer to `hello`.
    pub welcome: Value,
    /// The subprotocol that the server took.
    pub protocol: Option<String>,
}

impl Client {
    /// Connects without a word.
    pub async fn connect(address: &str, path: &str) -> Self {
        Self::connect_with(address, path, &[]).await.unwrap()
    }

    /// Connects with headers; the refusal's status if there is one.
    pub async fn connect_with(address: &str, path: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        use tokio_tungstenite::tungstenite::Error;
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((ws, answer)) => {
                let protocol = answer.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|name| name.to_str().unwrap().to_owned());
                Ok(Self { ws, closed: None, reason: String::new(), welcome: Value::Null, protocol })
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects and says hello.
    pub async fn hello(address: &str, path: &str, token: &str, after: Option<u64>) -> Self {
        let mut client = Self::connect(address, path).await;
        let mut hello = json!({"type":"hello","token":token});
        if let Some(after) = after {
            hello["after"] = json!(after);
        }
        client.send(hello).await;
        client.welcome = client.expect("welcome").await;
        client
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        // A connection that the server has closed says so when it is read.
        let _ = self.ws.send(Message::text(text)).await;
    }

    pub async fn say(&mut self, id: &str, text: &str) {
        self.send(json!({"type":"send","id":id,"text":text})).await;
    }

    /// The next frame; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<Value> {
        self.next_within(PATIENCE).await.expect("a frame in time")
    }

    /// The next frame within a time; outer `Err` if none came.
    pub async fn next_within(&mut self, time: Duration) -> Result<Option<Value>, ()> {
        let give_up = tokio::time::Instant::now() + time;
        loop {
            if self.closed.is_some() {
                return Ok(None);
            }
            match tokio::time::timeout_at(give_up, self.ws.next()).await.map_err(|_| ())? {
                Some(Ok(Message::Text(text))) => return Ok(Some(serde_json::from_str(&text).unwrap())),
                Some(Ok(Message::Close(frame))) => {
                    self.reason = frame.as_ref().map_or(String::new(), |frame| frame.reason.to_string());
                    self.closed = Some(frame.map_or(1005, |frame| frame.code.into()));
                    // Finish the close handshake.
                    let _ = tokio::time::timeout(Duration::from_secs(1), self.ws.next()).await;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.closed = Some(1006),
            }
        }
    }

    /// The next frame of this type; others are passed over.
    pub async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            let frame =
                frame.unwrap_or_else(|| panic!("closed ({:?}) while waiting for {kind}", self.closed));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next frame that fits; others are passed over.
    pub async fn find(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await;
            let frame =
                frame.unwrap_or_else(|| panic!("closed ({:?}) while waiting for {what}", self.closed));
            if fits(&frame) {
                return frame;
            }
        }
    }

    /// Sends something and waits for its `ack` or `error`.
    pub async fn ask(&mut self, frame: Value) -> Value {
        self.send(frame).await;
        self.find("an answer", |frame| frame["type"] == "ack" || frame["type"] == "error").await
    }

    /// Sends something and waits for the `ack`.
    pub async fn done(&mut self, frame: Value) -> u64 {
        let answer = self.ask(frame).await;
        assert_eq!(answer["type"], "ack", "{answer}");
        answer["seq"].as_u64().unwrap()
    }

    /// Sends something that is refused; answers the code.
    pub async fn refused(&mut self, frame: Value) -> String {
        let answer = self.ask(frame).await;
        assert_eq!(answer["type"], "error", "{answer}");
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// The next event of this kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.expect("event").await;
            if event["kind"] == kind {
                return event;
            }
        }
    }

    /// Reads to the end and answers the close code.
    pub async fn end(&mut self) -> u16 {
        while self.next().await.is_some() {}
        self.closed.unwrap()
    }

    /// Everything that the server had to say before it answered a ping of ours.
    pub async fn settle(&mut self) -> Vec<Value> {
        self.send(json!({"type":"ping"})).await;
        let mut before = Vec::new();
        while let Some(frame) = self.next().await {
            if frame["type"] == "pong" {
                return before;
            }
            before.push(frame);
        }
        panic!("closed: {:?}", self.closed)
    }

    /// Subscribes to a conversation.
    pub async fn open(&mut self, conversation: &str, after: Option<u64>) -> Value {
        let mut open = json!({"type":"open","conversation":conversation});
        if let Some(after) = after {
            open["after"] = json!(after);
        }
        self.send(open).await;
        self.expect("opened").await
    }

    /// The next summary of a conversation that fits, as the inbox tells it.
    pub async fn summary(&mut self, conversation: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let inbox = self.expect("inbox").await;
            let upserts = inbox["upserts"].as_array().unwrap();
            if let Some(found) = upserts.iter().find(|summary| summary["id"] == conversation && fits(summary))
            {
                return found.clone();
            }
        }
    }

    /// Does something to a conversation and waits for the answer.
    pub async fn act(&mut self, conversation: &str, id: &str, action: &str) -> Value {
        self.send(json!({"type":"act","id":id,"conversation":conversation,"action":action})).await;
        self.expect("ack").await
    }
}
