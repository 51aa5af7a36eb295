//! A disk that takes its time: no answer before the sync; what needs no disk does not wait for it.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::people;
use super::bench::{Answer, Scene, open_page, watch_desk};

/// Messages that wait for the disk at once; a conversation stores one after the other.
pub(super) const WAITING: u64 = 8;

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

/// Every sync takes two seconds longer: what is not stored goes on at its speed in other conversations,
/// memory stays where it is.
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
    let other = people::guest(&scene.stage).await?;
    let mut desk = watch_desk(&scene.stage, &scene.admin, &other.conversation).await?;
    let mut page = open_page(&scene.stage, &other).await?;
    let before = resident_kib(scene.pid);
    let began = Instant::now();
    for n in 0..WAITING {
        scene.send(n).await;
    }
    let (mut typing, mut acks, mut on) = (Vec::new(), Vec::new(), false);
    while (acks.len() as u64) < WAITING {
        on = !on;
        let sent = Instant::now();
        page.send(&json!({"type":"typing","on":on})).await;
        typing.push(until_typing(&mut desk).await?.duration_since(sent));
        while let Ok(answer) = timeout(Duration::from_millis(100), scene.answer()).await {
            let (n, answer) = answer?;
            ensure!(matches!(answer, Answer::Ack(_)), "message {n} was refused: {answer:?}");
            acks.push(began.elapsed());
            bar.inc(1);
        }
    }
    let grown = resident_kib(scene.pid).saturating_sub(before);
    scene.stop().await?;
    let millis = |time: Option<&Duration>| time.map_or(0, Duration::as_millis);
    let (first, slowest) = (millis(acks.iter().min()), millis(typing.iter().max()));
    writeln!(
        to,
        "slow by 2 s      first ack after {first} ms, {WAITING} after {} ms; {} typing signs elsewhere meanwhile, \
         the slowest {slowest} ms; {grown} KiB more memory",
        millis(acks.iter().max()),
        typing.len()
    )?;
    Ok(first >= 2_000 && slowest <= 1_000)
}

/// When the agent is shown that somebody writes.
async fn until_typing(desk: &mut mpsc::Receiver<(Instant, Value)>) -> anyhow::Result<Instant> {
    let shown = async {
        while let Some((at, frame)) = desk.recv().await {
            if frame.get("type").and_then(Value::as_str) == Some("typing") {
                return Ok(at);
            }
        }
        bail!("the agent's connection ended")
    };
    timeout(Duration::from_secs(10), shown).await.context("no typing sign in time")?
}

fn resident_kib(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
