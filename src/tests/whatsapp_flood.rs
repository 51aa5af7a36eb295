//! Webhooks as they come on a bad day: out of order, several times at once, with the server killed between.
//!
//! `FRONTDESK_FLOOD` sets how many there are.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::binary;
use crate::support::whatsapp::{SECRET, SETTINGS, body, collection, said, sign, text};
use crate::support::{Meta, Server};

/// How many posts are under way at once.
const AT_ONCE: usize = 16;
/// How often the server is killed.
const KILLS: usize = 3;

/// Half of the posts, and 99 % of them, are answered within: what is promised of a release build on two cores.
const RELEASED: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// The same for the unoptimised build of the tests, which shares its cores with a hundred other tests: it finds
/// a post that waits for something it should not, not one that is a little slower.
const DEBUG: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// Bodies, shuffled, each one to four times; and how many messages they hold, by guest.
fn flood(webhooks: usize) -> (VecDeque<Arc<Vec<u8>>>, HashMap<String, usize>) {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let guests = (webhooks / 10).max(1);
    let mut all = Vec::new();
    let mut expected = HashMap::new();
    let mut next = 0;
    for webhook in 0..webhooks {
        // Most hold a few messages, one in 250 as many as there may be.
        let many = if webhook % 250 == 125 { 1_000 } else { 1 + dice.below(5) };
        let messages: Vec<Value> = (0..many)
            .map(|_| {
                let phone = format!("1555{:07}", dice.below(guests));
                next += 1;
                *expected.entry(format!("+{phone}")).or_default() += 1;
                text(&format!("wamid.flood.{next}"), &phone, &format!("m{next}"))
            })
            .collect();
        let body = Arc::new(body(json!({ "messages": messages })).to_string().into_bytes());
        all.extend((0..1 + dice.below(4)).map(|_| Arc::clone(&body)));
    }
    for at in (1..all.len()).rev() {
        all.swap(at, dice.below(at + 1));
    }
    (all.into(), expected)
}

/// Posts until nothing is left; what is not answered 200 goes back to the end, as Meta does it.
async fn post_all(
    meta: Arc<Meta>,
    todo: Arc<Mutex<VecDeque<Arc<Vec<u8>>>>>,
    took: Arc<Mutex<Vec<Duration>>>,
    stop_at: usize,
) {
    loop {
        let next = {
            let mut todo = todo.lock().unwrap();
            if todo.len() <= stop_at { None } else { todo.pop_front() }
        };
        let Some(body) = next else { return };
        let signature = sign(SECRET, &body);
        let began = Instant::now();
        let status = meta.try_post(&body, Some(&signature)).await;
        match status {
            Some(200) => took.lock().unwrap().push(began.elapsed()),
            Some(503) | None => {
                todo.lock().unwrap().push_back(body);
                if status.is_none() {
                    return;
                }
            }
            Some(other) => panic!("answered {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_day() {
    let webhooks = std::env::var("FRONTDESK_FLOOD").map_or(500, |count| count.parse().unwrap());
    let (bodies, expected) = flood(webhooks);
    let posts = bodies.len();
    let mut server = Server::start(SETTINGS).await;
    let mut meta = Arc::new(Meta::new(&server));
    let todo = Arc::new(Mutex::new(bodies));
    let took = Arc::new(Mutex::new(Vec::new()));
    for round in (0..=KILLS).rev() {
        let stop_at = posts * round / (KILLS + 1);
        let posting: Vec<_> = (0..AT_ONCE)
            .map(|_| tokio::spawn(post_all(Arc::clone(&meta), Arc::clone(&todo), Arc::clone(&took), stop_at)))
            .collect();
        if round > 0 {
            // In the middle of its work, not after it.
            while todo.lock().unwrap().len() > stop_at + AT_ONCE {
                tokio::task::yield_now().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            server.crash().await;
            meta = Arc::new(meta.moved(&server));
        }
        for posting in posting {
            posting.await.unwrap();
        }
    }
    let all = said(&mut server.admin().await).await;
    assert_eq!(all.len(), expected.len(), "one conversation a guest");
    let mut seen = HashMap::new();
    for (phone, history) in &all {
        let texts: Vec<&str> = history
            .iter()
            .filter(|event| event["kind"] == "message" && event["by"]["kind"] == "guest")
            .map(|event| event["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts.len(), expected[phone], "{phone}");
        for text in texts {
            *seen.entry(text).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.len(), expected.values().sum::<usize>());
    assert!(seen.values().all(|count| *count == 1), "each message once");
    let mut took = took.lock().unwrap();
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{webhooks} webhooks, {posts} posts, {} messages, {KILLS} kills: p50 {:?}, p99 {:?}, max {:?}",
        seen.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    let (median, tail) = if binary().1 { RELEASED } else { DEBUG };
    assert!(at(0.5) <= median && at(0.99) <= tail, "half within {median:?}, 99 % within {tail:?}");
}

/// Bodies with some of their bytes changed, rightly signed; also those that were no JSON to begin with.
#[tokio::test]
async fn what_nobody_meant_to_send() {
    let mut seeds =
        vec![body(json!({"messages": [text("wamid.seed", "15550000001", "hi")]})).to_string().into_bytes()];
    if let Some(folder) = collection() {
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        seeds.extend(
            files
                .filter(|file| file.extension().is_some_and(|end| end == "json" || end == "txt"))
                .map(|file| std::fs::read(file).unwrap()),
        );
    }
    let server = Server::start(SETTINGS).await;
    let meta = Meta::new(&server);
    let mut dice = Dice(7);
    for seed in &seeds {
        for _ in 0..10 {
            let mut body = seed.clone();
            for _ in 0..=dice.below(4) {
                let at = dice.below(body.len() + 1);
                let byte = u8::try_from(dice.below(256)).unwrap();
                // One more at the end: an empty body has no byte to change.
                match body.get_mut(at) {
                    Some(old) => *old = byte,
                    None => body.push(byte),
                }
            }
            let status = meta.post(&body).await;
            assert!(matches!(status, 200 | 400), "{status}: {}", String::from_utf8_lossy(&body));
        }
    }
    let metrics = server.caller();
    let metrics = metrics.http.get(metrics.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let panics: Vec<&str> =
        metrics.lines().filter(|line| line.starts_with("frontdesk_panics_total")).collect();
    assert_eq!(panics, ["frontdesk_panics_total 0"], "nor does any of them end a task");
}
