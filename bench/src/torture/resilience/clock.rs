//! R15: the clock jumps by an hour, forth and back, while the time since the start goes on. By libfaketime, which
//! reads how far from a file.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::time::{sleep, timeout};

use super::super::disk::bench::{Answer, Scene};
use super::super::load::http::{self, As};
use super::super::load::stage::Stage;
use super::super::people;

/// Where Debian's package `libfaketime` puts it.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
/// Hours from the true time, one after the other.
const HOURS: [i64; 5] = [0, 1, 0, -1, 0];
const MESSAGES: u64 = 200;
const GUESTS: usize = 50;

/// Runs it.
pub(super) async fn run(server: &Path, to: &mut impl Write) -> anyhow::Result<bool> {
    ensure!(Path::new(LIBRARY).exists(), "{LIBRARY} is missing: apt-get install libfaketime");
    let preload = format!(
        "echo +0 > \"$0/offset\" && LD_PRELOAD={LIBRARY} FAKETIME_TIMESTAMP_FILE=\"$0/offset\" FAKETIME_NO_CACHE=1 \
         FAKETIME_DONT_FAKE_MONOTONIC=1 exec \"$@\""
    );
    let mut scene = Scene::start(server, &["sh", "-c", &preload, "DATA"], Duration::from_secs(60)).await?;
    let offset = scene.program.data.join("offset");
    let (mut n, mut order, mut last, mut logins, mut moved) = (0, true, 0, true, true);
    let (mut ids, mut latest, mut forward) = (BTreeSet::new(), String::new(), true);
    let pid = nix::unistd::Pid::from_raw(scene.pid);
    let cpu = || crate::process::usage(pid).map_or(Duration::ZERO, |usage| usage.cpu);
    let mut busiest = 0.0_f64;
    for hours in HOURS {
        std::fs::write(&offset, format!("{:+}\n", hours * 3_600))?;
        let (began, spent) = (Instant::now(), cpu());
        sleep(Duration::from_secs(3)).await;
        // Nobody asks for anything: what is worked at is what the jump set off.
        busiest = busiest.max((cpu() - spent).as_secs_f64() / began.elapsed().as_secs_f64());
        for _ in 0..MESSAGES {
            let answer = scene.ask(n).await?;
            let Answer::Ack(seq) = answer else { anyhow::bail!("message {n} was refused: {answer:?}") };
            order &= seq > last;
            last = seq;
            scene.shown(n).await.context("the agent's page is gone")?;
            n += 1;
        }
        for who in [As::Agent(&scene.admin.token), As::Guest(&scene.guest.token)] {
            let path =
                format!("/api/conversations/{}/events?after={}&limit=1", scene.guest.conversation, last - 1);
            let reply = http::call(scene.stage.address, who, "GET", &path, None).await?;
            logins &= reply.status == 200;
            let at = reply.body["items"][0]["at"].as_str().unwrap_or_default().to_owned();
            // Within a conversation time never goes back, whatever the clock does.
            forward &= at >= latest;
            latest = at;
        }
        for _ in 0..GUESTS {
            let guest = people::guest(&scene.stage).await?;
            ids.extend([guest.id.clone(), guest.conversation.clone()]);
        }
        moved &= within(&greeted(&scene.stage).await?, hours);
    }
    let events =
        people::history(scene.stage.address, As::Agent(&scene.admin.token), &scene.guest.conversation)
            .await?;
    let dense = events.iter().zip(1..).all(|(event, seq)| event.seq == seq);
    let kept = scene.stored().await?.len() as u64 == n;
    timeout(Duration::from_secs(30), scene.stop()).await??;
    let unique = ids.len() == HOURS.len() * GUESTS * 2;
    writeln!(
        to,
        "R15  the clock {HOURS:?} hours off: {n} messages, {}; the server's clock moved: {moved}, the events' times never back: {forward}; \
        logins {}; {} ids, {}; {:.0} % of a core at rest after a jump",
        if order && dense && kept { "all in one order and none lost" } else { "NOT in one order" },
        if logins { "live on" } else { "ENDED" },
        ids.len(),
        if unique { "all different" } else { "NOT all different" },
        busiest * 100.0
    )?;
    Ok(order && dense && kept && moved && forward && logins && unique && busiest < 0.2)
}

/// When a new guest said hello, by the server's clock: nothing came before in its conversation.
async fn greeted(stage: &Stage) -> anyhow::Result<String> {
    let guest = people::guest(stage).await?;
    let who = As::Guest(&guest.token);
    let path = format!("/api/conversations/{}/messages", guest.conversation);
    let body = serde_json::json!({"id": "hello", "text": "hello"});
    http::call(stage.address, who, "POST", &path, Some(&body)).await?;
    let path = format!("/api/conversations/{}/events?after=0&limit=1", guest.conversation);
    let reply = http::call(stage.address, who, "GET", &path, None).await?;
    Ok(reply.body["items"][0]["at"].as_str().unwrap_or_default().to_owned())
}

/// Whether a time is so many hours from the true one, two minutes more or less.
fn within(at: &str, hours: i64) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let expected = i64::try_from(now.as_secs()).unwrap_or(0) / 60 + hours * 60;
    let number = |from: usize| at.get(from..from + 2)?.parse::<i64>().ok();
    let Some((hour, minute)) = number(11).zip(number(14)) else { return false };
    // Around midnight, too.
    let off = (hour * 60 + minute - expected).rem_euclid(1_440);
    off <= 2 || off >= 1_438
}
