//! Two nodes over one database: what people at one see of the other, and what happens when the wire between them is
//! gone or loses letters, and when one of them sleeps or is killed.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use frontdesk_bench::fake_openai::FakeOpenAi;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::cluster::Cluster;
use crate::support::nats::{self, BadWire, NatsServer};
use crate::support::server::{ADMIN, PATIENCE, binary};
use crate::support::{Caller, Client, Server};

/// How long a message may take from one node to the other while the wire is bad; promised of a release build.
const DELIVERED_WITHIN: Duration = Duration::from_secs(2);
/// How long after that whoever sends tries again.
const AGAIN_AFTER: Duration = Duration::from_millis(700);
/// How long a node may show words of the AI after its last look at whose conversation it is.
const LEASE: Duration = Duration::from_millis(900);

/// Two nodes.
struct Pair {
    a: Server,
    b: Server,
    nats: NatsServer,
    wire: BadWire,
    _model: FakeOpenAi,
    _cluster: Cluster,
}

/// What the model says: slowly, and for longer than a test looks on.
fn long_answer() -> String {
    format!("fake:delta=100,text={}", vec!["word"; 300].join(" "))
}

impl Pair {
    async fn start() -> Self {
        let cluster = Cluster::new();
        cluster.make("hotel").await;
        let nats = NatsServer::start().await;
        // One of the two hears the other by a wire that can be bad, and is heard well.
        let wire = BadWire::new(nats.port).await;
        let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let database = cluster.url("hotel", cluster.port());
        let (url, name) = (model.url(), long_answer());
        let node = |port: u16| {
            let nats = nats::url(port);
            let settings: Vec<(&'static str, String)> = vec![
                ("DATABASE_URL", database.clone()),
                ("NATS_URL", nats),
                ("FRONTDESK_SECRET_KEY", "0123456789abcdef0123456789abcdef0123456789abcdef".to_owned()),
                ("OPENAI_BASE_URL", url.clone()),
                ("OPENAI_MODEL", name.clone()),
            ];
            settings
        };
        let a = start(node(nats.port)).await;
        let b = start(node(wire.port)).await;
        Self { a, b, nats, wire, _model: model, _cluster: cluster }
    }

    /// The same person, at the other node.
    fn at_b(&self, caller: &Caller) -> Caller {
        let mut there = Caller::new(&self.b.address);
        there.token.clone_from(&caller.token);
        there.cookie.clone_from(&caller.cookie);
        there.conversation.clone_from(&caller.conversation);
        there
    }
}

async fn start(settings: Vec<(&'static str, String)>) -> Server {
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(&settings).await
}

/// A reader who notices what is missing, and what comes twice.
struct Reader {
    client: Client,
    last: u64,
    is_agent: bool,
    conversation: String,
    /// Told, and not looked at.
    told: VecDeque<Value>,
}

impl Reader {
    async fn guest(server: &Server) -> (Caller, Self) {
        let (caller, client) = server.guest_page().await;
        let conversation = caller.conversation.clone();
        (caller, Self { client, last: 0, is_agent: false, conversation, told: VecDeque::new() })
    }

    async fn agent(server: &Server, conversation: &str) -> Self {
        let mut caller = server.caller();
        caller.login(ADMIN.0, ADMIN.1).await;
        let mut client = server.desk(&caller).await;
        let opened = client.open(conversation, None).await;
        let last = opened["conversation"]["last_seq"].as_u64().unwrap();
        let (conversation, told) = (conversation.to_owned(), VecDeque::new());
        Self { client, last, is_agent: true, conversation, told }
    }

    /// The next frame in time, with its place looked at. Whose conversation is opened anew by the server is told in
    /// `opened` what it has not been told.
    async fn next(&mut self, within: Duration) -> Option<Value> {
        if self.told.is_empty() {
            let mut frame = self.client.next_within(within).await.ok()?.expect("stays connected");
            if frame["type"] == "opened" {
                for mut event in std::mem::take(frame["events"].as_array_mut().unwrap()) {
                    event["type"] = json!("event");
                    self.told.push_back(event);
                }
            }
            self.told.push_back(frame);
        }
        let frame = self.told.pop_front()?;
        if frame["type"] == "event" && frame["conversation"] == self.conversation.as_str() {
            assert_eq!(frame["prev"].as_u64().unwrap(), self.last, "neither missing nor twice: {frame}");
            self.last = frame["seq"].as_u64().unwrap();
        }
        Some(frame)
    }

    async fn find(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let frame = self.next(left).await.unwrap_or_else(|| panic!("{what} in time"));
            if fits(&frame) {
                return frame;
            }
        }
    }

    async fn say(&mut self, id: &str) {
        let mut frame = json!({"type":"send","id":id,"text":format!("This is {id}")});
        if self.is_agent {
            frame["conversation"] = json!(self.conversation);
        }
        self.client.send(frame).await;
    }

    async fn act(&mut self, id: &str, action: &str) {
        let act = json!({"type":"act","id":id,"conversation":self.conversation,"action":action});
        self.client.send(act).await;
    }
}

/// One says something until the other has it. How long that took.
async fn tell(from: &mut Reader, to: &mut Reader, id: &str) -> Duration {
    let began = Instant::now();
    let mut said = began;
    from.say(id).await;
    let mut acked = false;
    loop {
        assert!(began.elapsed() < PATIENCE, "{id} is never heard");
        if !acked && said.elapsed() > AGAIN_AFTER {
            said = Instant::now();
            from.say(id).await;
        }
        while let Some(frame) = from.next(Duration::from_millis(1)).await {
            acked |= frame["type"] == "ack" && frame["id"] == id;
        }
        if let Some(frame) = to.next(Duration::from_millis(5)).await
            && frame["type"] == "event"
            && frame["id"] == id
        {
            return began.elapsed();
        }
    }
}

/// The two talk for a while; says how long the slowest message took, and how many there were.
async fn talk(guest: &mut Reader, agent: &mut Reader, round: &str, time: Duration) -> (Duration, usize) {
    let began = Instant::now();
    let (mut slowest, mut count) = (Duration::ZERO, 0);
    while began.elapsed() < time {
        slowest = slowest.max(tell(guest, agent, &format!("{round}-g{count}")).await);
        slowest = slowest.max(tell(agent, guest, &format!("{round}-a{count}")).await);
        count += 1;
    }
    (slowest, 2 * count)
}

/// Has the agent take over, so that only people talk.
async fn people_only(guest: &mut Reader, agent: &mut Reader) {
    agent.act("take", "take_over").await;
    agent.find("the take-over", |frame| frame["type"] == "event" && frame["kind"] == "mode").await;
    guest.find("the take-over", |frame| frame["type"] == "event" && frame["kind"] == "mode").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and NATS: make test-postgres"]
async fn two_nodes_are_as_one() {
    let pair = Pair::start().await;
    // Who is at one desk is seen at the other.
    let (admin, mut desk_a) = pair.a.dashboard().await;
    let (caller, mut guest) = Reader::guest(&pair.a).await;
    guest.say("g1").await;
    guest.find("words of the AI", |frame| frame["type"] == "draft").await;
    let mut agent = Reader::agent(&pair.b, &guest.conversation).await;
    let draft = agent.find("words of the AI", |frame| frame["type"] == "draft").await;
    assert!(draft["text"].as_str().is_some_and(|text| text.contains("word")), "{draft}");
    // The human wins, from the other node.
    agent.act("take", "take_over").await;
    agent.find("the ack", |frame| frame["type"] == "ack" && frame["id"] == "take").await;
    guest.find("the take-over", |frame| frame["type"] == "event" && frame["kind"] == "mode").await;
    for reader in [&mut guest, &mut agent] {
        while let Some(frame) = reader.next(Duration::from_millis(700)).await {
            assert_ne!(frame["type"], "draft", "{frame}");
            assert!(frame["type"] != "event" || frame["by"]["kind"] != "ai", "{frame}");
        }
    }
    let (slowest, count) = talk(&mut guest, &mut agent, "r", Duration::from_secs(2)).await;
    println!("{count} messages from node to node, the slowest after {} ms", slowest.as_millis());
    // What passes, too.
    guest.client.send(json!({"type":"typing","on":true})).await;
    agent.find("typing", |frame| frame["type"] == "typing" && frame["by"]["kind"] == "guest").await;
    desk_a.summary(&guest.conversation, |summary| summary["mode"] == "human").await;
    // The same guest, at the other node: the thread goes on.
    let guest_b = pair.at_b(&caller);
    let (mut page_b, opened) = pair.b.page(&guest_b, None).await;
    let newest = opened["events"].as_array().unwrap().iter().rev().find(|event| event["kind"] == "message");
    assert_eq!(newest.unwrap()["id"], format!("r-a{}", count / 2 - 1));
    page_b.done(json!({"type":"send","id":"from-b","text":"I moved"})).await;
    guest.find("its own words", |frame| frame["type"] == "event" && frame["id"] == "from-b").await;
    // Ended at one, closed at the other.
    let mut there = pair.at_b(&admin);
    assert_eq!(there.post("/api/logout", json!({})).await.0, 204);
    assert_eq!(desk_a.end().await, 4401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and NATS: make test-postgres"]
async fn without_the_wire_it_is_slower_and_never_wrong() {
    let seconds = std::env::var("FRONTDESK_WIRE_GONE").map_or(8, |seconds| seconds.parse().unwrap());
    let mut pair = Pair::start().await;
    let (_, mut guest) = Reader::guest(&pair.a).await;
    tell_first(&mut guest).await;
    let mut agent = Reader::agent(&pair.b, &guest.conversation).await;
    people_only(&mut guest, &mut agent).await;
    let (well, _) = talk(&mut guest, &mut agent, "well", Duration::from_secs(2)).await;
    pair.nats.kill();
    let (gone, count) = talk(&mut guest, &mut agent, "gone", Duration::from_secs(seconds)).await;
    pair.nats.restart().await;
    let (back, _) = talk(&mut guest, &mut agent, "back", Duration::from_secs(2)).await;
    pair.wire.set_bad(true);
    let (half, more) = talk(&mut guest, &mut agent, "half", Duration::from_secs(seconds)).await;
    println!(
        "the slowest message: {well:?}; without the wire {gone:?} ({count} messages); after it {back:?}; \
         with every other letter lost {half:?} ({more} messages, {} letters lost)",
        pair.wire.lost()
    );
    assert!(pair.wire.lost() > 0);
    if binary().1 || !cfg!(debug_assertions) {
        assert!(gone < DELIVERED_WITHIN && half < DELIVERED_WITHIN);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and NATS: make test-postgres"]
async fn who_takes_over_without_the_wire_waits_until_the_other_node_is_silent() {
    let mut pair = Pair::start().await;
    let (_, mut guest) = Reader::guest(&pair.a).await;
    guest.say("g1").await;
    guest.find("words of the AI", |frame| frame["type"] == "draft").await;
    let mut agent = Reader::agent(&pair.b, &guest.conversation).await;
    pair.nats.kill();
    let began = Instant::now();
    let taken = async {
        agent.act("take", "take_over").await;
        let answer = agent.find("an answer", |frame| frame["id"] == "take" && frame["type"] != "event").await;
        assert_eq!(answer["type"], "ack", "{answer}");
        Instant::now()
    };
    // The node where the AI speaks lives, and cannot be asked.
    let spoken = async {
        let mut last_word = began;
        loop {
            let frame = guest.next(PATIENCE).await.expect("the take-over in time");
            if frame["type"] == "draft" {
                last_word = Instant::now();
            } else if frame["type"] == "event" && frame["kind"] == "mode" {
                return last_word;
            }
        }
    };
    let (acked, last_word) = tokio::join!(taken, spoken);
    println!(
        "without the wire taken over after {:?}, the last word after {:?}",
        acked - began,
        last_word - began
    );
    assert!(acked - began >= LEASE, "no sooner than the other node is surely silent");
    assert!(last_word < acked, "and it was");
}

/// The first thing that a guest says, so that there is something to open.
async fn tell_first(guest: &mut Reader) {
    guest.say("first").await;
    guest.find("the ack", |frame| frame["type"] == "ack").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and NATS: make test-postgres"]
async fn a_node_that_slept_does_not_speak_where_a_human_took_over() {
    let times = std::env::var("FRONTDESK_SLEEPS").map_or(3, |times| times.parse().unwrap());
    let asleep = std::env::var("FRONTDESK_ASLEEP").map_or(3, |seconds| seconds.parse().unwrap());
    let pair = Pair::start().await;
    let (mut taken, mut late) = (Vec::new(), Duration::ZERO);
    for _ in 0..times {
        let (_, mut guest) = Reader::guest(&pair.a).await;
        tell_first(&mut guest).await;
        guest.find("words of the AI", |frame| frame["type"] == "draft").await;
        let mut agent = Reader::agent(&pair.b, &guest.conversation).await;
        pair.a.signal(Signal::SIGSTOP);
        let began = Instant::now();
        agent.act("take", "take_over").await;
        let ack = agent.find("an answer", |frame| frame["id"] == "take" && frame["type"] != "event").await;
        assert_eq!(ack["type"], "ack", "{ack}");
        taken.push(began.elapsed());
        let over = ack["seq"].as_u64().unwrap();
        agent.say("human").await;
        let human = agent.find("its ack", |frame| frame["type"] == "ack" && frame["id"] == "human").await;
        // What the take-over cut is stored before it, and may be told after the ack.
        let mut told = Duration::ZERO;
        while agent.last < human["seq"].as_u64().unwrap() {
            let waits = Instant::now();
            let frame = agent.next(Duration::from_secs(5)).await.expect("told at the node that has it");
            assert!(frame["by"]["kind"] != "ai" || frame["seq"].as_u64().unwrap() < over, "{frame}");
            told += waits.elapsed();
        }
        late = late.max(told);
        tokio::time::sleep(Duration::from_secs(asleep)).await;
        pair.a.signal(Signal::SIGCONT);
        // The guest is still with the node that slept: it is told what it missed, and nothing of the AI after it.
        guest.find("the human's words", |frame| frame["type"] == "event" && frame["id"] == "human").await;
        for reader in [&mut guest, &mut agent] {
            while let Some(frame) = reader.next(Duration::from_millis(500)).await {
                assert_ne!(frame["type"], "draft", "{frame}");
                assert!(frame["type"] != "event" || frame["by"]["kind"] != "ai", "{frame}");
            }
        }
    }
    println!(
        "{times} nodes asleep for {asleep} s; taken over after {taken:?}; told {} ms after the ack at most",
        late.as_millis()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL and NATS: make test-postgres"]
async fn a_node_that_is_killed_leaves_its_guests_to_the_other() {
    let mut pair = Pair::start().await;
    let (caller, mut guest) = Reader::guest(&pair.a).await;
    guest.say("g1").await;
    guest.find("words of the AI", |frame| frame["type"] == "draft").await;
    let mut agent = Reader::agent(&pair.b, &guest.conversation).await;
    pair.a.signal(Signal::SIGKILL);
    pair.a.exit().await;
    // The turn that was open is taken up at the other node, and nobody has to say anything for that.
    let killed = Instant::now();
    while agent.next(Duration::from_millis(400)).await.is_some() {}
    agent.find("words of the AI", |frame| frame["type"] == "draft").await;
    println!("the AI goes on at the other node after {} ms", killed.elapsed().as_millis());
    let (mut page, opened) = pair.b.page(&pair.at_b(&caller), None).await;
    assert!(opened["events"].as_array().unwrap().iter().any(|event| event["id"] == "g1"), "{opened}");
    page.done(json!({"type":"send","id":"g2","text":"Still there?"})).await;
    // What only one node does is done by the one that is left.
    pair.b.ready().await;
}
