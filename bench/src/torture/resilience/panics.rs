//! R6: a panic in one conversation after the other, while others go on. Needs a server with the feature `panics`.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::super::load::link::{Came, Link};
use super::crowd::Crowd;
use super::house::{House, hello, readable};
use super::ms;

const CONVERSATIONS: usize = 100;
const OTHERS: usize = 40;

/// The answer to a frame: its type and its code.
pub(super) async fn ask(link: &mut Link, id: &str, text: &str) -> anyhow::Result<Result<u64, String>> {
    link.send(&json!({"type": "send", "id": id, "text": text})).await;
    let answered = async {
        loop {
            let Came::Text(raw) = link.next().await else { anyhow::bail!("the connection ended") };
            let frame: Value = serde_json::from_str(&raw)?;
            match frame["type"].as_str() {
                Some("ack") if frame["id"] == id => return Ok(Ok(frame["seq"].as_u64().unwrap_or(0))),
                Some("error") if frame["id"] == id => {
                    return Ok(Err(frame["code"].as_str().unwrap_or_default().to_owned()));
                }
                _ => {}
            }
        }
    };
    timeout(Duration::from_secs(20), answered).await.context("no answer in time")?
}

/// Runs it.
pub(super) async fn run(planted: &Path, to: &mut impl Write) -> anyhow::Result<bool> {
    let mut house = House::open(planted, vec![readable()], String::new(), "").await?;
    let crowd = Crowd::open(&house.stage, &house.guests(OTHERS).await?, Duration::from_millis(200)).await?;
    let mut pages = Vec::new();
    for guest in house.guests(CONVERSATIONS).await? {
        let mut link = Link::connect(house.stage.address, "/ws/guest").await.context("no socket")?;
        hello(&mut link, &guest.token, None).await?;
        ensure!(ask(&mut link, "before", "hello").await?.is_ok(), "a greeting is refused");
        pages.push((guest, link));
    }
    let before = crowd.feels(Duration::from_secs(10)).await;
    crowd.begin();
    let (mut slowest, mut refused, mut whole) = (Duration::ZERO, 0, 0);
    for (nth, (_, link)) in pages.iter_mut().enumerate() {
        let text = format!("planted panic 1 in {nth}");
        let began = Instant::now();
        while let Err(code) = ask(link, "bad", &text).await? {
            ensure!(code == "unavailable", "a panic is answered {code}");
            refused += 1;
            sleep(Duration::from_millis(20)).await;
        }
        slowest = slowest.max(began.elapsed());
        sleep(Duration::from_millis(80)).await;
    }
    let during = crowd.end();
    let restarts = house.metric("frontdesk_restarts_total").await?;
    for (guest, link) in &mut pages {
        // Once, and everything else of the conversation still there; the page is told what comes.
        let events = super::super::people::history(
            house.stage.address,
            super::super::load::http::As::Agent(&house.admin.token),
            &guest.conversation,
        )
        .await?;
        let dense = events.iter().zip(1..).all(|(event, seq)| event.seq == seq);
        let once = events.iter().filter(|event| event.id.as_deref() == Some("bad")).count() == 1;
        whole += usize::from(dense && once && ask(link, "after", "thanks").await?.is_ok());
    }
    writeln!(
        to,
        "R6   a panic in each of {CONVERSATIONS} conversations: {restarts} restarts, {refused} answers `unavailable`; \
        acknowledged on repeat after {:.0} ms at the latest; {whole} whole",
        ms(slowest)
    )?;
    writeln!(
        to,
        "     the others: {} before; {} meanwhile, {} cut, {} refused",
        before.say(),
        during.say(),
        during.cut,
        during.refused
    )?;
    house.stop().await?;
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let all = restarts >= CONVERSATIONS as f64;
    Ok(all && slowest <= Duration::from_secs(1) && whole == CONVERSATIONS && during.is_unhurt(&before))
}
