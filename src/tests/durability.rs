//! Nothing that was acknowledged or shown is lost, doubled or moved, whatever happens to the process.

use std::collections::HashMap;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Caller, Client, Server};

/// One guest who writes all the time and repeats what was not acknowledged, as the pages do.
struct Writer {
    token: String,
    conversation: String,
    sent: usize,
    /// Of each id that was acknowledged, its place.
    acked: HashMap<String, u64>,
    /// Of each event that was shown, its id or text.
    shown: HashMap<u64, String>,
}

impl Writer {
    async fn new(server: &Server) -> Self {
        let guest = server.guest().await;
        Self {
            token: guest.token,
            conversation: guest.conversation,
            sent: 0,
            acked: HashMap::new(),
            shown: HashMap::new(),
        }
    }

    /// Connects, repeats the newest id that may not have been stored, goes on writing until the end.
    async fn write_until_the_end(&mut self, address: &str) {
        let Ok(mut client) = Client::connect_with(address, "/ws/guest", &[]).await else { return };
        client.send(json!({"type":"hello","token":self.token,"after":self.last()})).await;
        while let Some(frame) = client.next().await {
            match frame["type"].as_str().unwrap() {
                "opened" => {
                    for event in frame["events"].as_array().unwrap() {
                        self.see(event);
                    }
                    self.say(&mut client).await;
                }
                "event" => self.see(&frame),
                "ack" => {
                    let (id, seq) =
                        (frame["id"].as_str().unwrap().to_owned(), frame["seq"].as_u64().unwrap());
                    if let Some(first) = self.acked.insert(id, seq) {
                        assert_eq!(first, seq, "a repeat is answered with the first ack");
                    }
                    self.sent += 1;
                    self.say(&mut client).await;
                }
                _ => {}
            }
        }
    }

    async fn say(&self, client: &mut Client) {
        client.say(&format!("m{}", self.sent), &format!("message {}", self.sent)).await;
    }

    fn last(&self) -> u64 {
        self.shown.keys().max().copied().unwrap_or(0)
    }

    fn see(&mut self, event: &Value) {
        let seq = event["seq"].as_u64().unwrap();
        let what = format!("{} {}", event["id"], event["text"]);
        if let Some(before) = self.shown.insert(seq, what.clone()) {
            assert_eq!(before, what, "an event does not change");
        }
    }

    async fn judge(&self, admin: &mut Caller) {
        let history = admin.history(&self.conversation).await;
        for (n, event) in history.iter().enumerate() {
            assert_eq!(event["seq"], json!(n + 1), "dense");
        }
        let mut places: HashMap<String, u64> = HashMap::new();
        for event in history.iter().filter(|event| event["by"]["kind"] == "guest") {
            let id = event["id"].as_str().unwrap().to_owned();
            assert!(places.insert(id, event["seq"].as_u64().unwrap()).is_none(), "doubled: {event}");
        }
        for (id, seq) in &self.acked {
            assert_eq!(places.get(id), Some(seq), "acknowledged and lost or moved: {id}");
        }
        for (seq, what) in &self.shown {
            let event = &history[usize::try_from(*seq).unwrap() - 1];
            assert_eq!(&format!("{} {}", event["id"], event["text"]), what, "shown and gone");
        }
        let mut order: Vec<(u64, usize)> =
            places.iter().map(|(id, seq)| (*seq, id[1..].parse().unwrap())).collect();
        order.sort_unstable();
        assert!(order.windows(2).all(|pair| pair[0].1 < pair[1].1), "an author's messages keep their order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_under_load() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut writers = Vec::new();
    for _ in 0..12 {
        writers.push(Writer::new(&server).await);
    }
    for round in 0..20_u64 {
        let address = server.address.clone();
        let tasks = writers.drain(..).map(|mut writer| {
            let address = address.clone();
            tokio::spawn(async move {
                writer.write_until_the_end(&address).await;
                writer
            })
        });
        let tasks: Vec<_> = tasks.collect();
        // Killed at another point of its work each time.
        tokio::time::sleep(Duration::from_millis(60 + round * 17 % 190)).await;
        server.crash().await;
        for task in tasks {
            writers.push(task.await.unwrap());
        }
    }
    let acked: usize = writers.iter().map(|writer| writer.acked.len()).sum();
    assert!(acked > 500, "the load was real: {acked}");
    let mut admin = server.admin().await;
    for writer in &writers {
        writer.judge(&mut admin).await;
    }
}

#[tokio::test]
async fn a_repeat_after_a_restart_is_answered_with_the_first_ack() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.say("once", "hello").await;
    let first = page.expect("ack").await;
    server.crash().await;
    let mut page = Client::hello(&server.address, "/ws/guest", &guest.token, Some(0)).await;
    page.say("once", "hello").await;
    assert_eq!(page.expect("ack").await, first);
    page.say("once", "something else").await;
    assert_eq!(page.expect("error").await["code"], "conflict");
    let history = server.admin().await.history(&guest.conversation).await;
    assert_eq!(history.iter().filter(|event| event["by"]["kind"] == "guest").count(), 1);
}

#[tokio::test]
async fn sigterm_says_goodbye_and_exits_clean() {
    let mut server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    page.say("g1", "hello").await;
    page.expect("ack").await;
    server.signal(Signal::SIGTERM);
    assert_eq!(page.end().await, 1001);
    assert_eq!(desk.end().await, 1001);
    assert_eq!(server.exit().await.code(), Some(0));
}

#[tokio::test]
async fn while_it_says_goodbye_it_is_not_ready() {
    let mut server = Server::start(&[]).await;
    // A client that does not answer the farewell is waited for.
    let (_guest, _page) = server.guest_page().await;
    server.signal(Signal::SIGTERM);
    let give_up = std::time::Instant::now() + Duration::from_secs(3);
    let mut caller = server.caller();
    while caller.get("/readyz").await.0 != 503 {
        assert!(std::time::Instant::now() < give_up, "never said that it is not ready");
    }
    assert_eq!(server.exit().await.code(), Some(0));
}
