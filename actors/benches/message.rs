//! A guest's message through the actors, from the frame to the outboxes of its three readers, stored in a log in
//! memory: what the server costs beside the disk and the network. `make microbench`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a program for the terminal, which ends where it fails")]

#[path = "../tests/support/mod.rs"]
mod support;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::outbox::{OutboxReader, outbox};
use frontdesk_actors::socket::Voice;
use frontdesk_domain::frame::parse;
use frontdesk_domain::people::{Principal, Role};
use serde_json::{Value, json};
use support::{World, conversation};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const WORDS: &str = "Good evening! We arrive tomorrow with the late train, at about half past eleven. We have two \
                     bicycles with us and would like to keep them inside, and we had asked for a quiet room.";

fn main() {
    divan::main();
}

/// So many messages at once, until each is acknowledged and all three readers have it due.
#[divan::bench(args = [1, 16, 64])]
fn messages(bencher: Bencher<'_, '_>, at_once: usize) {
    let (runtime, scene) = scene();
    let mut sent = 0;
    bencher.counter(ItemsCount::new(at_once)).bench_local(|| {
        runtime.block_on(async {
            for _ in 0..at_once {
                sent += 1;
                scene.guest.send(&json!({"type":"send","id":format!("m{sent}"),"text":WORDS}));
            }
            scene.guest.wait_for(at_once, br#""type":"ack""#).await;
            for agent in &scene.agents {
                agent.wait_for(at_once, br#""kind":"message""#).await;
            }
        });
    });
}

/// What is passed on and not stored.
#[divan::bench]
fn typing(bencher: Bencher<'_, '_>) {
    let (runtime, scene) = scene();
    bencher.bench_local(|| {
        runtime.block_on(async {
            scene.guest.send(&json!({"type":"typing","on":true}));
            for agent in &scene.agents {
                agent.wait_for(1, br#""type":"typing""#).await;
            }
        });
    });
}

struct Line {
    voice: Voice,
    reader: OutboxReader,
}

impl Line {
    async fn open(world: &World, who: Principal) -> Self {
        let (outbox, reader) = outbox(|bytes, frame| {
            bytes.extend_from_slice(frame);
            bytes.push(b'\n');
        });
        let voice = world.hub.attach(who, SessionKey([0; 32]), outbox, None).await.unwrap();
        let line = Self { voice, reader };
        line.wait_for(1, br#""type":"welcome""#).await;
        line
    }

    fn send(&self, frame: &Value) {
        self.voice.frame(parse(&frame.to_string()).unwrap(), None);
    }

    /// Takes what is due until so many frames hold these bytes.
    async fn wait_for(&self, mut count: usize, bytes: &[u8]) {
        while count > 0 {
            let due = self.reader.take().await;
            let frames = due.bytes.split(|byte| *byte == b'\n');
            let found = frames.filter(|frame| frame.windows(bytes.len()).any(|part| part == bytes)).count();
            count = count.saturating_sub(found);
        }
    }
}

/// A guest whom two agents answer, all three with a socket.
struct Scene {
    guest: Line,
    agents: [Line; 2],
    _world: World,
}

fn scene() -> (Runtime, Scene) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let scene = runtime.block_on(async {
        let world = World::start().await;
        let guest = Line::open(&world, world.guest(7)).await;
        let agent = |n| Line::open(&world, world.agent(n, Role::Agent));
        let agents = [agent(1).await, agent(2).await];
        let of = conversation(7);
        for agent in &agents {
            agent.send(&json!({"type":"open","conversation":of}));
            agent.wait_for(1, br#""type":"opened""#).await;
        }
        agents[0].send(&json!({"type":"act","id":"t","conversation":of,"action":"take_over"}));
        agents[0].wait_for(1, br#""type":"ack""#).await;
        Scene { guest, agents, _world: world }
    });
    (runtime, scene)
}
