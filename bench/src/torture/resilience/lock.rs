//! R11: another program holds the database's lock for half a minute.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::{Connection as _, SqliteConnection};
use tokio::time::sleep;

use super::super::disk::bench::{Answer, Scene};
use super::super::disk::failing::Told;
use super::ms;

const HELD: Duration = Duration::from_secs(30);

/// Runs it.
pub(super) async fn run(server: &Path, to: &mut impl Write) -> anyhow::Result<bool> {
    let mut scene = Scene::start(server, &[], Duration::from_secs(60)).await?;
    let mut told = Told::default();
    for n in 0..20 {
        note(&mut told, n, &scene.ask(n).await?);
        scene.pass_over(n);
    }
    let url = format!("sqlite://{}", scene.program.data.join("frontdesk.db").display());
    let mut other = SqliteConnection::connect(&url).await?;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.context("the lock cannot be had")?;
    let began = Instant::now();
    let (mut n, mut slowest, before) = (20, Duration::ZERO, told.acked.len());
    let mut readable = true;
    while began.elapsed() < HELD {
        let asked = Instant::now();
        note(&mut told, n, &scene.ask(n).await?);
        slowest = slowest.max(asked.elapsed());
        n += 1;
        readable &= scene.stored().await?.len() == before;
        sleep(Duration::from_millis(200)).await;
    }
    let refused = told.refused.len();
    let none = told.acked.len() == before;
    sqlx::query("ROLLBACK").execute(&mut other).await?;
    other.close().await?;
    let freed = Instant::now();
    let healed = loop {
        let answer = scene.ask(n).await?;
        let acked = matches!(answer, Answer::Ack(_));
        note(&mut told, n, &answer);
        n += 1;
        if acked || freed.elapsed() > Duration::from_secs(30) {
            break freed.elapsed();
        }
        sleep(Duration::from_millis(50)).await;
    };
    let (lost, kept) = told.judge(&scene.stored().await?);
    scene.stop().await?;
    writeln!(
        to,
        "R11  the lock held by another program for 30 s: {refused} refused, the slowest after {:.0} ms, {} \
        acknowledged, reads {}; taken again {:.0} ms after it was free; {lost} lost, {kept} refused and stored",
        ms(slowest),
        told.acked.len() - before - 1,
        if readable { "go on" } else { "FAIL" },
        ms(healed)
    )?;
    Ok(none && refused > 0 && readable && healed <= Duration::from_secs(2) && lost == 0 && kept == 0)
}

fn note(told: &mut Told, n: u64, answer: &Answer) {
    match answer {
        Answer::Ack(seq) => told.acked.push((n, *seq)),
        Answer::Refused(_) => told.refused.push(n),
    }
}
