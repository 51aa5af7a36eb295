//! One connection: requests come in, scripts are played, and the journal sees when the client leaves.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::journal::{Entry, Journal};
use super::limiter::Verdict;
use super::play::{Ending, Stage, Tally};
use super::script::Script;
use super::{Order, answer, failure, http, paper};

/// Takes connections for ever; they end with the task.
pub(super) async fn accept(listener: TcpListener, journal: Arc<Journal>, order: Arc<Order>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            taken = listener.accept() => {
                let Ok((stream, _)) = taken else { continue };
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, Arc::clone(&journal), Arc::clone(&order)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Counts the connection as open while it lives, however it ends.
struct Open(Arc<Journal>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

async fn serve(mut stream: TcpStream, journal: Arc<Journal>, order: Arc<Order>) {
    journal.connected();
    let _open = Open(Arc::clone(&journal));
    let mut rest = Vec::new();
    while let Ok(Some(request)) = http::read(&mut stream, &mut rest).await {
        match respond(&mut stream, &mut rest, &request, &journal, &order).await {
            Ok(Ending::Whole) => {}
            Ok(Ending::Reset) => {
                let _ = stream.set_zero_linger();
                return;
            }
            Ok(Ending::Close) | Err(_) => return,
        }
    }
}

async fn respond(
    stream: &mut TcpStream,
    rest: &mut Vec<u8>,
    request: &http::Request,
    journal: &Journal,
    order: &Order,
) -> io::Result<Ending> {
    let path = request.path.strip_prefix("/v1").unwrap_or(&request.path);
    let bytes = match (request.method.as_str(), path) {
        ("POST", "/chat/completions") => return complete(stream, rest, request, journal, order).await,
        ("GET", "/journal") => {
            json_answer(200, &json!({"totals": journal.totals(), "requests": journal.entries()}))
        }
        ("GET", "/models") => {
            json_answer(200, &json!({"object": "list", "data": [{"id": "fake", "object": "model"}]}))
        }
        _ => {
            json_answer(404, &json!({"error": {"message": "no such path", "type": "invalid_request_error"}}))
        }
    };
    Stage { to: stream, script: &Script::default(), tally: &Tally::default() }.put(&bytes).await?;
    Ok(Ending::Whole)
}

async fn complete(
    stream: &mut TcpStream,
    rest: &mut Vec<u8>,
    request: &http::Request,
    journal: &Journal,
    order: &Order,
) -> io::Result<Ending> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let model = body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    let prompt = answer::prompt_text(&body);
    let place = journal.add(Entry {
        request_bytes: request.body.len(),
        prompt_chars: prompt.chars().count(),
        authorized: request.authorized,
        at_ms: journal.now_ms(),
        model: model.clone(),
        body: journal.keeps_bodies().then(|| String::from_utf8_lossy(&request.body).into_owned()),
        ..Entry::default()
    });
    let told = request.script.as_deref().or_else(|| model.starts_with("fake:").then_some(model.as_str()));
    let ordered = || order.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let script = Script::parse(&told.map_or_else(ordered, str::to_owned));
    let tally = Tally::default();
    let (mut reader, writer) = stream.split();
    let ending = tokio::select! {
        ending = act(script.as_ref(), &body, prompt.len(), writer, &tally, journal, place) => ending,
        () = gone(&mut reader, rest) => {
            journal.note(place, |entry| entry.client_closed_at_ms = Some(journal.now_ms()));
            Ok(Ending::Close)
        }
    };
    let tokens = tally.tokens.load(Ordering::Relaxed);
    journal.spent(tokens);
    let finished = matches!(ending, Ok(Ending::Whole));
    journal.note(place, |entry| {
        entry.bytes_sent = tally.bytes.load(Ordering::Relaxed);
        entry.tokens = tokens;
        if finished {
            entry.finished_at_ms = Some(journal.now_ms());
        } else if ending.is_err() {
            entry.client_closed_at_ms = Some(journal.now_ms());
        }
    });
    ending
}

/// Answers one request, and is dropped in the middle when the client leaves.
async fn act<W: tokio::io::AsyncWrite + Unpin>(
    script: Result<&Script, &String>,
    body: &Value,
    prompt_bytes: usize,
    to: W,
    tally: &Tally,
    journal: &Journal,
    place: Option<usize>,
) -> io::Result<Ending> {
    let plain = Script::default();
    let mut stage = Stage { to, script: script.unwrap_or(&plain), tally };
    let script = match script {
        Ok(script) => script,
        Err(message) => {
            journal.note(place, |entry| entry.status = 400);
            stage.put(&json_answer(400, &json!({"error": {"message": message}}))).await?;
            return Ok(Ending::Whole);
        }
    };
    if script.has("stall-headers") {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(script.wait("slow-headers")).await;
    if let Some((status, bytes)) = refusal(script, body, journal.take(answer::tokens(prompt_bytes))) {
        journal.note(place, |entry| entry.status = status);
        stage.put(&bytes).await?;
        return Ok(Ending::Whole);
    }
    journal.note(place, |entry| entry.status = 200);
    tally.tokens.fetch_add(answer::tokens(prompt_bytes), Ordering::Relaxed);
    if script.has("html") {
        stage.put(&http::whole(200, "text/html", &[], b"<html>Sign in to the Wi-Fi</html>")).await?;
        return Ok(Ending::Whole);
    }
    if script.has("whole") || body.get("stream").and_then(Value::as_bool) != Some(true) {
        stage.put(&json_answer(200, &paper::whole(script, body))).await?;
        return Ok(Ending::Whole);
    }
    let paper = paper::write(script, body, prompt_bytes);
    stage.play(&paper, body).await
}

/// The error that a script or a limit asks for.
fn refusal(script: &Script, body: &Value, verdict: Verdict) -> Option<(u16, Vec<u8>)> {
    if let Some(status) = script.number("status").and_then(|status| u16::try_from(status).ok()) {
        let (media_type, bytes) = failure::body(status, script);
        return Some((status, http::whole(status, media_type, &failure::headers(script), &bytes)));
    }
    if let Some(field) = script.text("reject").filter(|field| body.get(*field).is_some()) {
        let message = format!("Unrecognized request argument supplied: {field}");
        let error = json!({"error": {"message": message, "type": "invalid_request_error", "param": field, "code": null}});
        return Some((400, json_answer(400, &error)));
    }
    let (kind, wait) = match verdict {
        Verdict::Go => return None,
        Verdict::TooManyRequests(wait) => ("rate", wait),
        Verdict::TooManyTokens(wait) => ("tokens", wait),
    };
    let headers = [("retry-after-ms".to_owned(), wait.as_millis().to_string())];
    let body = failure::object(kind).to_string();
    Some((429, http::whole(429, "application/json", &headers, body.as_bytes())))
}

/// Returns when the client has closed; what it sends meanwhile is kept for the next request.
async fn gone(reader: &mut (impl AsyncRead + Unpin), rest: &mut Vec<u8>) {
    while rest.len() < 1024 * 1024 {
        if !matches!(reader.read_buf(rest).await, Ok(read) if read > 0) {
            return;
        }
    }
}

fn json_answer(status: u16, value: &Value) -> Vec<u8> {
    http::whole(status, "application/json", &[], value.to_string().as_bytes())
}
