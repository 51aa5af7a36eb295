//! One connection: requests come in and are shown to whom they concern.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::http::{self, Request};
use super::state::Shared;
use super::{account, messages, page};

/// What becomes of a request.
pub(super) enum Answer {
    /// This.
    Json(u16, Value),
    /// Bytes of this media type.
    Bytes(u16, String, Vec<u8>),
    /// The connection is cut.
    Cut,
    /// Nothing, ever.
    Silence,
}

/// An error as the Graph API words it.
pub(super) fn refusal(status: u16, code: i64, message: &str) -> Answer {
    Answer::Json(
        status,
        json!({"error": {"message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": message}, "fbtrace_id": "AFake"}}),
    )
}

/// Takes connections for ever; they end with the task.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            taken = listener.accept() => {
                let Ok((stream, _)) = taken else { continue };
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut rest = Vec::new();
    while let Some(request) = http::read(&mut stream, &mut rest).await? {
        let bytes = match respond(&request, &shared).await {
            Answer::Json(status, value) => {
                http::answer(status, "application/json", value.to_string().as_bytes())
            }
            Answer::Bytes(status, media_type, bytes) => http::answer(status, &media_type, &bytes),
            Answer::Cut => {
                let _ = stream.set_zero_linger();
                return Ok(());
            }
            Answer::Silence => {
                // Until the other side has had enough.
                let _ = http::read(&mut stream, &mut rest).await;
                return Ok(());
            }
        };
        stream.write_all(&bytes).await?;
        if request.path.ends_with("/messages") {
            shared.state().journal.totals.answered += 1;
        }
    }
    Ok(())
}

async fn respond(request: &Request, shared: &Arc<Shared>) -> Answer {
    let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    if let Some(answer) = page::respond(request, &parts, shared).await {
        return answer;
    }
    let version = parts.first().is_some_and(|part| part.starts_with('v'));
    let parts = if version { &parts[1..] } else { &parts[..] };
    if parts == [account::APP, "subscriptions"] {
        return account::subscriptions(request, shared);
    }
    if request.bearer.as_deref() != Some(shared.settings.token.as_str()) {
        shared.state().journal.totals.unauthorized += 1;
        return refusal(401, 190, "Invalid OAuth access token");
    }
    let number = shared.settings.number.as_str();
    match (request.method.as_str(), parts) {
        ("POST", [id, "messages"]) if *id == number => messages::post(request, shared).await,
        _ => account::respond(request, parts, shared),
    }
}
