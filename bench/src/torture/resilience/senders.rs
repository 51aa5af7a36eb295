//! Guests who write at a pace that does not ask how fast they are answered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::super::history::Seen;
use super::super::load::http::As;
use super::super::load::link::Link;
use super::super::load::stage::{Guest, Stage};
use super::super::people;
use super::house::hello;

/// How often a guest looks at what it is to send.
const TICK: Duration = Duration::from_millis(100);
/// How long a frame may take to leave: an answer is no longer expected of a connection that takes none.
const LEAVES_WITHIN: Duration = Duration::from_secs(30);

/// Those who write.
pub(super) struct Senders {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    all: Vec<Arc<Sender>>,
}

/// What was answered in a while.
#[derive(Clone)]
pub(super) struct Answers {
    /// Messages that left.
    pub(super) sent: u64,
    /// Times from a message to its ack, in microseconds.
    pub(super) accepted: Histogram<u64>,
    /// Times from a message to its refusal.
    pub(super) refused: Histogram<u64>,
    /// Connections that ended.
    pub(super) cut: u64,
}

impl Answers {
    fn new() -> anyhow::Result<Self> {
        let times = Histogram::new_with_max(300_000_000, 3)?;
        Ok(Self { sent: 0, accepted: times.clone(), refused: times, cut: 0 })
    }

    /// How many of so many that were answered were refused.
    pub(super) fn refused_in(&self, answered: u64) -> u64 {
        self.refused.len() * answered / (self.accepted.len() + self.refused.len()).max(1)
    }

    /// What 99 in 100 accepted ones kept.
    pub(super) fn p99(&self) -> Duration {
        Duration::from_micros(self.accepted.value_at_quantile(0.99))
    }
}

struct Shared {
    answers: Mutex<Answers>,
    /// Messages in a thousand seconds of each; 0 for none.
    pace: AtomicU64,
    /// The next message as soon as the last one is answered.
    closed_loop: AtomicBool,
}

impl Shared {
    fn answers(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Sender {
    guest: Arc<Guest>,
    shared: Arc<Shared>,
    /// What is not answered, and when it was sent.
    open: Mutex<HashMap<u64, Instant>>,
    answered: Notify,
    /// Where the conversation stood before.
    base: u64,
    acked: AtomicU64,
    /// The highest place that was acknowledged.
    last: AtomicU64,
}

impl Senders {
    /// A page for each guest.
    pub(super) async fn open(stage: &Arc<Stage>, guests: &[Arc<Guest>]) -> anyhow::Result<Self> {
        let shared = Shared {
            answers: Mutex::new(Answers::new()?),
            pace: AtomicU64::new(0),
            closed_loop: AtomicBool::new(false),
        };
        let (shared, mut tasks, mut all) = (Arc::new(shared), JoinSet::new(), Vec::new());
        for guest in guests {
            let link = Link::connect(stage.address, "/ws/guest").await;
            let mut link = link.ok_or_else(|| anyhow::anyhow!("a guest was not let in"))?;
            let base = last(&hello(&mut link, &guest.token, None).await?);
            let (mut sink, mut stream) = link.split();
            let sender = Arc::new(Sender {
                guest: Arc::clone(guest),
                shared: Arc::clone(&shared),
                open: Mutex::default(),
                answered: Notify::new(),
                base,
                acked: AtomicU64::new(0),
                last: AtomicU64::new(0),
            });
            let (writes, reads) = (Arc::clone(&sender), Arc::clone(&sender));
            tasks.spawn(async move {
                let mut next = 0;
                loop {
                    for frame in writes.due(&mut next).await {
                        if !matches!(timeout(LEAVES_WITHIN, sink.feed(frame)).await, Ok(Ok(()))) {
                            return;
                        }
                    }
                    if !matches!(timeout(LEAVES_WITHIN, sink.flush()).await, Ok(Ok(()))) {
                        return;
                    }
                }
            });
            tasks.spawn(async move {
                while let Some(Ok(message)) = stream.next().await {
                    if let Message::Text(text) = message {
                        reads.take(&text);
                    }
                }
                reads.shared.answers().cut += 1;
            });
            all.push(sender);
        }
        Ok(Self { shared, tasks, all })
    }

    /// Each writes as soon as it is answered.
    pub(super) fn as_fast_as_answered(&self) {
        self.shared.closed_loop.store(true, Relaxed);
    }

    /// All together write so many messages a second, whatever is answered.
    pub(super) fn at(&self, per_second: u64) {
        self.shared.closed_loop.store(false, Relaxed);
        let each = per_second * 1_000 / u64::try_from(self.all.len()).unwrap_or(u64::MAX).max(1);
        self.shared.pace.store(each, Relaxed);
    }

    /// What is answered in a while.
    pub(super) async fn during(&self, time: Duration) -> Answers {
        let _ = self.end();
        sleep(time).await;
        self.end()
    }

    /// What was answered since the last time; another while begins.
    pub(super) fn end(&self) -> Answers {
        let mut answers = self.shared.answers();
        let told = answers.clone();
        (answers.sent, answers.cut) = (0, 0);
        answers.accepted.reset();
        answers.refused.reset();
        told
    }

    /// Nobody writes; waits until all is answered, and says how many messages are not.
    pub(super) async fn quiet(&self, within: Duration) -> usize {
        self.at(0);
        let open = || self.all.iter().map(|sender| sender.open().len()).sum::<usize>();
        let began = Instant::now();
        // A tick later nothing more is on its way out.
        sleep(TICK * 2).await;
        while open() > 0 && began.elapsed() < within {
            sleep(Duration::from_millis(20)).await;
        }
        open()
    }

    /// Compares what was acknowledged with what is there: how many are lost, and how many are there although they
    /// were refused. What was never answered may be either.
    pub(super) async fn compare(mut self, stage: &Stage) -> anyhow::Result<(u64, u64)> {
        self.tasks.shutdown().await;
        let (mut lost, mut kept) = (0, 0);
        for sender in &self.all {
            let Some(mut link) = Link::connect(stage.address, "/ws/guest").await else { continue };
            let opened = hello(&mut link, &sender.guest.token, None).await?;
            let last = last(&opened);
            let (acked, open) = (sender.acked.load(Relaxed), sender.open().len() as u64);
            lost += (acked + sender.base).max(sender.last.load(Relaxed)).saturating_sub(last);
            kept += sender.said(stage).await?.saturating_sub(acked + open);
        }
        Ok((lost, kept))
    }
}

impl Sender {
    /// How many of its messages are in the log. The server's own events are not counted.
    async fn said(&self, stage: &Stage) -> anyhow::Result<u64> {
        let history =
            people::history(stage.address, As::Guest(&self.guest.token), &self.guest.conversation).await?;
        let own = |event: &&Seen| event.id.as_ref().is_some_and(|id| id.starts_with('m'));
        Ok(history.iter().filter(own).count() as u64)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Instant>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be sent next; waits a tick at least, or for the answer that it depends on.
    async fn due(&self, next: &mut u64) -> Vec<Message> {
        let count = if self.shared.closed_loop.load(Relaxed) {
            if !self.open().is_empty() {
                let _ = timeout(TICK, self.answered.notified()).await;
            }
            u64::from(self.open().is_empty())
        } else {
            // Never all in the same moment.
            let shift = Duration::from_millis(fastrand::u64(0..40));
            sleep(TICK - Duration::from_millis(20) + shift).await;
            let exact = self.shared.pace.load(Relaxed) * 100;
            // A thousand seconds and a tick: the rest is a message now and then.
            exact / 1_000_000 + u64::from(fastrand::u64(0..1_000_000) < exact % 1_000_000)
        };
        let now = Instant::now();
        let mut open = self.open();
        let frames = (0..count).map(|_| {
            *next += 1;
            open.insert(*next, now);
            Message::text(
                json!({"type": "send", "id": format!("m{next}"), "text": "is it ready?"}).to_string(),
            )
        });
        let frames: Vec<_> = frames.collect();
        drop(open);
        self.shared.answers().sent += count;
        frames
    }

    fn take(&self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        let accepted = frame["type"] == "ack";
        if !accepted && frame["type"] != "error" {
            return;
        }
        let id = frame["id"].as_str().and_then(|id| id.strip_prefix('m')?.parse::<u64>().ok());
        let Some(sent) = id.and_then(|id| self.open().remove(&id)) else { return };
        let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        if accepted {
            self.acked.fetch_add(1, Relaxed);
            self.last.fetch_max(frame["seq"].as_u64().unwrap_or(0), Relaxed);
            self.shared.answers().accepted.saturating_record(micros);
        } else {
            self.shared.answers().refused.saturating_record(micros);
        }
        self.answered.notify_one();
    }
}

/// Where a conversation stands that was opened.
fn last(opened: &Value) -> u64 {
    let events = opened["events"].as_array();
    events.and_then(|events| events.last()).and_then(|event| event["seq"].as_u64()).unwrap_or(0)
}
