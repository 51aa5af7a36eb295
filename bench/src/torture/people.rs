//! The people of a run: an admin and agents who are logged in, guests with their conversations.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::history::{Audience, Line, Seen};
use super::load::http::{self, As};
use super::load::stage::{Agent, Guest, Stage, Told};
use super::process::ADMIN;

/// The password of every other account.
const PASSWORD: &str = "a password for torture";

/// Logs the first admin in.
///
/// # Errors
/// The server refuses.
pub async fn admin(stage: &Stage) -> anyhow::Result<Arc<Agent>> {
    login(stage, ADMIN.0, ADMIN.1).await
}

/// Makes agents and logs them in.
///
/// # Errors
/// The server refuses.
pub async fn agents(stage: &Stage, admin: &Agent, count: usize) -> anyhow::Result<Vec<Arc<Agent>>> {
    let mut agents = Vec::new();
    for nth in 0..count {
        let email = format!("agent-{nth}@hotel.test");
        let account =
            json!({"email": email, "name": format!("Agent {nth}"), "role": "agent", "password": PASSWORD});
        let reply =
            http::call(stage.address, As::Agent(&admin.token), "POST", "/api/agents", Some(&account)).await?;
        ensure!(reply.status == 201, "no account for {email}: {}", reply.body);
        agents.push(login(stage, &email, PASSWORD).await?);
    }
    Ok(agents)
}

async fn login(stage: &Stage, email: &str, password: &str) -> anyhow::Result<Arc<Agent>> {
    let body = json!({"email": email, "password": password});
    let reply = http::call(stage.address, As::Nobody, "POST", "/api/login", Some(&body)).await?;
    ensure!(reply.status == 200, "{email} cannot log in: {}", reply.body);
    let token = reply.cookie().context("a login without a cookie")?.to_owned();
    let id = reply.body.pointer("/agent/id").and_then(Value::as_str).context("an agent without an id")?;
    Ok(Arc::new(Agent { id: id.to_owned(), token }))
}

/// A new guest with its conversation.
///
/// # Errors
/// The server refuses.
pub async fn guest(stage: &Stage) -> anyhow::Result<Arc<Guest>> {
    let reply = http::call(stage.address, As::Nobody, "POST", "/api/guest/session", Some(&json!({}))).await?;
    ensure!(reply.status == 201, "no session for a guest: {}", reply.body);
    let text = |path: &str| reply.body.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let (id, token, conversation) = (text("/guest/id"), text("/token"), text("/conversation"));
    let (id, token, conversation) = id
        .zip(token)
        .zip(conversation)
        .map(|((id, token), conversation)| (id, token, conversation))
        .context("a session that lacks a field")?;
    stage.recorder.note(Line::Guest { conversation: conversation.clone(), guest: id.clone() });
    Ok(Arc::new(Guest { id, token, conversation, told: Arc::<Told>::default() }))
}

/// The conversations of guests on WhatsApp: their numbers and ids.
///
/// # Errors
/// The server refuses.
pub async fn phones(stage: &Stage, admin: &Agent) -> anyhow::Result<Vec<(String, String)>> {
    let mut phones = Vec::new();
    // An agent may have closed some, and "all" means all that are at work.
    for view in ["all", "closed"] {
        let mut cursor = String::new();
        loop {
            let path = format!("/api/conversations?view={view}&limit=200{cursor}");
            let reply = http::call(stage.address, As::Agent(&admin.token), "GET", &path, None).await?;
            ensure!(reply.status == 200, "the inbox cannot be read: {}", reply.body);
            let items = reply.body.get("items").and_then(Value::as_array).context("a page without items")?;
            for item in items.iter().filter(|item| item["channel"] == "whatsapp") {
                let phone =
                    item["guest"]["phone"].as_str().context("a guest on WhatsApp without a number")?;
                let id = item["id"].as_str().context("a conversation without an id")?;
                phones.push((phone.trim_start_matches('+').to_owned(), id.to_owned()));
            }
            match reply.body.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    Ok(phones)
}

/// All events of a conversation, as this caller may read them.
///
/// # Errors
/// The server refuses.
pub async fn history(address: SocketAddr, who: As<'_>, conversation: &str) -> anyhow::Result<Vec<Seen>> {
    let mut events: Vec<Seen> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.seq);
        let path = format!("/api/conversations/{conversation}/events?after={after}&limit=200");
        let reply = http::call(address, who, "GET", &path, None).await?;
        ensure!(reply.status == 200, "the history of {conversation} cannot be read: {}", reply.body);
        let items = reply.body.get("items").and_then(Value::as_array).context("a page without items")?;
        if items.is_empty() {
            return Ok(events);
        }
        let known = events.len();
        events.extend(items.iter().filter_map(Seen::read));
        ensure!(events.len() > known, "a page of {conversation} without an event");
    }
}

/// Writes down what is true in the end.
///
/// # Errors
/// The server refuses.
pub async fn write_down(stage: &Stage, admin: &Agent, guests: &[Arc<Guest>]) -> anyhow::Result<()> {
    for guest in guests {
        for (audience, who) in
            [(Audience::Agents, As::Agent(&admin.token)), (Audience::Guest, As::Guest(&guest.token))]
        {
            let (conversation, events) =
                (guest.conversation.clone(), history(stage.address, who, &guest.conversation).await?);
            stage.recorder.note(Line::Final { audience, conversation, events });
        }
    }
    for (phone, conversation) in phones(stage, admin).await? {
        let events = history(stage.address, As::Agent(&admin.token), &conversation).await?;
        stage.recorder.note(Line::Phone { phone, conversation: conversation.clone() });
        stage.recorder.note(Line::Final { audience: Audience::Agents, conversation, events });
    }
    Ok(())
}
