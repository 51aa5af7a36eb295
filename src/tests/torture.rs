//! The harness's own judgement, in short: a few kills under mixed load, and the order of system calls.

use std::path::Path;

use frontdesk_bench::torture;
use frontdesk_bench::torture::disk::{self, Case, FsyncOrder};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_kills_under_mixed_load() {
    let folder = TempDir::new().unwrap();
    let server = Path::new(env!("CARGO_BIN_EXE_frontdesk"));
    let report = torture::short(server, 3, 20_261_125, folder.path()).await.unwrap();
    assert!(report.counts.kills == 3 && report.counts.acknowledged > 50, "{:?}", report.counts);
    if !report.violations.is_empty() {
        let kept = folder.keep();
        panic!("{:?}; the history is in {}", report.violations, kept.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_messages_are_synced_before_anybody_is_told() {
    is_shown(Case::Order, 50).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_twenty_power_cuts_all_that_was_told_is_there() {
    is_shown(Case::Power, 20).await;
}

/// With so many messages, and as many power cuts.
async fn is_shown(case: Case, count: u64) {
    if !disk::has_strace().await {
        println!("skipped: strace is not installed");
        return;
    }
    let order = FsyncOrder::new(env!("CARGO_BIN_EXE_frontdesk"), count, &[case]);
    let mut said = Vec::new();
    let kept = disk::command(&order, &mut said).await.unwrap();
    assert!(kept, "{}", String::from_utf8_lossy(&said));
}
