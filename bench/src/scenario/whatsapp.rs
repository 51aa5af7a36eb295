//! Guests who write over WhatsApp: signed webhooks, answered once their message is on disk.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;

use super::callers::{Tally, drive};
use super::{Common, blank, run_name};
use crate::http::Http;
use crate::report::Run;
use crate::target::Target;
use crate::webhook::{self, Webhooks};

/// What a server of our own is told.
const SECRET: &str = "the app secret of a measurement";
const NUMBER: &str = "106540352242922";

/// Guests who write over WhatsApp as fast as the webhook is answered.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench whatsapp --spawn --guests 64")]
pub struct WhatsApp {
    /// Guests, each with a number of its own.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub guests: u32,
    /// The app secret of a server at --url.
    #[arg(long, default_value = SECRET, hide_default_value = true)]
    pub app_secret: String,
    /// Its business number's id.
    #[arg(long, default_value = NUMBER)]
    pub phone_number_id: String,
    /// What every scenario takes.
    #[command(flatten)]
    pub common: Common,
}

/// What a server of our own is told. Nobody listens at the address for replies: people have taken over, and
/// write none.
pub fn settings() -> Vec<(&'static str, String)> {
    vec![
        ("WHATSAPP_VERIFY_TOKEN", "verify".to_owned()),
        ("WHATSAPP_APP_SECRET", SECRET.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", "access".to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", NUMBER.to_owned()),
        ("WHATSAPP_API_BASE", "http://127.0.0.1:9".to_owned()),
    ]
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &WhatsApp, target: &Target) -> anyhow::Result<Run> {
    let token = target.agent().await?;
    let mut run = blank("whatsapp", "", target);
    run.parameters.insert("guests".to_owned(), args.guests.to_string());
    let hook = Arc::new(Hook::new(args));
    let mut http = Http::new(target.address);
    for guest in 0..args.guests {
        hook.send(&mut http, guest, 0).await?;
    }
    hush(target, &token).await?;
    let tally = Arc::new(Tally::default());
    let mut guests = JoinSet::new();
    for guest in 0..args.guests {
        let (hook, tally, mut http) = (Arc::clone(&hook), Arc::clone(&tally), Http::new(target.address));
        guests.spawn(async move {
            let mut nth = 0;
            while tally.goes_on() {
                nth += 1;
                let since = Instant::now();
                hook.send(&mut http, guest, nth).await?;
                tally.took("webhook", since)?;
            }
            Ok(())
        });
    }
    let window = drive(&tally, guests, target, args.common.warm(), args.common.length()).await;
    window.report(&mut run, "message");
    tally.report(&mut run)?;
    Ok(run)
}

/// People answer from now on, so that nothing but the measured traffic flows.
async fn hush(target: &Target, token: &str) -> anyhow::Result<()> {
    let mut http = Http::new(target.address);
    http.headers = format!("Cookie: frontdesk_agent={token}\r\n");
    let (name, mut cursor) = (run_name(), String::new());
    loop {
        let answer = http.get(&format!("/api/conversations?limit=200{cursor}")).await?;
        let page = answer.json();
        let items = page["items"].as_array().context("the inbox cannot be read")?;
        for item in items.iter().filter(|item| item["channel"] == "whatsapp" && item["mode"] == "ai") {
            let id = item["id"].as_str().context("a conversation without an id")?;
            let act = json!({"id": format!("{name}-h"), "action": "take_over"});
            let answer = http.post(&format!("/api/conversations/{id}/actions"), &act).await?;
            ensure!(answer.status < 300, "a take-over was answered with status {}", answer.status);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(()),
        }
    }
}

/// Guests who send webhooks.
struct Hook {
    webhooks: Webhooks,
    run: String,
    /// The first guest's number.
    first: u64,
}

impl Hook {
    fn new(args: &WhatsApp) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            webhooks: Webhooks::new(&args.app_secret, &args.phone_number_id),
            run: run_name(),
            // Other guests than in an earlier run on the same server.
            first: 490_000_000_000 + u64::try_from(now.as_millis()).unwrap_or(0) % 1_000_000_000,
        }
    }

    async fn send(&self, http: &mut Http, guest: u32, nth: u64) -> anyhow::Result<()> {
        let from = (self.first + u64::from(guest)).to_string();
        let id = format!("wamid.{}-{guest}-{nth}", self.run);
        let message = webhook::text(&from, &id, "The towels are warm and the sea is calm today, thank you.");
        let body = self.webhooks.body(&from, &format!("Guest {guest}"), &[message]);
        let status = self.webhooks.post(http, &body).await?;
        ensure!(status != 404, "the server has no WhatsApp channel: set WHATSAPP_* there");
        ensure!(status != 401, "the signature is refused: give the server's --app-secret");
        ensure!(status == 200, "a webhook was answered with status {status}");
        Ok(())
    }
}
