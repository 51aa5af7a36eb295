//! Agents at work: they page through the inbox, search it, and read threads.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;

use super::callers::{Tally, drive};
use super::{Common, blank, run_name};
use crate::http::Http;
use crate::load::frontdesk::Guest;
use crate::progress::bar;
use crate::report::Run;
use crate::target::Target;

/// Agents who page through the inbox, search it and open threads, each without a pause.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench dashboard --spawn --agents 16 --conversations 2000")]
pub struct Dashboard {
    /// Agents.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub agents: u32,
    /// Conversations in the inbox, of a few messages each.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub conversations: u32,
    /// Messages of each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub messages: u32,
    /// What every scenario takes.
    #[command(flatten)]
    pub common: Common,
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Dashboard, target: &Target) -> anyhow::Result<Run> {
    let token = target.agent().await?;
    let guests = target.guests(args.conversations as usize).await?;
    talk(args, target, &token, &guests).await?;
    let mut run = blank("dashboard", "", target);
    let parameters = [
        ("agents", args.agents.to_string()),
        ("conversations", args.conversations.to_string()),
        ("messages each", args.messages.to_string()),
    ];
    run.parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
    let tally = Arc::new(Tally::default());
    let mut agents = JoinSet::new();
    for nth in 0..args.agents as usize {
        let mut http = Http::new(target.address);
        http.headers = format!("Cookie: frontdesk_agent={token}\r\n");
        agents.spawn(work(http, Arc::clone(&tally), nth));
    }
    let window = drive(&tally, agents, target, args.common.warm(), args.common.length()).await;
    window.report(&mut run, "request");
    tally.report(&mut run)?;
    Ok(run)
}

/// People answer in all conversations, and each has its messages.
async fn talk(args: &Dashboard, target: &Target, token: &str, guests: &[Guest]) -> anyhow::Result<()> {
    let name = run_name();
    let progress = bar(guests.len() as u64, "talking ");
    let mut helpers = JoinSet::new();
    for part in guests.chunks(guests.len().div_ceil(32).max(1)) {
        let (part, name, progress) = (part.to_vec(), name.clone(), progress.clone());
        let (mut http, messages) = (Http::new(target.address), args.messages);
        http.headers = format!("Cookie: frontdesk_agent={token}\r\n");
        helpers.spawn(async move {
            for guest in part {
                let path = format!("/api/conversations/{}", guest.conversation);
                let act = json!({"id": format!("{name}-h"), "action": "take_over"});
                let answer = http.post(&format!("{path}/actions"), &act).await?;
                ensure!(answer.status < 300, "a take-over was answered with status {}", answer.status);
                for nth in 0..messages {
                    let text = format!("Message {nth}: the towels are warm and the sea is calm today.");
                    let say = json!({"id": format!("{name}-{nth}"), "text": text});
                    let answer = http.post(&format!("{path}/messages"), &say).await?;
                    ensure!(answer.status < 300, "a message was answered with status {}", answer.status);
                }
                progress.inc(1);
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = helpers.join_next().await {
        done??;
    }
    progress.finish_and_clear();
    Ok(())
}

/// The inbox, its second page, a search, and a thread; and again.
async fn work(mut http: Http, tally: Arc<Tally>, nth: usize) -> anyhow::Result<()> {
    for round in nth.. {
        if !tally.goes_on() {
            break;
        }
        let first = ask(&mut http, &tally, "inbox", "/api/conversations?limit=50").await?;
        if let Some(cursor) = first["next"].as_str() {
            let path = format!("/api/conversations?limit=50&cursor={cursor}");
            ask(&mut http, &tally, "next page", &path).await?;
        }
        let path = format!("/api/conversations?q=guest-{}", round % 100);
        ask(&mut http, &tally, "search", &path).await?;
        let items = first["items"].as_array().filter(|items| !items.is_empty());
        let items = items.context("the inbox is empty")?;
        let id = items[round % items.len()]["id"].as_str().context("a conversation without an id")?;
        let path = format!("/api/conversations/{id}/events?limit=50");
        ask(&mut http, &tally, "thread", &path).await?;
    }
    Ok(())
}

async fn ask(
    http: &mut Http,
    tally: &Tally,
    what: &'static str,
    path: &str,
) -> anyhow::Result<serde_json::Value> {
    let since = Instant::now();
    let answer = http.get(path).await?;
    ensure!(answer.status == 200, "{what}: {path} was answered with status {}", answer.status);
    tally.took(what, since)?;
    Ok(answer.json())
}
