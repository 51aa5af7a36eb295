//! R2: every bound beside what it bounds, while everything that has one is pressed.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use super::super::load::http::{self, As};
use super::super::load::phone;
use super::crowd::Crowd;
use super::house::{House, metrics, readable};
use crate::fake_openai::FakeOpenAi;
use crate::http::Http;
use crate::webhook::{self, Webhooks};

const GUESTS: usize = 200;
/// Logins, and webhooks, at once; more than their bounds.
const AT_ONCE: usize = 300;
const ROUNDS: usize = 5;

/// Runs it.
pub(super) async fn run(server: &Path, to: &mut impl Write) -> anyhow::Result<bool> {
    let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let mut settings = vec![
        readable(),
        ("WHATSAPP_VERIFY_TOKEN", "verify".to_owned()),
        ("WHATSAPP_APP_SECRET", phone::SECRET.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", phone::TOKEN.to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", phone::NUMBER.to_owned()),
    ];
    // Nobody listens there: what is to go out waits.
    settings.push(("WHATSAPP_API_BASE", "http://127.0.0.1:9".to_owned()));
    let mut house = House::open(server, settings, model.url(), "delta=40,about-last=60").await?;
    let crowd = Crowd::open(&house.stage, &house.guests(GUESTS).await?, Duration::from_millis(250)).await?;
    let stage = house.stage.clone();
    let watch = tokio::spawn(async move {
        let mut most: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        loop {
            let Ok(lines) = metrics(&stage).await else { return most };
            for (name, value) in lines {
                if let Some(queue) = name.strip_prefix("frontdesk_queue{") {
                    let row = most.entry(queue.to_owned()).or_default();
                    row.0 = row.0.max(value);
                } else if let Some(queue) = name.strip_prefix("frontdesk_queue_max{") {
                    let row = most.entry(queue.to_owned()).or_default();
                    // The bound of calls moves with the model's health.
                    row.1 = row.1.max(value);
                }
            }
            sleep(Duration::from_millis(40)).await;
        }
    });
    let before = house.memory();
    let (mut statuses, began) = (BTreeMap::<String, usize>::new(), Instant::now());
    for round in 0..ROUNDS {
        let (address, webhooks) = (house.stage.address, Webhooks::new(phone::SECRET, phone::NUMBER));
        let logins = (0..AT_ONCE).map(|nth| async move {
            let body =
                json!({"email": format!("nobody-{round}-{nth}@hotel.test"), "password": "not the right one"});
            let reply = http::call(address, As::Nobody, "POST", "/api/login", Some(&body)).await;
            format!("login {}", reply.map_or(0, |reply| reply.status))
        });
        let parcels = (0..AT_ONCE).map(|nth| {
            let from = (49_151_000_000_000 + nth).to_string();
            let words = webhook::text(&from, &format!("wamid.{round}.{nth}"), "is breakfast at eight?");
            let body = webhooks.body(&from, "A guest", &[words]);
            let webhooks = &webhooks;
            async move {
                let status = webhooks.post(&mut Http::new(address), &body).await;
                format!("webhook {}", status.unwrap_or(0))
            }
        });
        let (logins, parcels) = tokio::join!(join_all(logins), join_all(parcels));
        for status in logins.into_iter().chain(parcels) {
            *statuses.entry(status).or_default() += 1;
        }
    }
    let felt = crowd.end();
    let grown = house.memory().saturating_sub(before);
    house.stop().await?;
    let most = watch.await?;
    let names = |(queue, (most, max)): (&String, &(f64, f64))| {
        let name = queue.split('"').nth(1).unwrap_or_default().to_owned();
        format!("{name} {most} of {max}")
    };
    let rows: Vec<String> = most.iter().map(names).collect();
    writeln!(
        to,
        "R2   {} s of {GUESTS} guests who ask, {AT_ONCE} logins and {AT_ONCE} webhooks at once, {ROUNDS} times: {}",
        began.elapsed().as_secs(),
        rows.join(", ")
    )?;
    writeln!(to, "     answered: {statuses:?}; the guests: {}; {} MiB more memory", felt.say(), grown >> 20)?;
    let bounded = most.values().all(|(most, max)| *max > 0.0 && most <= max);
    let pressed = ["passwords", "whatsapp_parcels", "ai_turns"]
        .iter()
        .all(|name| most.iter().any(|(queue, (most, _))| queue.contains(name) && *most > 0.0));
    Ok(bounded && pressed && most.len() >= 9)
}
