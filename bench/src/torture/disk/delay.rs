//! A disk that takes its time: no answer before the sync; what needs no disk does not wait for it.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bench::{Answer, Scene};

/// Every sync takes 500 ms longer: neither the sender nor a reader hears anything earlier.
///
/// # Errors
/// It cannot be run.
pub(super) async fn every_sync(
    server: &Path,
    sends: u64,
    bar: &ProgressBar,
    to: &mut impl Write,
) -> anyhow::Result<bool> {
    let delay = Duration::from_millis(500);
    let strace = [
        "strace",
        "-f",
        "-o/dev/null",
        "-etrace=fdatasync,fsync",
        "-einject=fdatasync,fsync:delay_enter=500000",
    ];
    let mut scene = Scene::start(server, &strace, Duration::from_secs(120)).await?;
    let (mut acks, mut events) = (Vec::new(), Vec::new());
    for n in 0..sends {
        let sent = Instant::now();
        let answer = scene.ask(n).await?;
        ensure!(matches!(answer, Answer::Ack(_)), "message {n} was refused: {answer:?}");
        acks.push(sent.elapsed());
        events.push(scene.shown(n).await?.duration_since(sent));
        bar.inc(1);
    }
    scene.stop().await?;
    let least = |times: &[Duration]| times.iter().min().map_or(0, Duration::as_millis);
    let early = acks.iter().chain(&events).filter(|time| **time < delay).count();
    writeln!(
        to,
        "slow by 500 ms   {early} of {} told earlier; the first ack after {} ms, the first event after {} ms",
        sends * 2,
        least(&acks),
        least(&events)
    )?;
    Ok(early == 0)
}

/// Every sync takes two seconds longer: what is not stored goes on at its speed, memory stays where it is.
///
/// # Errors
/// It cannot be run.
pub(super) async fn others(server: &Path, bar: &ProgressBar, to: &mut impl Write) -> anyhow::Result<bool> {
    let strace = [
        "strace",
        "-f",
        "-o/dev/null",
        "-etrace=fdatasync,fsync",
        "-einject=fdatasync,fsync:delay_enter=2000000",
    ];
    let mut scene = Scene::start(server, &strace, Duration::from_secs(240)).await?;
    let before = resident_kib(scene.pid);
    // More than a group: what queues while the first is synced shares the next sync.
    let sends = 200;
    let began = Instant::now();
    for n in 0..sends {
        scene.send(n).await;
    }
    let mut typing = Vec::new();
    let mut acks = Vec::new();
    let mut on = true;
    while (acks.len() as u64) < sends {
        // Shown to the agent while the disk is busy.
        let sent = Instant::now();
        scene.page.send(&json!({"type":"typing","on":on})).await;
        on = !on;
        let seen = timeout(Duration::from_secs(5), async {
            while let Some((at, frame)) = scene.desk.recv().await {
                if frame.get("type").and_then(Value::as_str) == Some("typing") {
                    return Some(at);
                }
            }
            None
        });
        if let Ok(Some(at)) = seen.await {
            typing.push(at.duration_since(sent));
        }
        while let Ok(answer) = timeout(Duration::from_millis(200), scene.answer()).await {
            let (n, answer) = answer?;
            ensure!(matches!(answer, Answer::Ack(_)), "message {n} was refused: {answer:?}");
            acks.push(began.elapsed());
            bar.inc(1);
        }
    }
    let grown = resident_kib(scene.pid).saturating_sub(before);
    scene.stop().await?;
    typing.sort_unstable();
    let slowest = typing.last().map_or(0, Duration::as_millis);
    let first = acks.iter().min().map_or(0, Duration::as_millis);
    let last = acks.iter().max().map_or(0, Duration::as_millis);
    writeln!(
        to,
        "slow by 2 s      {sends} at once: first ack after {first} ms, last after {last} ms; \
         {} typing signs meanwhile, the slowest {slowest} ms; {grown} KiB more memory",
        typing.len()
    )?;
    Ok(first >= 2_000 && !typing.is_empty() && slowest <= 1_000)
}

fn resident_kib(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
