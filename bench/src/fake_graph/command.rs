//! `frontdesk-bench fake-graph`: a number for whoever has no account.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::fault::NAMES;
use super::{FakeGraph, Settings, http};

/// How long the answers to a message are listened for.
const LISTEN_FOR: Duration = Duration::from_secs(8);
/// How often the phone is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What the command takes.
#[derive(Args)]
pub struct FakeGraphArgs {
    /// Where to listen; also where `say` finds it. 0 takes any free port.
    #[arg(long, default_value_t = 9300, global = true)]
    port: u16,
    /// Where the server's webhook is.
    #[arg(long, default_value = "http://127.0.0.1:8080/webhooks/whatsapp")]
    webhook: String,
    /// Only run, or speak through one that runs.
    #[command(subcommand)]
    command: Option<Speak>,
}

#[derive(Subcommand)]
enum Speak {
    /// A guest says something; what the hotel answers is printed.
    Say {
        /// The words.
        text: String,
        /// The guest's number.
        #[arg(long, default_value = "491512345678")]
        from: String,
    },
    /// The next messages of the hotel fare like this, one each.
    Faults {
        /// E.g.: cut-after refuse:131047
        #[arg(required = true)]
        next: Vec<String>,
    },
}

/// Runs it, or speaks through one that runs.
///
/// # Errors
/// The port cannot be had, or nobody listens there.
pub async fn run(args: FakeGraphArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let base = format!("http://127.0.0.1:{}", args.port);
    match args.command {
        None => serve(args.port, args.webhook, out).await,
        Some(Speak::Say { text, from }) => say(&base, &from, &text, out).await,
        Some(Speak::Faults { next }) => {
            let (url, body) = (format!("{base}/faults"), json!({"next": next}).to_string());
            let status = http::post(&url, &[], body.as_bytes()).await.context("is fake-graph running?")?;
            anyhow::ensure!(status == 200, "one of these is no fault; there are: {}", names());
            Ok(())
        }
    }
}

async fn serve(port: u16, webhook: String, out: &mut impl Write) -> anyhow::Result<()> {
    let settings = Settings { webhook: Some(webhook), ..Settings::default() };
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let graph = FakeGraph::start(address, settings.clone()).await?;
    writeln!(out, "A guest's phone  {}/", graph.url())?;
    writeln!(out, "Start the server with:")?;
    writeln!(out, "  WHATSAPP_API_BASE={}", graph.url())?;
    writeln!(out, "  WHATSAPP_VERIFY_TOKEN=verify WHATSAPP_APP_SECRET={}", settings.secret)?;
    writeln!(out, "  WHATSAPP_ACCESS_TOKEN={} WHATSAPP_PHONE_NUMBER_ID={}", settings.token, settings.number)?;
    out.flush()?;
    tokio::select! {
        () = graph.run() => {}
        stopped = tokio::signal::ctrl_c() => stopped?,
    }
    Ok(())
}

async fn say(base: &str, from: &str, text: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let mut seen = chat(base).await.context("is fake-graph running?")?.len();
    let body = json!({"from": from, "text": text}).to_string();
    let status = http::post(&format!("{base}/say"), &[], body.as_bytes()).await?;
    anyhow::ensure!(
        status == 200,
        "the server did not take the webhook; is it running, with the settings above?"
    );
    let give_up = tokio::time::Instant::now() + LISTEN_FOR;
    while tokio::time::Instant::now() < give_up {
        let lines = chat(base).await?;
        for line in lines.iter().skip(seen).filter(|line| line["number"] == from) {
            writeln!(
                out,
                "{}: {}",
                line["by"].as_str().unwrap_or_default(),
                line["text"].as_str().unwrap_or_default()
            )?;
        }
        seen = lines.len();
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn chat(base: &str) -> anyhow::Result<Vec<Value>> {
    let body = http::get(&format!("{base}/chat")).await?;
    let chat: Value = serde_json::from_slice(&body)?;
    Ok(chat["lines"].as_array().cloned().unwrap_or_default())
}

fn names() -> String {
    NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
