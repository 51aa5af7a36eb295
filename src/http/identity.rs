//! What signs the hotel's word on who a guest is: made, seen and taken away by admins.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::Refusals;
use super::extract::{AgentAuth, MaybeBody};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::identity::Key;
use crate::store::verified::{IdentityKey, SealedKey};
use crate::webhooks::{new_secret, open_secret};

/// How long the key before is good as well, in milliseconds: a day, for the hotel's systems to change.
const OLD_FOR_MS: i64 = 24 * 60 * 60 * 1_000;

/// What signs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    /// What a token says in `alg`: `HS256` for a secret, `EdDSA` for a public key.
    #[schema(pattern = "^(HS256|EdDSA)$")]
    algorithm: &'static str,
    created_at: Timestamp,
    /// Until when the key before is good as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_until: Option<Timestamp>,
}

/// What is to sign from now on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = NewIdentityKey)]
pub(super) struct NewKey {
    /// The public half of an Ed25519 key pair of the hotel, as PEM or as the `x` of a JWK. Without it a secret is made.
    #[schema(max_length = 200)]
    public_key: Option<String>,
}

/// The same, with the secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// Shown this once, if one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// What signs, if anything does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MaybeKey {
    #[schema(required)]
    key: Option<KeyView>,
}

fn view(kept: &IdentityKey, key: &Key, at: Timestamp) -> KeyView {
    let old_until = kept.old.as_ref().map(|(_, until)| *until).filter(|until| *until > at);
    KeyView { algorithm: key.algorithm(), created_at: kept.created_at, old_until }
}

/// What signs who a guest is.
#[utoipa::path(get, path = "/api/identity/key", tag = "guests", security(("agent" = [])),
    responses((status = 200, description = "It", body = MaybeKey), Refusals))]
pub(super) async fn key(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<MaybeKey>> {
    let Some(kept) = state.db.identity_key(property).await? else { return Ok(Json(MaybeKey { key: None })) };
    let key = Key::from_bytes(open_secret(&state.vault, &kept.key.secret, kept.key.id)?);
    Ok(Json(MaybeKey { key: Some(view(&kept, &key, now())) }))
}

/// Takes a public key of the hotel's, or makes a secret; the key before is good for another day.
#[utoipa::path(post, path = "/api/identity/key", tag = "guests", security(("agent" = [])), request_body = Option<NewKey>,
    responses((status = 201, description = "Made", body = NewKeyView), Refusals))]
pub(super) async fn new_key(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    MaybeBody(asked): MaybeBody<NewKey>,
) -> ApiResult<(StatusCode, Json<NewKeyView>)> {
    let (id, at) = (Uuid::now_v7(), now());
    let public = match asked.public_key {
        Some(text) => Some(Key::public(&text).ok_or_else(no_key)?),
        None => None,
    };
    let (key, secret, sealed) = match public {
        Some(key) => {
            let sealed = state.vault.seal(&key.to_bytes(), id.as_bytes())?;
            (key, None, sealed)
        }
        None => {
            let (secret, sealed) = new_secret(&state.vault, id)?;
            let secret = secret.expose_secret().to_owned();
            (Key::Secret(secret.clone().into_bytes()), Some(secret), sealed)
        }
    };
    let before = state.db.identity_key(property).await?;
    let old = before.map(|before| (before.key, Timestamp(at.0 + OLD_FOR_MS)));
    let kept = IdentityKey { property, key: SealedKey { id, secret: sealed }, old, created_at: at };
    let view = view(&kept, &key, at);
    state.db.put_identity_key(kept).await?;
    state.audit.record(&actor, Action::SettingsChanged, "identity").await;
    Ok((StatusCode::CREATED, Json(NewKeyView { key: view, secret })))
}

fn no_key() -> Refusal {
    Refusal::new(Code::BadFrame, "field `public_key`: an Ed25519 public key, as PEM or as the `x` of a JWK")
}

/// Takes all keys away: no token is believed any more. Guests who were verified stay so.
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
