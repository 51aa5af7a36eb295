//! A hotel's number, with the server behind it and a guest before it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use frontdesk_bench::fake_graph::{FakeGraph, Settings, Totals};
use serde_json::{Value, json};

use super::server::PATIENCE;
use super::{Caller, Server};

/// The guest who has written.
pub const GUEST: &str = "491512345678";

/// A server with a number, the stand-in, and a guest who has just written.
pub struct Line {
    pub server: Server,
    pub graph: FakeGraph,
    pub admin: Caller,
    pub conversation: String,
}

impl Line {
    pub async fn open(statuses: &[&str]) -> Self {
        Self::open_with(statuses, &[]).await
    }

    /// The same with more settings of the server.
    pub async fn open_with(statuses: &[&str], more: &[(&str, &str)]) -> Self {
        let settings = Settings {
            statuses: statuses.iter().map(|&status| status.to_owned()).collect(),
            status_after: Duration::from_millis(50),
            ..Settings::default()
        };
        let (number, token, secret) =
            (settings.number.clone(), settings.token.clone(), settings.secret.clone());
        let graph = FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings).await.unwrap();
        let mut settings = vec![
            ("FRONTDESK_DEMO", "off"),
            ("WHATSAPP_VERIFY_TOKEN", "verify"),
            ("WHATSAPP_APP_SECRET", &secret),
            ("WHATSAPP_ACCESS_TOKEN", &token),
            ("WHATSAPP_PHONE_NUMBER_ID", &number),
            ("WHATSAPP_UNCLEAR_SECONDS", "1"),
        ];
        let url = graph.url();
        settings.push(("WHATSAPP_API_BASE", &url));
        settings.extend(more);
        let server = Server::start(&settings).await;
        graph.send_webhooks_to(&webhook(&server));
        assert!(graph.say(GUEST, "Hello, is anybody there?").await);
        let mut admin = server.admin().await;
        let (status, page) = admin.get("/api/conversations").await;
        assert_eq!(status, 200, "{page}");
        let conversation = page["items"][0]["id"].as_str().unwrap().to_owned();
        let mut line = Self { server, graph, admin, conversation };
        // The AI knows nothing here and gives up to people: from then on it is silent.
        line.until("people answer", |events| {
            events.iter().any(|event| event["kind"] == "mode" && event["mode"] == "human")
        })
        .await;
        // Its farewell is on its way too, and must not meet the faults that a test is about.
        line.until("the AI's words went", |events| events.iter().any(|event| event["kind"] == "delivery"))
            .await;
        // The first words that a phone gets from it say what it is.
        let first = line.graph.accepted().first().map(|each| each.text.clone()).unwrap_or_default();
        assert!(first.contains("automatic assistant"), "{first}");
        line
    }

    pub async fn write(&mut self, id: &str, text: &str) -> u64 {
        self.post(json!({"id": id, "text": text})).await
    }

    pub async fn post(&mut self, body: Value) -> u64 {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        let (status, answer) = self.admin.post(&path, body).await;
        assert_eq!(status, 201, "{answer}");
        answer["seq"].as_u64().unwrap()
    }

    /// `kill -9`, and a new start; webhooks find it.
    pub async fn crash(&mut self) {
        self.server.crash().await;
        self.found().await;
    }

    /// Starts again what was killed.
    pub async fn back(&mut self) {
        self.server.exit().await;
        self.server.restart().await;
        self.found().await;
    }

    async fn found(&mut self) {
        self.graph.send_webhooks_to(&webhook(&self.server));
        self.admin = self.server.admin().await;
    }

    /// Waits until the stand-in has seen so much.
    pub async fn totals(&self, what: &str, so: impl Fn(&Totals) -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !so(&self.graph.totals()) {
            assert!(Instant::now() < give_up, "never: {what}; {:?}", self.graph.totals());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Reads the conversation until it is so.
    pub async fn until(&mut self, what: &str, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let give_up = Instant::now() + PATIENCE * 3;
        loop {
            let events = self.admin.history(&self.conversation).await;
            if so(&events) {
                return events;
            }
            let taken = self.graph.totals();
            assert!(Instant::now() < give_up, "never: {what}; {taken:?}; {events:#?}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

pub fn webhook(server: &Server) -> String {
    format!("http://{}/webhooks/whatsapp", server.address)
}

/// The states that were told of a message, in order.
pub fn fate(events: &[Value], of: u64) -> Vec<&str> {
    let news = events.iter().filter(|event| event["kind"] == "delivery" && event["of"] == of);
    news.map(|event| event["state"].as_str().unwrap()).collect()
}
