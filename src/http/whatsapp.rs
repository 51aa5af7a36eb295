//! `/webhooks/whatsapp`: what Meta sends. Answered 200 when all of it is on disk, and not before.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use frontdesk_domain::refusal::{Code, Refusal};
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::Refusals;
use super::extract::Params;
use super::state::{AppState, now};
use crate::error::{ApiError, ApiResult};
use crate::whatsapp::payload::{self, Payload};
use crate::whatsapp::{Webhook, signature};

/// The largest body: Meta says up to 3 MB.
const BODY_MAX_BYTES: usize = 3 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How many people's parcels of one body are stored at once.
const PARCELS_AT_ONCE: usize = 64;
/// The longest challenge that is given back, in bytes.
const CHALLENGE_MAX_BYTES: usize = 1024;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// How Meta asks whether the address is ours.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Verification {
    /// `subscribe`.
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    /// The token of the settings.
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    /// What is to be given back.
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Meta's question whether the address is ours.
#[utoipa::path(get, path = "/webhooks/whatsapp", tag = "whatsapp", params(Verification),
    responses((status = 200, description = "The challenge", content_type = "text/plain", body = String), Refusals))]
pub(super) async fn verify(
    State(state): State<AppState>,
    Params(asked): Params<Verification>,
) -> ApiResult<Response> {
    let webhook = webhook(&state)?;
    let token = asked.verify_token.unwrap_or_default();
    let challenge = asked.challenge.filter(|challenge| challenge.len() <= CHALLENGE_MAX_BYTES);
    let is_ours = signature::is_token(&webhook.verify_token, &token);
    match challenge {
        Some(challenge) if is_ours && asked.mode.as_deref() == Some("subscribe") => {
            Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response())
        }
        _ => Err(Refusal::forbidden().into()),
    }
}

/// Messages of guests and the fate of ours, signed by Meta.
#[utoipa::path(post, path = "/webhooks/whatsapp", tag = "whatsapp",
    params(("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the digest of the raw body")),
    responses((status = 200, description = "All of it is on disk"), Refusals))]
pub(super) async fn receive(State(state): State<AppState>, request: Request) -> ApiResult<StatusCode> {
    let webhook = webhook(&state)?;
    let (parts, body) = request.into_parts();
    let header = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature::is_shaped(header) {
        return Err(unsigned());
    }
    let body = read(body).await?;
    if !webhook.secrets.signed(header, &body) {
        return Err(unsigned());
    }
    let payload = payload::read(&body, &webhook.numbers, now()).map_err(|_| {
        metrics::counter!("frontdesk_whatsapp_bad_bodies_total").increment(1);
        tracing::warn!(bytes = body.len(), "a webhook was rightly signed, but is no JSON");
        ApiError::bad("not JSON")
    })?;
    drop(body);
    count(&payload);
    store(&state, payload).await?;
    Ok(StatusCode::OK)
}

fn webhook(state: &AppState) -> ApiResult<Arc<Webhook>> {
    state.whatsapp.clone().ok_or_else(|| ApiError::not_found("channel"))
}

fn unsigned() -> ApiError {
    metrics::counter!("frontdesk_whatsapp_bad_signatures_total").increment(1);
    Refusal::new(Code::Unauthorized, "not signed by the app").into()
}

async fn read(body: Body) -> ApiResult<Bytes> {
    let whole = tokio::time::timeout(BODY_WITHIN, Limited::new(body, BODY_MAX_BYTES).collect()).await;
    match whole {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refusal::new(Code::TooLarge, "more than 3 MiB").into())
        }
        Ok(Err(_)) => Err(ApiError::bad("the body broke off")),
        Err(_) => Err(ApiError::with_status(StatusCode::REQUEST_TIMEOUT, Code::BadFrame, "too slow")),
    }
}

fn count(payload: &Payload) {
    let messages: usize = payload.parcels.iter().map(|parcel| parcel.items.len()).sum();
    metrics::counter!("frontdesk_whatsapp_messages_total").increment(messages as u64);
    metrics::counter!("frontdesk_whatsapp_statuses_total").increment(payload.reports.len() as u64);
    let mut reasons = payload.ignored.clone();
    reasons.sort_unstable();
    for same in reasons.chunk_by(|one, other| one == other) {
        let (reason, items) = (same[0], same.len());
        metrics::counter!("frontdesk_whatsapp_ignored_total", "reason" => reason).increment(items as u64);
        tracing::info!(reason, items, "part of a webhook was passed over");
    }
}

/// Returns when all of it is on disk. What is stored of it stays, and is not stored again when it comes again.
async fn store(state: &AppState, payload: Payload) -> ApiResult<()> {
    let parcels = stream::iter(payload.parcels)
        .map(|parcel| state.hub.admit(parcel))
        .buffer_unordered(PARCELS_AT_ONCE)
        .collect::<Vec<_>>();
    let reports = stream::iter(payload.reports)
        .map(|report| state.hub.report(report))
        .buffer_unordered(PARCELS_AT_ONCE)
        .collect::<Vec<_>>();
    let (parcels, reports) = tokio::join!(parcels, reports);
    // All were tried: what can be stored is, whatever becomes of its neighbours.
    for result in parcels.into_iter().chain(reports) {
        result?;
    }
    Ok(())
}
