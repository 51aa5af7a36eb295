//! What a commit costs on a real file, synced before it is acknowledged, by how many wait at once; beside it the
//! least that can be had with the same driver: one table, one statement a group, nothing looked at.
//!
//! `cargo bench --bench commits` takes about 30 s. The machine's other work shows in the time of the clock and
//! little in that of the processor: look at the latter, and at the ratio. The runs are interleaved.

#![allow(clippy::expect_used, clippy::print_stdout, missing_docs, reason = "a program for the terminal")]

mod bare;
mod ground;

use ground::{Took, measure};

/// Who waits at once, and how many messages each stores.
const LOADS: [(usize, usize); 3] = [(1, 300), (64, 300), (1_024, 60)];
const RUNS: usize = 5;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        println!("waiting  writer       CPU µs each   messages/s   (medians of {RUNS})");
        for (waiting, each) in LOADS {
            let (mut ours, mut bare) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                ours.push(store(waiting, each).await);
                bare.push(bare::run(waiting, each).await);
            }
            let (ours, bare) = (median(&ours, waiting * each), median(&bare, waiting * each));
            println!("{waiting:>7}  the store    {:>11.1}   {:>10.0}", ours.0, ours.1);
            println!("{waiting:>7}  bare writer  {:>11.1}   {:>10.0}", bare.0, bare.1);
        }
    });
}

async fn store(waiting: usize, each: usize) -> Took {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, property) = ground::open(&folder.path().join("frontdesk.db")).await;
    let mut states = ground::conversations(&store, property, waiting).await;
    let work = states.iter_mut().map(|state| (0..each).map(|n| ground::say(state, n as i64)).collect());
    let work = work.collect();
    let took = measure(ground::store_all(&store, work)).await;
    store.close().await;
    took
}

/// Processor time of one in microseconds, and how many a second.
fn median(runs: &[Took], count: usize) -> (f64, f64) {
    let count = count as f64;
    let mut cpu: Vec<f64> = runs.iter().map(|took| took.cpu.as_secs_f64() * 1e6 / count).collect();
    let mut rate: Vec<f64> = runs.iter().map(|took| count / took.wall.as_secs_f64()).collect();
    cpu.sort_by(f64::total_cmp);
    rate.sort_by(f64::total_cmp);
    (cpu[cpu.len() / 2], rate[rate.len() / 2])
}
