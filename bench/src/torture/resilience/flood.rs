//! R4: one who floods, by frames on a socket and by connections, from an address of its own.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::StreamExt;
use serde_json::json;
use tokio::time::timeout;

use super::super::load::link::{Came, Link};
use super::super::load::stage::Stage;
use super::crowd::{Crowd, Turns};
use super::house::{House, hello, metrics, readable, socket};
use super::ms;

/// Within the limits: a guest may write once a second.
const OTHERS: usize = 40;
const EVERY: Duration = Duration::from_millis(1_200);
/// Quiet whiles and flooded ones take turns, so that a machine that does other things too decides nothing.
const ROUNDS: usize = 5;
const WHILE: Duration = Duration::from_secs(8);
/// Frames that a flooder sends at once, and how many of these in a second.
const FRAMES: usize = 1_000;
const BURSTS: u32 = 10;
/// The pause before the flooder comes back: an address may connect twenty times a second, or it is turned away before
/// it can flood.
const BACK_AFTER: Duration = Duration::from_millis(60);
/// Connections of the other flooder in a round, how many at a time, and how long it goes on.
const CONNECTIONS: usize = 5_000;
const AT_A_TIME: usize = 100;
const CONNECTIONS_WITHIN: Duration = Duration::from_secs(30);

/// Runs it.
pub(super) async fn run(server: &Path, to: &mut impl Write) -> anyhow::Result<bool> {
    let settings = vec![readable(), ("FRONTDESK_RATE_LIMITS", "on".to_owned())];
    let mut house = House::open(server, settings, String::new(), "").await?;
    let guests = house.guests(OTHERS + 1).await?;
    let (flooder, others) = guests.split_first().context("nobody floods")?;
    let crowd = Crowd::open(&house.stage, others, EVERY).await?;
    let (mut by_frames, mut by_connections) = (Turns::default(), Turns::default());
    let (mut cuts, mut slowest, mut refused) = (0_u32, Duration::ZERO, 0);
    let (mut tried, mut turned_away) = (0, 0);
    for _ in 0..ROUNDS {
        let quiet = crowd.feels(WHILE).await;
        // By frames: again and again for a while.
        crowd.begin();
        let began = Instant::now();
        while began.elapsed() < WHILE {
            match frames(&house.stage, &flooder.token).await? {
                Some((after, told)) => {
                    cuts += 1;
                    refused += told;
                    slowest = slowest.max(after);
                }
                None => slowest = Duration::MAX,
            }
            tokio::time::sleep(BACK_AFTER).await;
        }
        by_frames.add(quiet, crowd.end());
        let quiet = crowd.feels(WHILE).await;
        crowd.begin();
        let began = Instant::now();
        let (opened, away) = connections(&house.stage).await;
        tried += opened;
        turned_away += away;
        tokio::time::sleep(WHILE.saturating_sub(began.elapsed())).await;
        by_connections.add(quiet, crowd.end());
    }
    let said = metrics(&house.stage).await?;
    let said = said.iter().find(|(name, _)| name.contains("closes_total") && name.contains("4429"));
    let said = said.map_or(0.0, |(_, n)| *n);
    house.stop().await?;
    let cut = if slowest == Duration::MAX {
        "not always".to_owned()
    } else {
        format!("{:.0} ms at the latest", ms(slowest))
    };
    writeln!(
        to,
        "R4   10,000 frames a second on a socket: cut {cuts} times, after {cut}; {refused} refusals before"
    )?;
    writeln!(
        to,
        "     {tried} connections from one address: {turned_away} turned away; {said} sockets closed with 4429 in all"
    )?;
    writeln!(to, "     the others beside the frames: {}", by_frames.say())?;
    writeln!(to, "     the others beside the connections: {}", by_connections.say())?;
    let cut = slowest <= Duration::from_secs(1)
        && cuts > 0
        && said >= f64::from(cuts)
        && tried > CONNECTIONS * ROUNDS / 2
        && turned_away > tried / 2;
    Ok(cut && by_frames.is_unhurt() && by_connections.is_unhurt())
}

/// Floods one socket; answers after what time it was cut with 4429, and how often it was told before; nothing if it
/// was not cut in five seconds.
async fn frames(stage: &Arc<Stage>, token: &str) -> anyhow::Result<Option<(Duration, usize)>> {
    let mut link =
        Link::from(socket(2)?, stage.address, "/ws/guest").await.context("the flooder is not let in")?;
    hello(&mut link, token, None).await?;
    let frame = json!({"type": "typing", "on": true});
    let (began, mut told) = (Instant::now(), 0);
    let mut next = tokio::time::interval(Duration::from_secs(1) / BURSTS);
    while began.elapsed() < Duration::from_secs(5) {
        next.tick().await;
        for _ in 0..FRAMES {
            link.send(&frame).await;
        }
        while let Ok(came) = timeout(Duration::from_millis(1), link.next()).await {
            match came {
                // A farewell that is not read before the connection is reset is lost on the way.
                Came::End(4429 | 1006) => return Ok(Some((began.elapsed(), told))),
                Came::End(code) => anyhow::bail!("the flooder is closed with {code}"),
                Came::Text(raw) if raw.contains("rate_limited") => told += 1,
                Came::Text(_) => {}
            }
        }
    }
    Ok(None)
}

/// Opens connections as fast as they are taken for a while, and keeps them; answers how many, and how many of them were
/// turned away.
async fn connections(stage: &Arc<Stage>) -> (usize, usize) {
    let opened = (0..CONNECTIONS).map(|_| async {
        let mut link = Link::from(socket(3).ok()?, stage.address, "/ws/guest").await?;
        match timeout(Duration::from_millis(500), link.next()).await {
            Ok(Came::End(code)) => Some((code, None)),
            _ => Some((0, Some(link))),
        }
    });
    let over = Box::pin(tokio::time::sleep(CONNECTIONS_WITHIN));
    let all = futures_util::stream::iter(opened).buffer_unordered(AT_A_TIME).take_until(over);
    let all: Vec<_> = all.filter_map(std::future::ready).collect().await;
    (all.len(), all.iter().filter(|(code, _)| *code == 4429).count())
}
