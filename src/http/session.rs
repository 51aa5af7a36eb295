//! An agent logs in and out.

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::people::Role;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};
use http::StatusCode;
use http::header::SET_COOKIE;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body};
use super::state::{AppState, now};
use crate::auth::{AGENT_SESSION_SECS, Kind, Token, cookie};
use crate::error::{ApiError, ApiResult};
use crate::store::Account;

/// A login.
#[derive(Deserialize, ToSchema)]
pub(super) struct Login {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Who logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LoggedIn {
    agent: Me,
}

/// An agent, to itself.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    id: AgentId,
    name: String,
    email: String,
    role: Role,
}

impl From<Account> for Me {
    fn from(account: Account) -> Self {
        Self { id: account.id, name: account.name, email: account.email, role: account.role }
    }
}

/// Logs an agent in. Whatever is wrong, the answer is the same, after the same time.
#[utoipa::path(post, path = "/api/login", tag = "agents", request_body = Login,
    responses((status = 200, description = "Logged in; the cookie is set", body = LoggedIn), Refusals))]
pub(super) async fn login(
    State(state): State<AppState>,
    Body(login): Body<Login>,
) -> ApiResult<impl IntoResponse> {
    let email = login.email.trim().to_lowercase();
    state.quotas.check(Quota::LoginPerAccount, &email)?;
    let account = state.db.account_by_email(&email).await?.filter(|account| !account.disabled);
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let good = state.hasher.verify(login.password, hash).await?;
    let Some(account) = account.filter(|_| good) else {
        return Err(Refusal::new(Code::Unauthorized, "wrong e-mail address or password").into());
    };
    let (token, at) = (Token::random()?, now());
    let expires = at.plus_millis(AGENT_SESSION_SECS * 1_000);
    state.db.add_session(token.key(), account.id, at, expires).await?;
    let line = cookie::give(Kind::Agent, &token, state.config.server.is_https(), false);
    Ok((AppendHeaders([(SET_COOKIE, line)]), Json(LoggedIn { agent: account.into() })))
}

/// Ends the login; its sockets are closed with 4401.
#[utoipa::path(post, path = "/api/logout", tag = "agents", security(("agent" = [])),
    responses((status = 204, description = "Logged out"), Refusals))]
pub(super) async fn logout(
    State(state): State<AppState>,
    AgentAuth { session, .. }: AgentAuth,
) -> ApiResult<impl IntoResponse> {
    state.db.end_session(session).await?;
    state.hub.end_session(session);
    let line = cookie::take(Kind::Agent, state.config.server.is_https());
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, line)])))
}

/// Who am I?
#[utoipa::path(get, path = "/api/me", tag = "agents", security(("agent" = [])),
    responses((status = 200, description = "The agent", body = Me), Refusals))]
pub(super) async fn me(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
) -> ApiResult<Json<Me>> {
    let account = state.db.account(property, agent.id).await?;
    Ok(Json(account.ok_or_else(|| ApiError::not_found("agent"))?.into()))
}
