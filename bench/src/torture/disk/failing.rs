//! A disk that fails: what was not synced is not acknowledged, and what was acknowledged stays.

use std::fs::File;
use std::io::{BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::ProgressBar;
use tokio::time::sleep;

use super::super::load::http::{self, As};
use super::bench::{Answer, MARK, Scene};
use super::order::STRACE;
use super::trace;

/// What the clients were told.
#[derive(Default)]
pub(in crate::torture) struct Told {
    pub(in crate::torture) acked: Vec<(u64, u64)>,
    pub(in crate::torture) refused: Vec<u64>,
}

impl Told {
    /// Acknowledged and not there, or elsewhere; refused and there.
    pub(in crate::torture) fn judge(&self, stored: &[(u64, u64)]) -> (usize, usize) {
        let lost = self.acked.iter().filter(|acked| !stored.contains(acked)).count();
        let kept = self.refused.iter().filter(|n| stored.iter().any(|(stored, _)| stored == *n)).count();
        (lost, kept)
    }
}

/// From its 60th sync on, every sync of a thread fails. The server opens its database anew then, with a
/// thread that has its first 59 before it: so it fails and heals in turn.
///
/// # Errors
/// It cannot be run.
pub(super) async fn syncs(
    server: &Path,
    sends: u64,
    bar: &ProgressBar,
    to: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut strace = STRACE.to_vec();
    strace.push("-einject=fdatasync,fsync:error=EIO:when=60+");
    let mut scene = Scene::start(server, &strace, Duration::from_secs(60)).await?;
    let mut told = Told::default();
    for n in 0..sends {
        match scene.ask(n).await? {
            Answer::Ack(seq) => told.acked.push((n, seq)),
            Answer::Refused(_) => {
                told.refused.push(n);
                sleep(Duration::from_millis(100)).await;
            }
        }
        scene.pass_over(n);
        bar.inc(1);
    }
    let (lost, kept) = told.judge(&scene.stored().await?);
    scene.stop().await?;
    let file = File::open(scene.folder.path().join("trace")).context("strace left no trace")?;
    let trace = trace::read(BufReader::new(file), MARK)?;
    let in_order = |n: &u64| trace.steps.get(n).is_some_and(|steps| steps.in_order());
    let right = told.acked.iter().filter(|(n, _)| in_order(n)).count();
    writeln!(
        to,
        "failing syncs    {} failed; {} acknowledged, {right} of them after a good sync of their own; {} refused; \
         {lost} lost, {kept} refused and stored",
        trace.failed,
        told.acked.len(),
        told.refused.len()
    )?;
    Ok(trace.failed > 0 && right == told.acked.len() && lost == 0 && kept == 0)
}

/// A disk of 8 MiB that runs full, and is given room again.
///
/// # Errors
/// It cannot be run.
pub(super) async fn full(server: &Path, bar: &ProgressBar, to: &mut impl Write) -> anyhow::Result<bool> {
    let room =
        "mount -t tmpfs -o size=8m tmpfs \"$0\" && head -c 3000000 /dev/zero > \"$0/ballast\" && exec \"$@\"";
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let own = if root { "-m" } else { "-rm" };
    let mut scene =
        Scene::start(server, &["unshare", own, "sh", "-c", room, "DATA"], Duration::from_secs(60)).await?;
    let mut told = Told::default();
    let mut n = 0;
    // Full: refused ten times in a row.
    let mut row = 0;
    while row < 10 && n < 20_000 {
        match scene.ask(n).await? {
            Answer::Ack(seq) => {
                told.acked.push((n, seq));
                row = 0;
            }
            Answer::Refused(_) => {
                told.refused.push(n);
                row += 1;
                sleep(Duration::from_millis(50)).await;
            }
        }
        n += 1;
        scene.pass_over(n);
        bar.inc(1);
    }
    let is_full = row == 10;
    let readable = scene.stored().await?.len() >= told.acked.len();
    let ready = http::call(scene.stage.address, As::Nobody, "GET", "/readyz", None).await?.status;
    let ballast = format!("/proc/{}/root{}/ballast", scene.pid, scene.program.data.display());
    std::fs::remove_file(&ballast).context("the room cannot be given back")?;
    let freed = Instant::now();
    loop {
        let answer = scene.ask(n).await?;
        n += 1;
        match answer {
            Answer::Ack(seq) => {
                told.acked.push((n - 1, seq));
                break;
            }
            Answer::Refused(_) => told.refused.push(n - 1),
        }
        if freed.elapsed() > Duration::from_secs(30) {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let healed = freed.elapsed();
    let (lost, kept) = told.judge(&scene.stored().await?);
    scene.stop().await?;
    writeln!(
        to,
        "full disk        after {} messages: {} refused, reads {}, readyz {ready}; written again {} ms after there was \
         room; {lost} lost, {kept} refused and stored",
        told.acked.len(),
        told.refused.len(),
        if readable { "go on" } else { "FAIL" },
        healed.as_millis()
    )?;
    Ok(is_full && readable && healed <= Duration::from_secs(5) && lost == 0 && kept == 0)
}
