//! Take-overs over real sockets while many answers stream: the human wins, at once.
//!
//! A few always; `make takeovers` has ten thousand, with a thousand answers under way, on the release build, and says
//! how soon they were acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::support::server::binary;
use crate::support::{Ai, Caller};

/// So many answers stream at once.
const AT_ONCE: usize = 1_000;
/// Agents who take over, each at one dashboard.
const DESKS: usize = 4;
/// Between two words, in milliseconds.
const PACE: u64 = 200;
/// The same of a thousand answers where this test and its stand-in are not optimised: they share a machine with the
/// server, and are not to be what is measured.
const UNHURRIED: u64 = 1_000;
/// The model's first word takes so long, in milliseconds: beside it a machine that stumbles does not look like a model
/// that has too much to do, which the pool would spare.
const FIRST: u64 = 2_000;
/// So long after one another they begin, in milliseconds: the pool doubles its calls with each round of first words, and
/// whom it lets wait for long gets the embedded answerer.
const APART: u64 = 120;
/// The latest moment of a take-over after the first word, in milliseconds.
const LATEST: u64 = 12_000;
/// Acknowledged within this, 99 of a hundred, in a release build.
const ACKED_WITHIN: Duration = Duration::from_millis(50);

/// A dashboard that several guests' agents share.
type Desk = mpsc::Sender<(String, oneshot::Sender<Value>)>;

struct Stage {
    ai: Ai,
    desks: Vec<Desk>,
    /// Take-overs that are still to be made.
    left: AtomicUsize,
    /// Answers under way.
    streaming: AtomicUsize,
}

/// One take-over.
struct Played {
    acked: Duration,
    /// In mid-sentence.
    cut: bool,
    /// Answers under way at that moment.
    beside: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_human_wins_over_real_sockets() {
    let all = std::env::var("FRONTDESK_TAKEOVERS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let slots = AT_ONCE.min(all / 2);
    let pace = if cfg!(debug_assertions) && slots >= AT_ONCE { UNHURRIED } else { PACE };
    let words = vec!["word"; usize::try_from(LATEST / pace).unwrap() * 4].join(" ");
    let settings = [("OPENAI_MAX_CONCURRENCY", "2000"), ("OPENAI_MAX_TPM", "1000000000")];
    let ai = Ai::start(&format!("slow-first-token={FIRST},delta={pace},text={words}"), &settings).await;
    let admin = ai.server.admin().await;
    let desks = join_all((0..DESKS).map(|_| desk(&ai, &admin))).await;
    let stage = Arc::new(Stage { ai, desks, left: AtomicUsize::new(all), streaming: AtomicUsize::new(0) });
    let slots = (0..slots).map(|nth| tokio::spawn(slot(Arc::clone(&stage), nth as u64)));
    let played: Vec<Played> = join_all(slots).await.into_iter().flat_map(|slot| slot.unwrap()).collect();
    report(&played);
    // Every stream of the model is closed by now, or in a moment.
    let give_up = Instant::now() + Duration::from_secs(5);
    let open = || {
        let entries = stage.ai.model.journal().entries();
        let open = |entry: &&frontdesk_bench::fake_openai::Entry| {
            entry.finished_at_ms.is_none() && entry.client_closed_at_ms.is_none()
        };
        entries.iter().filter(open).count()
    };
    while open() > 0 {
        assert!(Instant::now() < give_up, "{} streams are still open", open());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn report(played: &[Played]) {
    let mut acked: Vec<Duration> = played.iter().map(|played| played.acked).collect();
    acked.sort();
    let mut beside: Vec<usize> = played.iter().map(|played| played.beside).collect();
    beside.sort_unstable();
    let (median, late) = (acked[acked.len() / 2], acked[acked.len() * 99 / 100]);
    let cut = played.iter().filter(|played| played.cut).count();
    println!(
        "{} take-overs, {cut} in mid-sentence, beside {} answers under way (median): acknowledged after {median:?} \
         (median), {late:?} (99 %)",
        played.len(),
        beside[beside.len() / 2],
    );
    assert!(cut * 2 > played.len(), "most were cut in mid-sentence: {cut}");
    if binary().1 || !cfg!(debug_assertions) {
        assert!(late <= ACKED_WITHIN, "{late:?}");
    }
}

/// An agent's socket, served by a task: take-overs go in, their acks come out.
async fn desk(ai: &Ai, admin: &Caller) -> Desk {
    let mut client = ai.server.desk(admin).await;
    let (sender, mut orders) = mpsc::channel::<(String, oneshot::Sender<Value>)>(100);
    tokio::spawn(async move {
        let mut waiting = std::collections::HashMap::new();
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some((conversation, ack)) = order else { return };
                    let act = json!({"type":"act","id":conversation,"conversation":conversation,"action":"take_over"});
                    waiting.insert(conversation, ack);
                    client.send(act).await;
                }
                frame = client.next_within(Duration::from_secs(600)) => {
                    let frame = frame.unwrap().expect("a desk stays connected");
                    if frame["type"] == "ack" || frame["type"] == "error" {
                        let ack = frame["id"].as_str().and_then(|id| waiting.remove(id));
                        let _ = ack.expect("asked for").send(frame);
                    }
                }
            }
        }
    });
    sender
}

/// One guest after the other, as long as there are take-overs to be made.
async fn slot(stage: Arc<Stage>, nth: u64) -> Vec<Played> {
    let mut dice = (nth + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut roll = move |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    tokio::time::sleep(Duration::from_millis(nth * APART)).await;
    let mut played = Vec::new();
    while stage.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        let desk = &stage.desks[usize::try_from(nth).unwrap() % DESKS];
        played.push(take_over(&stage, desk, Duration::from_millis(roll(LATEST))).await);
    }
    played
}

/// A new guest asks, and after the first word and this time an agent takes over.
async fn take_over(stage: &Stage, desk: &Desk, after: Duration) -> Played {
    let (mut guest, mut page) = stage.ai.server.guest_page().await;
    let mut screen = Screen::default();
    page.say("q", "When is breakfast?").await;
    while screen.shown.is_empty() && !screen.human {
        screen.show(&page.next().await.expect("connected"));
    }
    stage.streaming.fetch_add(1, Ordering::SeqCst);
    let at = Instant::now() + after;
    while let Some(left) = at.checked_duration_since(Instant::now()) {
        if let Ok(frame) = page.next_within(left).await {
            screen.show(&frame.expect("connected"));
        }
    }
    let beside = stage.streaming.load(Ordering::SeqCst);
    let (sender, ack) = oneshot::channel();
    let began = Instant::now();
    desk.send((guest.conversation.clone(), sender)).await.expect("the desk is there");
    let ack = ack.await.expect("the desk is there");
    let acked = began.elapsed();
    stage.streaming.fetch_sub(1, Ordering::SeqCst);
    assert_eq!(ack["type"], "ack", "{ack}");
    while !screen.human {
        screen.show(&page.next().await.expect("connected"));
    }
    for frame in page.settle().await {
        screen.show(&frame);
    }
    let history = guest.history(&guest.conversation.clone()).await;
    let said: Vec<&Value> = history.iter().filter(|event| event["by"]["kind"] == "ai").collect();
    let stored: String = said.iter().map(|event| event["text"].as_str().unwrap_or_default()).collect();
    assert_eq!(stored.trim(), screen.shown.trim(), "what was shown is what is stored");
    let cut = said.iter().any(|event| event["partial"] == true);
    Played { acked, cut, beside }
}

/// What the guest has seen.
#[derive(Default)]
struct Screen {
    shown: String,
    human: bool,
}

impl Screen {
    fn show(&mut self, frame: &Value) {
        // That the AI no longer types is no word of its.
        let by_ai = frame["type"] == "event" && frame["by"]["kind"] == "ai";
        assert!(!self.human || (frame["type"] != "draft" && !by_ai), "after the take-over: {frame}");
        if frame["type"] == "draft" {
            self.shown.push_str(frame["text"].as_str().unwrap());
        }
        self.human |= frame["kind"] == "mode" && frame["mode"] == "human";
    }
}
