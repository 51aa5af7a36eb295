//! `/api/tokens`: integrations get in by a token of their own, made and revoked by admins.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::text::check_short;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Body, Segment};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::auth::rights::Scope;
use crate::auth::token::ApiSecret;
use crate::error::{ApiError, ApiResult};
use crate::store::WriteError;
use crate::store::access::ApiToken;

const NAME_MAX_CHARS: usize = 100;
/// How long a token lives when nobody says, in days.
const DAYS_DEFAULT: u32 = 90;
/// How long it may live: a year and a day.
const DAYS_MAX: u32 = 366;
const DAY_MILLIS: i64 = 24 * 3_600_000;

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenView {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    made_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    /// To within ten minutes; null if it never was.
    #[schema(required)]
    used_at: Option<Timestamp>,
}

/// A new token: the only answer that holds its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// For `Authorization: Bearer`. Shown this once.
    token: String,
    #[serde(flatten)]
    view: TokenView,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewToken {
    /// What it is for; the author's name of what it writes.
    name: String,
    /// Of `conversations:read`, `conversations:write`, `knowledge:read`, `knowledge:write`, `metrics`.
    scopes: Vec<String>,
    /// How many days it lives, 1 to 366; 90 if not given.
    #[serde(default)]
    days: Option<u32>,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        let ApiToken { id, name, scopes, made_by, created_at, expires_at, used_at, .. } = token;
        let scopes = scopes.split(' ').map(str::to_owned).collect();
        Self { id, name, scopes, made_by, created_at, expires_at, used_at }
    }
}

/// The property's tokens, expired ones too.
#[utoipa::path(get, path = "/api/tokens", tag = "agents", security(("agent" = [])),
    responses((status = 200, description = "The newest first", body = Listed<TokenView>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<Listed<TokenView>>> {
    let items = state.db.tokens(property).await?.into_iter().map(TokenView::from).collect();
    Ok(Json(Listed { items, next: None }))
}

/// Makes a token. Its secret is shown this once.
#[utoipa::path(post, path = "/api/tokens", tag = "agents", request_body = NewToken, security(("agent" = [])),
    responses((status = 201, description = "Made", body = MadeToken), Refusals))]
pub(super) async fn add(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    actor: Actor,
    Body(new): Body<NewToken>,
) -> ApiResult<(StatusCode, Json<MadeToken>)> {
    let name = new.name.trim().to_owned();
    check_short("name", &name, NAME_MAX_CHARS)?;
    let days = new.days.unwrap_or(DAYS_DEFAULT);
    if name.is_empty() || !(1..=DAYS_MAX).contains(&days) {
        return Err(Refusal::new(Code::BadText, "name is empty, or days is not 1 to 366").into());
    }
    let scopes: Option<Vec<Scope>> = new.scopes.iter().map(|name| Scope::of(name)).collect();
    let scopes = scopes.filter(|scopes| !scopes.is_empty() && scopes.len() <= Scope::ALL.len());
    let scopes =
        scopes.ok_or_else(|| Refusal::new(Code::BadText, "scopes is empty or names an unknown one"))?;
    let (secret, at) = (ApiSecret::random()?, now());
    // In the order of the list, once each.
    let named: Vec<&str> = Scope::ALL.iter().filter(|s| scopes.contains(s)).map(|s| s.name()).collect();
    let token = ApiToken {
        id: Uuid::now_v7(),
        property,
        digest: secret.digest(),
        name,
        scopes: named.join(" "),
        made_by: agent.name,
        created_at: at,
        expires_at: at.plus_millis(i64::from(days) * DAY_MILLIS),
        used_at: None,
    };
    state.db.add_token(token.clone()).await.map_err(full)?;
    let target = format!("token:{}", token.id);
    state.audit.record_detail(&actor, Action::TokenMade, target, &token.scopes).await;
    let made = MadeToken { token: secret.reveal().to_owned(), view: token.into() };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a token at once.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "agents", params(("id" = Uuid, Path)),
    security(("agent" = [])), responses((status = 204, description = "Revoked"), Refusals))]
pub(super) async fn remove(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<Uuid>,
) -> ApiResult<StatusCode> {
    state.db.remove_token(property, id).await?;
    state.audit.record(&actor, Action::TokenRevoked, format!("token:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Too many of a kind, in words.
pub(super) fn full(error: WriteError) -> ApiError {
    match error {
        WriteError::Taken => Refusal::new(Code::Conflict, "there are 100 already: remove one first").into(),
        other => other.into(),
    }
}
