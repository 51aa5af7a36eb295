//! Guests who write over WhatsApp: signed webhooks, answered once their message is on disk.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use clap::Args;
use ring::hmac;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::callers::{Tally, drive};
use super::{Common, blank, run_name};
use crate::http::Http;
use crate::report::Run;
use crate::target::Target;

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

/// Writes webhooks as Meta does.
struct Hook {
    key: hmac::Key,
    number: String,
    run: String,
    /// The first guest's number.
    first: u64,
}

impl Hook {
    fn new(args: &WhatsApp) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, args.app_secret.as_bytes()),
            number: args.phone_number_id.clone(),
            run: run_name(),
            // Other guests than in an earlier run on the same server.
            first: 490_000_000_000 + u64::try_from(now.as_millis()).unwrap_or(0) % 1_000_000_000,
        }
    }

    fn body(&self, guest: u32, nth: u64) -> Value {
        let from = (self.first + u64::from(guest)).to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let message = json!({
            "from": from, "id": format!("wamid.{}-{guest}-{nth}", self.run), "timestamp": now.to_string(),
            "type": "text", "text": {"body": "The towels are warm and the sea is calm today, thank you."},
        });
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550100000", "phone_number_id": self.number},
            "contacts": [{"profile": {"name": format!("Guest {guest}")}, "wa_id": from}],
            "messages": [message],
        });
        let change = json!({"value": value, "field": "messages"});
        json!({"object": "whatsapp_business_account", "entry": [{"id": "110000000000001", "changes": [change]}]})
    }

    fn signature(&self, body: &[u8]) -> String {
        let digest = hmac::sign(&self.key, body);
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn send(&self, http: &mut Http, guest: u32, nth: u64) -> anyhow::Result<()> {
        let body = self.body(guest, nth).to_string();
        let signature = self.signature(body.as_bytes());
        let headers =
            format!("Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n");
        let answer = http.call("POST", "/webhooks/whatsapp", &headers, body.as_bytes()).await?;
        ensure!(answer.status != 404, "the server has no WhatsApp channel: set WHATSAPP_* there");
        ensure!(answer.status != 401, "the signature is refused: give the server's --app-secret");
        ensure!(answer.status == 200, "a webhook was answered with status {}", answer.status);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let args = WhatsApp {
            guests: 1,
            app_secret: "Jefe".to_owned(),
            phone_number_id: NUMBER.to_owned(),
            common: common(),
        };
        let signature = Hook::new(&args).signature(b"what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    fn common() -> Common {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            common: Common,
        }
        <Line as clap::Parser>::parse_from(["x"]).common
    }
}
