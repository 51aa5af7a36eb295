//! What happens around every handler: limits, guards, headers, logs.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use uuid::Uuid;

use super::client::ClientAddress;
use super::extract::Server;
use super::state::{AppState, now};
use super::{headers, origin};
use crate::audit::{Action, Actor};
use crate::auth::Caller;
use crate::auth::guard::Turned;
use crate::auth::rights::Access;
use crate::error::{ApiError, ApiResult};
use crate::telemetry::said;

/// How long a request may take, its body included. Who drips bytes is closed within 30 s, whatever else is going on.
const ANSWER_WITHIN: Duration = Duration::from_secs(28);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is counted before a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Nothing; or the handler counts itself.
    None,
    /// Something for each address.
    Address(Quota),
}

/// The outermost layer: whose request it is, and what every answer carries.
pub(super) async fn around(State(state): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = Uuid::now_v7();
    let route =
        request.extensions().get::<MatchedPath>().map_or("other".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let server = &state.config.server;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let address = ClientAddress::of(peer, request.headers(), &server.trusted_proxies);
    request.extensions_mut().insert(address);
    request.extensions_mut().insert(Server(Arc::clone(&state)));
    let allowed = origin::check(&method, request.uri(), request.headers(), server);
    let span = tracing::info_span!("http", request = %id, method = label(&method), route);
    let mut response = async {
        let response = match allowed {
            Err(refusal) => ApiError::from(refusal).into_response(),
            Ok(()) => timeout(ANSWER_WITHIN, next.run(request))
                .await
                .unwrap_or_else(|_| ApiError::from(Refusal::unavailable()).into_response()),
        };
        let (status, millis) = (response.status().as_u16(), began.elapsed().as_millis());
        if response.status().is_server_error() {
            tracing::warn!(status, millis, "answered with a failure");
        } else {
            tracing::debug!(status, millis, "answered");
        }
        response
    }
    .instrument(span)
    .await;
    headers::secure(&path, server, response.headers_mut());
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let status = response.status().as_str().to_owned();
    metrics::counter!("frontdesk_http_requests_total", "method" => label(&method), "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("frontdesk_http_request_seconds", "route" => route)
        .record(began.elapsed().as_secs_f64());
    response
}

/// A client may make up methods, but not words of our logs and metrics.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// The layer of one row of the routing table.
pub(super) async fn admit(access: Access, limit: Limit, mut request: Request, next: Next) -> Response {
    let (method, extensions, headers) = (request.method(), request.extensions(), request.headers());
    match check(access, limit, method, extensions, headers).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn check(
    access: Access,
    limit: Limit,
    method: &Method,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> ApiResult<Option<Caller>> {
    let (Some(Server(state)), Some(address)) =
        (extensions.get::<Server>(), extensions.get::<ClientAddress>())
    else {
        return Err(Refusal::new(Code::Internal, "internal").into());
    };
    // Before the guard: looking up sessions is what a flood would cost us. Commands of one guest or agent
    // are counted by the hub.
    match limit {
        Limit::None => {}
        Limit::Address(quota) => state.quotas.check(quota, &address.key())?,
    }
    match access.admit(state.db.as_ref(), headers, &state.config.server, now()).await {
        Ok(caller) => Ok(caller),
        Err(Turned { refusal, who }) => {
            if let Some(Caller { who, token, .. }) = who {
                let route = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
                let target = format!("{method} {route}");
                denied(state, &Actor::of(&who, token, address.0), who.author().id, target).await;
            }
            Err(refusal.into())
        }
    }
}

/// Notes that something was refused to staff or an integration: some of it, for who asks again and again must
/// not fill the disk.
async fn denied(state: &AppState, actor: &Actor, id: Option<Uuid>, target: String) {
    if state.quotas.check(Quota::NotedDenialPerPerson, &id).is_ok() {
        state.audit.record(actor, Action::Denied, target).await;
    }
}

/// A handler that panicked: the client gets a number to tell us, and the log has it too.
#[allow(clippy::needless_pass_by_value, reason = "the shape that the layer asks for")]
pub(super) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let fault = Uuid::now_v7();
    tracing::error!(%fault, error = said(cause.as_ref()), "a request handler panicked");
    ApiError::from(Refusal::new(Code::Internal, format!("a fault of ours; its number is {fault}")))
        .into_response()
}
