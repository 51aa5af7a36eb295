//! Does a message cost more the more is stored? Ten conversations against a hundred thousand, ten thousand
//! events against ten million.
//!
//! `cargo bench --bench growth` is the short form (a tenth of it, two minutes); `-- --whole` takes about ten
//! minutes and 6 GB below the system's folder for temporary files, which are gone afterwards.

#![allow(clippy::expect_used, clippy::print_stdout, missing_docs, reason = "a program for the terminal")]

mod ground;

use frontdesk::store::sqlite::SqliteStore;
use frontdesk_actors::ports::Commit;
use frontdesk_domain::conversation::Conversation;
use ground::measure;

/// How many write at once, in every line of the table.
const WAITING: usize = 500;
/// Messages of one measurement.
const MESSAGES: usize = 50_000;
/// Commits of how many events the past is made of.
const PAST: usize = 50;

fn main() {
    let whole = std::env::args().any(|argument| argument == "--whole");
    let scale = if whole { 1 } else { 10 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        println!("conversations   events before   written to   CPU µs a message");
        let busy = WAITING;
        line(busy, 10_000, busy).await;
        line(100_000 / scale, 0, busy).await;
        line(100_000 / scale, 0, 100_000 / scale).await;
        line(busy, 10_000_000 / scale, busy).await;
    });
}

/// Measures messages to the first `live` of so many conversations after so many events.
async fn line(conversations: usize, events: usize, live: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, property) = ground::open(&folder.path().join("frontdesk.db")).await;
    let mut states = ground::conversations(&store, property, conversations).await;
    let mut done = 0;
    while done < events {
        let some = states.iter_mut().map(|state| vec![past(state)]).collect();
        ground::store_all(&store, some).await;
        done += states.len() * PAST;
    }
    let mut runs = Vec::new();
    for run in 0..3 {
        let took = measure_some(&store, &mut states[..live], run).await;
        runs.push(took);
    }
    runs.sort_by(f64::total_cmp);
    println!("{conversations:>13}   {events:>13}   {live:>10}   {:>16.1}", runs[1]);
    store.close().await;
}

async fn measure_some(store: &SqliteStore, states: &mut [Conversation], run: i64) -> f64 {
    let each = MESSAGES / states.len().min(MESSAGES);
    let mut work: Vec<Vec<Commit>> = (0..WAITING).map(|_| Vec::new()).collect();
    // Every conversation is written to in turn, by one and the same of those who wait.
    for n in 0..each.max(1) {
        for (nth, state) in states.iter_mut().enumerate().take(MESSAGES) {
            work[nth % WAITING].push(ground::say(state, run * 1_000 + n as i64));
        }
    }
    let count: usize = work.iter().map(Vec::len).sum();
    let took = measure(ground::store_all(store, work)).await;
    took.cpu.as_secs_f64() * 1e6 / count as f64
}

/// Many messages in one commit.
fn past(state: &mut Conversation) -> Commit {
    let mut all = ground::say(state, 1_000);
    for _ in 1..PAST {
        let next = ground::say(state, 1_000);
        all.events.extend(next.events);
        all.snapshot = next.snapshot;
    }
    all
}
