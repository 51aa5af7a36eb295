//! Each of so many messages: written to the log, synced, and only then told to anybody.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use indicatif::ProgressBar;

use super::bench::{MARK, Scene};
use super::trace;

/// All calls that write to the log, sync it, or write to a socket, whole.
pub(super) const STRACE: [&str; 9] = [
    "strace",
    "-f",
    "-ttt",
    "-y",
    "-s",
    "200000",
    "-o",
    "TRACE",
    "-etrace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg",
];

/// Runs it; true if the order was right every time.
///
/// # Errors
/// It cannot be run.
pub(super) async fn run(
    server: &Path,
    sends: u64,
    bar: &ProgressBar,
    to: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut scene = Scene::start(server, &STRACE, Duration::from_secs(60)).await?;
    scene.ask_all(sends, bar).await?;
    scene.stop().await?;
    let file = File::open(scene.folder.path().join("trace")).context("strace left no trace")?;
    let trace = trace::read(BufReader::new(file), MARK)?;
    let right =
        (0..sends).filter(|n| trace.steps.get(n).is_some_and(|steps| steps.in_order())).count() as u64;
    writeln!(to, "order            {right} of {sends}: written, synced, then told; {} syncs", trace.syncs)?;
    for n in (0..sends).filter(|n| !trace.steps.get(n).is_some_and(|steps| steps.in_order())).take(5) {
        writeln!(to, "  message {n}: {:?}", trace.steps.get(&n))?;
    }
    Ok(right == sends)
}
