//! A network that loses, delays and cuts: what was said arrives once, in order, and nobody sees a hole.
//!
//! Loss on the way is, above TCP, a pause and then all at once; so it is here, where the system cannot be told to lose
//! packets.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_tungstenite::connect_async;

use crate::support::{Client, Server};

/// How many messages each side says.
const MESSAGES: usize = 25;
/// A client that hears nothing for so long while it waits for something comes anew.
const SILENCE: Duration = Duration::from_secs(2);
const DONE_WITHIN: Duration = Duration::from_secs(240);

/// What happened to connections.
#[derive(Default)]
struct Fates {
    cut: AtomicU32,
    frozen: AtomicU32,
}

/// Passes connections on to the server, badly. Returns its address.
async fn bad_network(server: &str, fates: Arc<Fates>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = server.to_owned();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (server, fates) = (server.clone(), Arc::clone(&fates));
            tokio::spawn(async move {
                let far = TcpStream::connect(server).await.unwrap();
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                // So many bytes get through, whatever they were in the middle of.
                let through = fastrand::usize(800..6_000);
                let freezes = fastrand::u8(..4) == 0;
                let ((mut near_in, mut near_out), (mut far_in, mut far_out)) =
                    (near.into_split(), far.into_split());
                let is_over = tokio::select! {
                    over = badly(&mut near_in, &mut far_out, through) => over,
                    over = badly(&mut far_in, &mut near_out, through) => over,
                };
                // Cut, or silent for ever while both ends believe that it lives.
                let fate = if freezes { &fates.frozen } else { &fates.cut };
                fate.fetch_add(u32::from(is_over), Ordering::Relaxed);
                if is_over && freezes {
                    sleep(DONE_WITHIN).await;
                }
            });
        }
    });
    address
}

/// A few bytes at a time, now and then after a pause. True once so many are through; false if one end has closed. For as
/// long as the caller holds the halves nothing is closed.
async fn badly(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, mut through: usize) -> bool {
    let mut piece = [0; 64];
    while through > 0 {
        let most = if fastrand::bool() { 1 } else { piece.len() }.min(through);
        let Ok(count @ 1..) = from.read(&mut piece[..most]).await else { return false };
        through -= count;
        if fastrand::u8(..50) == 0 {
            sleep(Duration::from_millis(fastrand::u64(50..400))).await;
        }
        if to.write_all(&piece[..count]).await.is_err() {
            return false;
        }
    }
    true
}

/// Somebody who says what is left to be said, comes back whenever the connection is gone, and holds what was heard.
struct Person {
    path: &'static str,
    token: String,
    conversation: String,
    to_say: VecDeque<String>,
    last: u64,
    heard: Vec<Value>,
    connections: u32,
}

impl Person {
    fn new(path: &'static str, who: &str, token: &str, conversation: &str) -> Self {
        let to_say = (0..MESSAGES).map(|n| format!("{who}{n}")).collect();
        let (token, conversation) = (token.to_owned(), conversation.to_owned());
        Self { path, token, conversation, to_say, last: 0, heard: Vec::new(), connections: 0 }
    }

    async fn run(mut self, network: String) -> Self {
        let give_up = Instant::now() + DONE_WITHIN;
        while !self.to_say.is_empty() {
            assert!(
                Instant::now() < give_up,
                "{} still to say after {}",
                self.to_say.len(),
                self.connections
            );
            self.connections += 1;
            self.once(&network).await;
        }
        self
    }

    /// One connection, until it is gone or all is said.
    async fn once(&mut self, network: &str) {
        let connecting = tokio::time::timeout(SILENCE, connect_async(format!("ws://{network}{}", self.path)));
        let Ok(Ok((ws, _))) = connecting.await else { return };
        let mut client =
            Client { ws, closed: None, reason: String::new(), welcome: Value::Null, protocol: None };
        let is_guest = self.path == "/ws/guest";
        let mut hello = json!({"type": "hello", "token": self.token});
        if is_guest {
            hello["after"] = json!(self.last);
        }
        client.send(hello).await;
        if !is_guest {
            client.send(json!({"type": "open", "conversation": self.conversation, "after": self.last})).await;
        }
        let mut asked = false;
        while let Ok(Some(frame)) = client.next_within(SILENCE).await {
            match frame["type"].as_str().unwrap() {
                "opened" => {
                    frame["events"].as_array().unwrap().iter().for_each(|event| self.take(event));
                    asked = false;
                }
                "event" if frame["conversation"] == self.conversation.as_str() => self.take(&frame),
                "ack" if frame["id"] == self.to_say[0].as_str() => {
                    self.to_say.pop_front();
                    asked = false;
                }
                "error" => panic!("{frame}"),
                _ => {}
            }
            let Some(id) = self.to_say.front() else { return };
            if !asked && self.last > 0 {
                asked = true;
                let text = format!("word of {id}");
                let mut say = json!({"type": "send", "id": id, "text": text});
                say["conversation"] = json!(self.conversation);
                client.send(say).await;
            }
        }
    }

    /// The chain must not break, nor begin anew.
    fn take(&mut self, event: &Value) {
        assert_eq!(event["prev"], self.last, "a hole or a repeat after {}: {event}", self.last);
        self.last = event["seq"].as_u64().unwrap();
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove("type");
        self.heard.push(event);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_arrives_once_and_in_order() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let guest = server.guest().await;
    let mut admin = server.admin().await;
    // A person has it: the AI adds nothing. And there is something to be held.
    let path = format!("/api/conversations/{}/messages", guest.conversation);
    assert_eq!(admin.post(&path, json!({"id": "first", "text": "good morning"})).await.0, 201);
    let fates = Arc::new(Fates::default());
    let network = bad_network(&server.address, Arc::clone(&fates)).await;
    let guest_there = Person::new("/ws/guest", "g", &guest.token, &guest.conversation);
    let agent_there = Person::new("/ws/agent", "a", &admin.token, &guest.conversation);
    let there = [guest_there, agent_there].map(|person| tokio::spawn(person.run(network.clone())));
    let mut said = Vec::new();
    for person in there {
        said.push(person.await.unwrap());
    }
    let [cut, frozen] = [&fates.cut, &fates.frozen].map(|count| count.load(Ordering::Relaxed));
    println!("{cut} connections cut, {frozen} silent, {} and {}", said[0].connections, said[1].connections);
    assert!(cut > 5 && frozen > 1, "the network was bad: {cut} {frozen}");
    let history = admin.history(&guest.conversation).await;
    for (who, person) in ["g", "a"].iter().zip(&said) {
        let ids = history.iter().filter_map(|event| event["id"].as_str()).filter(|id| id.starts_with(who));
        let wanted: Vec<String> = (0..MESSAGES).map(|n| format!("{who}{n}")).collect();
        assert_eq!(ids.collect::<Vec<_>>(), wanted, "once each, in the order of saying");
        // What was heard is how it was, as far as it was heard.
        let visible = history.iter().filter(|event| *who == "a" || event["prev"].is_u64());
        let stored: Vec<u64> = visible.map(|event| event["seq"].as_u64().unwrap()).collect();
        let heard: Vec<u64> = person.heard.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert!(heard.iter().all(|seq| stored.contains(seq)) && heard.is_sorted(), "{heard:?}");
    }
}
