//! What goes out over WhatsApp, against a stand-in for Meta's API.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use frontdesk_bench::fake_graph::{FakeGraph, Fault, Settings};
use serde_json::{Value, json};

use crate::support::server::PATIENCE;
use crate::support::{Caller, Server};

const GUEST: &str = "491512345678";

/// A server with a number, the stand-in, and a guest who has just written.
struct Line {
    server: Server,
    graph: FakeGraph,
    admin: Caller,
    conversation: String,
}

impl Line {
    async fn open(statuses: &[&str]) -> Self {
        let settings = Settings {
            statuses: statuses.iter().map(|&status| status.to_owned()).collect(),
            status_after: Duration::from_millis(50),
            ..Settings::default()
        };
        let (number, token, secret) =
            (settings.number.clone(), settings.token.clone(), settings.secret.clone());
        let graph = FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings).await.unwrap();
        let server = Server::start(&[
            ("FRONTDESK_DEMO", "off"),
            ("WHATSAPP_VERIFY_TOKEN", "verify"),
            ("WHATSAPP_APP_SECRET", &secret),
            ("WHATSAPP_ACCESS_TOKEN", &token),
            ("WHATSAPP_PHONE_NUMBER_ID", &number),
            ("WHATSAPP_API_BASE", &graph.url()),
            ("WHATSAPP_UNCLEAR_SECONDS", "1"),
        ])
        .await;
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
        line
    }

    async fn write(&mut self, id: &str, text: &str) -> u64 {
        self.post(json!({"id": id, "text": text})).await
    }

    async fn post(&mut self, body: Value) -> u64 {
        let path = format!("/api/conversations/{}/messages", self.conversation);
        let (status, answer) = self.admin.post(&path, body).await;
        assert_eq!(status, 201, "{answer}");
        answer["seq"].as_u64().unwrap()
    }

    /// `kill -9`, and a new start; webhooks find it.
    async fn crash(&mut self) {
        self.server.crash().await;
        self.graph.send_webhooks_to(&webhook(&self.server));
        self.admin = self.server.admin().await;
    }

    /// Reads the conversation until it is so.
    async fn until(&mut self, what: &str, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
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

fn webhook(server: &Server) -> String {
    format!("http://{}/webhooks/whatsapp", server.address)
}

/// The states that were told of a message, in order.
fn fate(events: &[Value], of: u64) -> Vec<&str> {
    let news = events.iter().filter(|event| event["kind"] == "delivery" && event["of"] == of);
    news.map(|event| event["state"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step_nothing_is_lost_moved_or_repeated_once_known() {
    let mut line = Line::open(&["sent", "delivered"]).await;
    let slow = Fault::Delay(Duration::from_millis(120));
    let rounds = [
        [Fault::None, Fault::None, Fault::None],
        [slow, slow, slow],
        [Fault::CutAfter, Fault::None, Fault::CutBefore],
        [Fault::CutBefore, Fault::CutAfter, Fault::None],
        [Fault::Refuse(131_000), Fault::Refuse(131_016), Fault::None],
        [Fault::Gateway, Fault::None, Fault::None],
        [Fault::GatewayAfter, Fault::EarlyStatus, Fault::None],
        [Fault::EarlyStatus, slow, Fault::CutAfter],
        [slow, Fault::CutBefore, slow],
        [Fault::Refuse(2), slow, Fault::EarlyStatus],
    ];
    let mut seqs = Vec::new();
    for (round, faults) in rounds.into_iter().enumerate() {
        line.graph.script(faults);
        for n in 0..3 {
            let name = format!("m{round}-{n}");
            seqs.push((name.clone(), line.write(&name, &name).await));
        }
        // Killed at another point of its work each time: before, while and after it sends.
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 37 % 250)).await;
        line.crash().await;
    }
    let all = seqs.clone();
    line.until("all have arrived", move |events| {
        all.iter().all(|(_, seq)| fate(events, *seq).last() == Some(&"delivered"))
    })
    .await;
    let accepted: Vec<String> = line
        .graph
        .accepted()
        .into_iter()
        .map(|each| each.text)
        .filter(|text| text.starts_with('m'))
        .collect();
    let mut first: Vec<&String> = Vec::new();
    let mut times: HashMap<&String, usize> = HashMap::new();
    for text in &accepted {
        *times.entry(text).or_default() += 1;
        if times[text] == 1 {
            first.push(text);
        }
    }
    let written: Vec<&String> = seqs.iter().map(|(name, _)| name).collect();
    assert_eq!(first, written, "every one, in order");
    assert_eq!(line.graph.totals().known_repeats, 0, "none again once its status was taken: {times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_good_is_told_and_blocks_nobody() {
    let mut line = Line::open(&["sent", "delivered", "read"]).await;
    line.graph.script([Fault::Refuse(131_047), Fault::FailLater(131_026)]);
    let refused = line.write("a1", "too late").await;
    let later = line.write("a2", "no such phone").await;
    let fine = line.write("a3", "fine").await;
    let events = line
        .until("all is known", |events| {
            fate(events, fine).last() == Some(&"read") && fate(events, later).contains(&"failed")
        })
        .await;
    assert_eq!(fate(&events, refused), ["failed"]);
    let why = events.iter().find(|event| event["kind"] == "delivery" && event["of"] == refused).unwrap();
    assert!(why["error"].as_str().unwrap().contains("template"), "{why}");
    assert_eq!(line.graph.totals().refused.get(&131_047), Some(&1), "not tried again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_raises_one_alarm_for_all_messages() {
    let mut line = Line::open(&["sent"]).await;
    let mut desk = line.server.desk(&line.admin).await;
    line.graph.always(Some(Fault::Refuse(190)));
    let first = line.write("a1", "one").await;
    for n in 2..8 {
        line.write(&format!("a{n}"), "more").await;
    }
    let alarm = desk.expect("alarm").await;
    assert!(alarm["message"].as_str().unwrap().contains("token"), "{alarm}");
    line.until("the first one is told", |events| fate(events, first) == ["failed"]).await;
    let more = desk.settle().await;
    assert!(more.iter().all(|frame| frame["type"] != "alarm"), "one alarm: {more:?}");
    assert_eq!(line.graph.totals().refused.get(&190), Some(&1), "no hammering");
    // Set right by an operator: a start with a good token sends all that waits.
    line.graph.always(None);
    line.crash().await;
    let give_up = Instant::now() + PATIENCE;
    let of_staff = |line: &Line| {
        line.graph.accepted().iter().filter(|each| matches!(each.text.as_str(), "one" | "more")).count()
    };
    while of_staff(&line) < 7 {
        assert!(Instant::now() < give_up, "what waited never went");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_replies_templates_and_read_marks() {
    let mut line = Line::open(&["sent", "delivered"]).await;
    let asked = "Would you like a table by the window tonight?";
    let seq = line
        .post(json!({"id": "a1", "text": "What may I do for you?", "suggestions": [asked, "Nothing, thank you"]}))
        .await;
    line.until("it has arrived", |events| fate(events, seq).last() == Some(&"delivered")).await;
    let sent = line.graph.accepted().pop().unwrap();
    let button = sent.body["interactive"]["action"]["buttons"][0]["reply"].clone();
    assert!(button["title"].as_str().unwrap().chars().count() <= 20, "{button}");
    assert!(button["id"].as_str().unwrap().ends_with(asked), "{button}");

    let (status, list) = line.admin.get("/api/whatsapp/templates").await;
    assert_eq!(status, 200, "{list}");
    assert!(list["items"].as_array().unwrap().iter().any(|each| each["name"] == "room_ready"), "{list}");
    let template = json!({"id": "a2", "action": "template", "name": "room_ready", "language": "en_US",
        "parameters": [{"text": "Ada"}, {"text": "12"}], "text": "Dear Ada, your room 12 is ready."});
    let path = format!("/api/conversations/{}/actions", line.conversation);
    let (status, answer) = line.admin.post(&path, template).await;
    assert_eq!(status, 200, "{answer}");
    let seq = answer["seq"].as_u64().unwrap();
    line.until("the template has arrived", |events| fate(events, seq).last() == Some(&"delivered")).await;
    let sent = line.graph.accepted().pop().unwrap();
    assert_eq!((sent.kind.as_str(), sent.to.as_str()), ("template", GUEST));
    assert!(sent.text.starts_with("Dear Ada, your room 12 is ready"), "{}", sent.text);

    let mut desk = line.server.desk(&line.admin).await;
    desk.open(&line.conversation, None).await;
    assert!(line.graph.say(GUEST, "Thank you!").await);
    let seq = desk.event("message").await["seq"].as_u64().unwrap();
    let before = line.graph.marks().len();
    desk.send(json!({"type": "read", "conversation": line.conversation, "seq": seq})).await;
    let give_up = Instant::now() + PATIENCE;
    while line.graph.marks().len() == before {
        assert!(Instant::now() < give_up, "no read mark");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(line.graph.marks().iter().any(|(_, typing)| *typing), "the AI at work showed as typing");
}
