//! An agent logs in and out.

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::people::Role;
use frontdesk_domain::refusal::{Code, Refusal};
use http::header::{SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::Refusals;
use super::client::ClientAddress;
use super::extract::{AgentAuth, Body};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::auth::login::{DEVICE_SECS, Judge, Shown};
use crate::auth::{AGENT_SESSION_SECS, Kind, Token, cookie, guard};
use crate::config::Server;
use crate::error::{ApiError, ApiResult};
use crate::store::Account;
use crate::store::logins::Session;

/// A login.
#[derive(Deserialize, ToSchema)]
pub(super) struct Login {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// A code of the second factor, or a recovery code; for accounts that have one.
    #[schema(value_type = Option<String>)]
    totp: Option<SecretString>,
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
    /// What is to be done first, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    must: Option<Must>,
    /// A second factor is asked for at each login.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    second_factor: bool,
    /// Logs in at the provider of single sign-on, and there alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    single_sign_on: bool,
}

/// What an agent is to do before anything else.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Must {
    /// The password was made up: choose another. The dashboard insists; the API does not, for clients may
    /// rely on the login that is printed.
    ChangePassword,
    /// The operator asks for a second factor; all other paths refuse until there is one.
    SetUpSecondFactor,
}

impl Me {
    fn of(account: Account, server: &Server) -> Self {
        let must = if guard::owes_second_factor(&account, server) {
            Some(Must::SetUpSecondFactor)
        } else {
            account.must_change.then_some(Must::ChangePassword)
        };
        let Account { id, name, email, role, second_factor, single_sign_on, .. } = account;
        Self { id, name, email, role, must, second_factor, single_sign_on }
    }
}

/// The longest browser name that is kept, in characters.
const BROWSER_MAX_CHARS: usize = 200;

/// Logs an agent in. Whatever is wrong, the answer is the same, after the same time.
#[utoipa::path(post, path = "/api/login", tag = "agents", request_body = Login,
    responses((status = 200, description = "Logged in; the cookie is set", body = LoggedIn), Refusals))]
pub(super) async fn login(
    State(state): State<AppState>,
    address: ClientAddress,
    headers: HeaderMap,
    Body(login): Body<Login>,
) -> ApiResult<impl IntoResponse> {
    let (email, at) = (login.email.trim().to_lowercase(), now());
    let https = state.config.server.is_https();
    let device = cookie::in_cookie(&headers, Kind::Device, https);
    let (db, hasher, vault, attempts) = (state.db.as_ref(), &state.hasher, &state.vault, &state.attempts);
    let shown = Shown { email: &email, password: login.password, code: login.totp, device };
    let judged = Judge { db, hasher, vault, attempts }.login(shown, at).await;
    let (account, known) = match judged {
        Ok(found) => found,
        Err(refusal) => {
            failed(&state, &email, address, &refusal).await?;
            return Err(refusal.into());
        }
    };

    let line = open(&state, &account, address, &headers, "").await?;
    let mut cookies = vec![(SET_COOKIE, line)];
    if !known {
        let device = Token::random()?;
        state.db.add_device(device.key().0, account.id, at.plus_millis(DEVICE_SECS * 1_000)).await?;
        cookies.push((SET_COOKIE, cookie::give(Kind::Device, &device, https, false)));
    }
    let mut response = Json(LoggedIn { agent: Me::of(account, &state.config.server) }).into_response();
    for (name, line) in cookies {
        if let Ok(line) = HeaderValue::try_from(line) {
            response.headers_mut().append(name, line);
        }
    }
    Ok(response)
}

/// Opens a session; the line that hands its cookie out. `detail`: how, for the audit log.
pub(super) async fn open(
    state: &AppState,
    account: &Account,
    address: ClientAddress,
    headers: &HeaderMap,
    detail: &str,
) -> ApiResult<String> {
    let (token, at) = (Token::random()?, now());
    let browser = headers.get(USER_AGENT).and_then(|text| text.to_str().ok()).unwrap_or_default();
    let session = Session {
        key: token.key(),
        agent: account.id,
        created_at: at,
        seen_at: at,
        expires_at: at.plus_millis(AGENT_SESSION_SECS * 1_000),
        address: address.0.to_string(),
        browser: browser.chars().take(BROWSER_MAX_CHARS).collect(),
    };
    state.db.add_session(session).await?;
    let (actor, target) = (Actor::owner(account, address.0), format!("agent:{}", account.id));
    state.audit.record_detail(&actor, Action::Login, target, detail).await;
    Ok(cookie::give(Kind::Agent, &token, state.config.server.is_https(), false))
}

/// Notes a wrong guess. Not the address that was typed, where nobody has it: it may be a password that slipped
/// into the wrong field. Guesses that were not looked at are counted, not noted: their number has no bound.
async fn failed(state: &AppState, email: &str, from: ClientAddress, refusal: &Refusal) -> ApiResult<()> {
    if refusal.code != Code::Unauthorized {
        return Ok(());
    }
    let account = state.db.account_by_email(email).await?;
    let target = account.as_ref().map_or(String::new(), |account| format!("agent:{}", account.id));
    let actor = Actor::nobody(account.map(|account| account.property), from.0);
    state.audit.record(&actor, Action::LoginFailed, target).await;
    Ok(())
}

/// Ends the login; its sockets are closed with 4401.
#[utoipa::path(post, path = "/api/logout", tag = "agents", security(("agent" = [])),
    responses((status = 204, description = "Logged out"), Refusals))]
pub(super) async fn logout(
    State(state): State<AppState>,
    AgentAuth { session, .. }: AgentAuth,
    actor: Actor,
) -> ApiResult<impl IntoResponse> {
    state.db.end_session(session).await?;
    state.audit.record(&actor, Action::Logout, "").await;
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
    let account = account.ok_or_else(|| ApiError::not_found("agent"))?;
    Ok(Json(Me::of(account, &state.config.server)))
}
