//! What signs the hotel's word on who a guest is: made, seen and taken away by admins.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::Refusals;
use super::extract::AgentAuth;
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::store::verified::{IdentityKey, SealedKey};
use crate::webhooks::new_secret;

/// How long the secret before is good as well, in milliseconds: a day, for the hotel's systems to change.
const OLD_FOR_MS: i64 = 24 * 60 * 60 * 1_000;

/// What signs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    created_at: Timestamp,
    /// Until when the secret before is good as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_until: Option<Timestamp>,
}

/// The same, with the secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// Shown this once.
    secret: String,
}

/// What signs, if anything does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MaybeKey {
    #[schema(required)]
    key: Option<KeyView>,
}

fn view(key: &IdentityKey, at: Timestamp) -> KeyView {
    let old_until = key.old.as_ref().map(|(_, until)| *until).filter(|until| *until > at);
    KeyView { created_at: key.created_at, old_until }
}

/// What signs who a guest is.
#[utoipa::path(get, path = "/api/identity/key", tag = "guests", security(("agent" = [])),
    responses((status = 200, description = "It", body = MaybeKey), Refusals))]
pub(super) async fn key(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<MaybeKey>> {
    let key = state.db.identity_key(property).await?;
    Ok(Json(MaybeKey { key: key.map(|key| view(&key, now())) }))
}

/// Makes a new secret; the one before is good for another day.
#[utoipa::path(post, path = "/api/identity/key", tag = "guests", security(("agent" = [])),
    responses((status = 201, description = "Made", body = NewKeyView), Refusals))]
pub(super) async fn new_key(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
) -> ApiResult<(StatusCode, Json<NewKeyView>)> {
    let (id, at) = (Uuid::now_v7(), now());
    let (secret, sealed) = new_secret(&state.vault, id)?;
    let before = state.db.identity_key(property).await?;
    let old = before.map(|before| (before.key, Timestamp(at.0 + OLD_FOR_MS)));
    let key = IdentityKey { property, key: SealedKey { id, secret: sealed }, old, created_at: at };
    let view = view(&key, at);
    state.db.put_identity_key(key).await?;
    state.audit.record(&actor, Action::SettingsChanged, "identity").await;
    Ok((StatusCode::CREATED, Json(NewKeyView { key: view, secret: secret.expose_secret().to_owned() })))
}

/// Takes all secrets away: no token is believed any more. Guests who were verified stay so.
#[utoipa::path(delete, path = "/api/identity/key", tag = "guests", security(("agent" = [])),
    responses((status = 204, description = "Gone"), Refusals))]
pub(super) async fn remove_key(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
) -> ApiResult<StatusCode> {
    if !state.db.remove_identity_key(property).await? {
        return Err(ApiError::not_found("key"));
    }
    state.audit.record(&actor, Action::SettingsChanged, "identity").await;
    Ok(StatusCode::NO_CONTENT)
}
