//! Whether the server lives, whether it can take traffic, and its numbers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use frontdesk_domain::refusal::{Code, Refusal};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::state::{AppState, CODES_AT_ONCE, UPLOADS_AT_ONCE, now};
use crate::auth::rights::Scope;
use crate::auth::{cookie, guard, token};
use crate::config::{Config, DatabaseUrl};
use crate::error::{ApiError, ApiResult, Problem};
use crate::telemetry::{self, Looked};

/// How long the database may take to answer.
const PING_WITHIN: Duration = Duration::from_secs(2);

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "It does", body = Health)))]
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The server can take traffic.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "It can", body = Health),
        (status = 503, description = "`detail` names the failing part", body = Problem)))]
pub(super) async fn ready(State(state): State<AppState>) -> ApiResult<Json<Health>> {
    let failing = if !state.started.is_set() {
        Some("starting")
    } else if state.hub.is_draining() {
        Some("draining")
    } else if !matches!(timeout(PING_WITHIN, state.db.ping()).await, Ok(Ok(()))) {
        Some("database")
    } else {
        None
    };
    match failing {
        None => Ok(Json(Health { status: "ok" })),
        Some(part) => Err(Refusal::new(Code::Unavailable, part).into()),
    }
}

/// The server's numbers, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "operation", security((), ("metrics" = [])),
    responses((status = 200, description = "Prometheus text", body = String),
        (status = 401, description = "The wrong token", body = Problem),
        (status = 403, description = "Not from here", body = Problem)))]
pub(super) async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if !by_integration(&state, &headers).await? {
        may_read(&state.config, peer, &headers)?;
    }
    let Some(handle) = &state.metrics else {
        return Err(ApiError::with_status(StatusCode::NOT_FOUND, Code::NotFound, "no metrics"));
    };
    let text = telemetry::render(handle, &look(&state).await);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// What is looked up each time. Whatever the database does, there is an answer.
async fn look(state: &AppState) -> Looked {
    let signs = timeout(PING_WITHIN, state.db.vitals(now())).await;
    let signs = signs.ok().and_then(Result::ok).unwrap_or_default();
    let mut looked = Looked {
        guest_sessions: signs.guest_sessions,
        agent_sessions: signs.agent_sessions,
        readers: (signs.readers_busy, signs.readers_max),
        uploads: taken(&state.uploads, UPLOADS_AT_ONCE),
        link_codes: taken(&state.codes, CODES_AT_ONCE),
        passwords: state.hasher.load(),
        guest_messages: state.hub.guest_messages(),
        database_bytes: signs.database_bytes.unwrap_or_default(),
        ..Looked::default()
    };
    if let DatabaseUrl::Sqlite(path) = &state.config.storage.database {
        looked.database_bytes = size(path).await;
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        looked.log_bytes = size(Path::new(&log)).await;
    }
    looked
}

/// How many of so many places are taken.
fn taken(places: &Semaphore, max: usize) -> (usize, usize) {
    (max - places.available_permits().min(max), max)
}

async fn size(path: &Path) -> u64 {
    tokio::fs::metadata(path).await.map_or(0, |file| file.len())
}

/// Whether an integration asks that may read the numbers.
async fn by_integration(state: &AppState, headers: &HeaderMap) -> Result<bool, Refusal> {
    let Some(secret) = token::in_bearer(headers) else { return Ok(false) };
    let found = guard::by_api_token(state.db.as_ref(), &secret, now()).await?;
    match found {
        Some((_, scopes)) if Scope::Metrics.is_in(&scopes) => Ok(true),
        Some(_) => Err(Refusal::forbidden()),
        None => Err(guard::unauthorized()),
    }
}

/// Whoever has the token. Where there is none, whoever is on this machine; but behind a proxy everybody
/// seems to be.
fn may_read(config: &Config, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(token) = &config.telemetry.metrics_token {
        // Digests are compared, so that the time taken says nothing about the token.
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let shown = cookie::bearer(headers).map(digest);
        return if shown == Some(digest(token.expose_secret())) {
            Ok(())
        } else {
            Err(guard::unauthorized())
        };
    }
    let direct = config.server.public_url.is_none() && config.server.trusted_proxies.is_empty();
    if direct && peer.ip().to_canonical().is_loopback() { Ok(()) } else { Err(Refusal::forbidden()) }
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;
    use crate::config::Sources;

    #[test]
    fn who_may_read_the_numbers() {
        let token = ("FRONTDESK_METRICS_TOKEN", "m-1");
        for (pairs, peer, bearer, allowed) in [
            (vec![], "127.0.0.1:9", "", true),
            (vec![], "[::1]:9", "", true),
            (vec![], "192.0.2.1:9", "", false),
            (vec![("FRONTDESK_PUBLIC_URL", "https://a.example")], "127.0.0.1:9", "", false),
            (vec![("FRONTDESK_TRUSTED_PROXIES", "127.0.0.1")], "127.0.0.1:9", "", false),
            (vec![token], "127.0.0.1:9", "", false),
            (vec![token], "127.0.0.1:9", "Bearer m-2", false),
            (vec![token], "192.0.2.1:9", "Bearer m-1", true),
        ] {
            let pairs_owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let config = Config::from_sources(&Sources::default().then(pairs_owned)).expect("config");
            let mut headers = HeaderMap::new();
            if !bearer.is_empty() {
                headers.insert(AUTHORIZATION, bearer.parse().expect("header"));
            }
            let seen = may_read(&config, peer.parse().expect("address"), &headers).is_ok();
            assert_eq!(seen, allowed, "{pairs:?} {peer} {bearer}");
        }
    }
}
