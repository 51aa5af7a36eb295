//! R7: what panics each time: a guest's message, a message by webhook, a message on its way out. Needs a server with
//! the feature `panics`.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::time::sleep;

use super::super::load::http::{self, As};
use super::super::load::link::Link;
use super::super::load::phone;
use super::house::{House, hello, readable};
use super::ms;
use super::panics::ask;
use crate::fake_graph::{self, FakeGraph};
use crate::http::Http;
use crate::webhook::{self, Webhooks};

const PHONE: &str = "49151000000001";
const BAD: &str = "planted panic 1000";
/// How many tries something may have.
const TRIES: usize = 3;

/// Runs it.
pub(super) async fn run(planted: &Path, to: &mut impl Write) -> anyhow::Result<bool> {
    let graph = fake_graph::Settings {
        number: phone::NUMBER.to_owned(),
        token: phone::TOKEN.to_owned(),
        secret: phone::SECRET.to_owned(),
        ..fake_graph::Settings::default()
    };
    let graph = FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), graph).await?;
    let settings = vec![
        readable(),
        ("WHATSAPP_VERIFY_TOKEN", "verify".to_owned()),
        ("WHATSAPP_APP_SECRET", phone::SECRET.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", phone::TOKEN.to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", phone::NUMBER.to_owned()),
        ("WHATSAPP_API_BASE", graph.url()),
        ("WHATSAPP_UNCLEAR_SECONDS", "1".to_owned()),
    ];
    let mut house = House::open(planted, settings, String::new(), "").await?;
    graph.send_webhooks_to(&format!("http://{}/webhooks/whatsapp", house.stage.address));
    let socket = by_socket(&house, to).await?;
    let webhook = by_webhook(&house, to).await?;
    let outbox = on_its_way_out(&house, to).await?;
    let aside = house.metric("frontdesk_set_aside_total").await?;
    writeln!(to, "     {aside} set aside, {} panics in all", house.metric("frontdesk_panics_total").await?)?;
    house.stop().await?;
    Ok(socket && webhook && outbox && (2.5..3.5).contains(&aside))
}

async fn by_socket(house: &House, to: &mut impl Write) -> anyhow::Result<bool> {
    let guest = super::super::people::guest(&house.stage).await?;
    let mut link = Link::connect(house.stage.address, "/ws/guest").await.context("no socket")?;
    hello(&mut link, &guest.token, None).await?;
    let mut codes = Vec::new();
    // What a client does: again under the same id, until it is told something else than to wait.
    while codes.last().is_none_or(|code| code == "unavailable") && codes.len() < 20 {
        match ask(&mut link, "bad", BAD).await? {
            Ok(_) => codes.push("ack".to_owned()),
            Err(code) => codes.push(code),
        }
        sleep(Duration::from_millis(200)).await;
    }
    let began = Instant::now();
    let good = ask(&mut link, "good", "and the pool?").await?.is_ok();
    let took = began.elapsed();
    writeln!(
        to,
        "R7   a message: {} tries, then {}; the next one taken {good} after {:.0} ms",
        codes.len() - 1,
        codes.last().map_or("", String::as_str),
        ms(took)
    )?;
    Ok(codes.len() == TRIES + 1
        && codes.last().is_some_and(|code| code == "internal")
        && good
        && took <= Duration::from_secs(5))
}

async fn by_webhook(house: &House, to: &mut impl Write) -> anyhow::Result<bool> {
    let webhooks = Webhooks::new(phone::SECRET, phone::NUMBER);
    let mut http = Http::new(house.stage.address);
    let post = |id: &str, words: &str| webhooks.body(PHONE, "A guest", &[webhook::text(PHONE, id, words)]);
    let (hello, bad) = (post("wamid.hello", "hello"), post("wamid.bad", BAD));
    ensure!(webhooks.post(&mut http, &hello).await? == 200, "a webhook is refused");
    let mut statuses = Vec::new();
    while statuses.last() != Some(&200) && statuses.len() < 20 {
        statuses.push(webhooks.post(&mut http, &bad).await?);
        sleep(Duration::from_millis(200)).await;
    }
    let began = Instant::now();
    let good = webhooks.post(&mut http, &post("wamid.good", "is there a garage?")).await? == 200;
    let took = began.elapsed();
    writeln!(
        to,
        "     a webhook: {} tries, then 200; the next one taken {good} after {:.0} ms",
        statuses.len() - 1,
        ms(took)
    )?;
    Ok(statuses.len() == TRIES + 1 && good && took <= Duration::from_secs(5))
}

async fn on_its_way_out(house: &House, to: &mut impl Write) -> anyhow::Result<bool> {
    let on_phones = super::super::people::phones(&house.stage, &house.admin).await?;
    let (_, conversation) = on_phones.first().context("nobody is on WhatsApp")?;
    let path = format!("/api/conversations/{conversation}/messages");
    let body = serde_json::json!({"id": "out", "text": "planted stumble 1000"});
    let who = As::Agent(&house.admin.token);
    let reply = http::call(house.stage.address, who, "POST", &path, Some(&body)).await?;
    let bad = reply.body["seq"].as_u64().with_context(|| format!("it is answered {}", reply.body))?;
    let began = Instant::now();
    let good = house.say(conversation, "next", "the garage is below the house").await?;
    let (mut failed, mut sent) = (None, None);
    while (failed.is_none() || sent.is_none()) && began.elapsed() < Duration::from_secs(60) {
        let path = format!("/api/conversations/{conversation}/events?limit=200");
        let reply = http::call(house.stage.address, who, "GET", &path, None).await?;
        for event in
            reply.body["items"].as_array().into_iter().flatten().filter(|event| event["kind"] == "delivery")
        {
            let is = |of: u64, state: &str| event["of"] == of && event["state"] == state;
            failed = failed.or(is(bad, "failed").then(|| began.elapsed()));
            sent = sent.or(is(good, "sent").then(|| began.elapsed()));
        }
        sleep(Duration::from_millis(100)).await;
    }
    let say = |at: Option<Duration>| at.map_or("never".to_owned(), |at| format!("after {:.0} ms", ms(at)));
    writeln!(
        to,
        "     a message on its way out: given up, which staff see, {}; the next one sent {}",
        say(failed),
        say(sent)
    )?;
    let waited = failed.zip(sent).map(|(failed, sent)| sent.saturating_sub(failed));
    Ok(waited.is_some_and(|waited| waited <= Duration::from_secs(5)))
}
