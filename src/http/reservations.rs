//! Reservations of the hotel's property system: the webhook, and who may use it.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::Refusals;
use super::extract::{AgentAuth, Segment};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::reservations::{Told, new_source, open_source, read};
use crate::webhooks::signature;

/// What became of each reservation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Taken {
    /// In the order of the request.
    items: Vec<TakenOne>,
}

/// What became of a reservation.
#[derive(Debug, Serialize, ToSchema)]
struct TakenOne {
    reference: String,
    version: i64,
    /// False: this version or a newer one was known.
    stored: bool,
}

/// Who may tell of reservations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceView {
    /// Where the property system posts to.
    path: String,
    created_at: Timestamp,
}

/// The same, with what signs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewSourceView {
    #[serde(flatten)]
    source: SourceView,
    /// Shown this once.
    secret: String,
}

/// The property's source, if there is one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MaybeSource {
    #[schema(required)]
    source: Option<SourceView>,
}

fn view(id: Uuid, created_at: Timestamp) -> SourceView {
    SourceView { path: format!("/webhooks/reservations/{id}"), created_at }
}

/// Takes new versions of reservations. Answered once they are on disk; the guests' cards follow.
#[utoipa::path(post, path = "/webhooks/reservations/{id}", tag = "webhooks", request_body = Told,
    params(("id" = Uuid, Path),
        ("Frontdesk-Signature" = String, Header, description = "`t=<seconds>,v1=<hex>`, over `<t>.<body>`")),
    responses((status = 200, description = "Stored", body = Taken), Refusals))]
pub(super) async fn receive(
    State(state): State<AppState>,
    Segment(id): Segment<Uuid>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Json<Taken>> {
    let header = headers.get(signature::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature::is_shaped(header) {
        return Err(unsigned());
    }
    let source = state.db.reservation_source_by_id(id).await?.ok_or_else(unsigned)?;
    let secret = open_source(&state.vault, &source)?;
    let at = now();
    if !signature::is_signed([secret.as_slice()], header, &body, at.0 / 1_000) {
        return Err(unsigned());
    }
    let told = read(&body, source.property, at)?;
    let names: Vec<_> = told.iter().map(|one| (one.reference.clone(), one.version)).collect();
    let stored = state.db.put_reservations(told).await?;
    state.reservations.notify_one();
    let items = names.into_iter().zip(stored);
    let items = items.map(|((reference, version), stored)| TakenOne { reference, version, stored }).collect();
    Ok(Json(Taken { items }))
}

/// Who may tell of reservations.
#[utoipa::path(get, path = "/api/reservations/source", tag = "webhooks", security(("agent" = [])),
    responses((status = 200, description = "It", body = MaybeSource), Refusals))]
pub(super) async fn source(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<MaybeSource>> {
    let source = state.db.reservation_source(property).await?;
    Ok(Json(MaybeSource { source: source.map(|source| view(source.id, source.created_at)) }))
}

/// Makes a new address and secret for the property system; the ones before are no good any more.
#[utoipa::path(post, path = "/api/reservations/source", tag = "webhooks", security(("agent" = [])),
    responses((status = 201, description = "Made", body = NewSourceView), Refusals))]
pub(super) async fn new(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
) -> ApiResult<(StatusCode, Json<NewSourceView>)> {
    let (source, secret) = new_source(&state.vault, property, now())?;
    let view = view(source.id, source.created_at);
    state.db.put_reservation_source(source).await?;
    state.audit.record(&actor, Action::SettingsChanged, "reservations").await;
    Ok((StatusCode::CREATED, Json(NewSourceView { source: view, secret: secret.expose_secret().to_owned() })))
}

/// Takes address and secret away: nobody may tell of reservations any more. What was told stays.
#[utoipa::path(delete, path = "/api/reservations/source", tag = "webhooks", security(("agent" = [])),
    responses((status = 204, description = "Gone"), Refusals))]
pub(super) async fn remove(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
) -> ApiResult<StatusCode> {
    if !state.db.remove_reservation_source(property).await? {
        return Err(ApiError::not_found("source"));
    }
    state.audit.record(&actor, Action::SettingsChanged, "reservations").await;
    Ok(StatusCode::NO_CONTENT)
}

/// The same whether there is no such source or the signature is wrong.
fn unsigned() -> ApiError {
    metrics::counter!("frontdesk_reservations_bad_signatures_total").increment(1);
    Refusal::new(Code::Unauthorized, "not signed by the property system").into()
}
