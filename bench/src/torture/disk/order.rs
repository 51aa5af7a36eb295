//! Each of so many messages: written to the log, synced, and only then told to anybody.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::ProgressBar;

use super::bench::{Answer, MARK, Scene};
use super::trace;

/// Messages under way at once, so that some share a sync.
const WINDOW: u64 = 4;
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
    let (mut sent, mut acked, mut shown) = (0, 0, false);
    while acked < sends {
        while sent < sends && sent - acked < WINDOW {
            scene.send(sent).await;
            sent += 1;
        }
        let (n, answer) = scene.answer().await?;
        ensure!(matches!(answer, Answer::Ack(_)), "message {n} was refused: {answer:?}");
        acked += 1;
        shown |= scene.pass_over(sends - 1);
        bar.inc(1);
    }
    // The guest's own events came with the acks; the agent has its own.
    if !shown {
        scene.shown(sends - 1).await?;
    }
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
