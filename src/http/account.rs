//! An agent's own account: password, logins, second factor.

use axum::Json;
use axum::extract::State;
use frontdesk_actors::messages::SessionKey;
use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body, Segment};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::auth::{policy, second_factor};
use crate::error::{ApiError, ApiResult};
use crate::store::logins::Session;
use crate::store::{Account, WriteError};

/// A login, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Names it; opens nothing.
    id: String,
    /// It is the one that asks.
    current: bool,
    created_at: Timestamp,
    /// To within ten minutes.
    seen_at: Timestamp,
    expires_at: Timestamp,
    /// Where it was opened.
    address: String,
    /// What the browser said it was.
    browser: String,
}

/// An agent's logins.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sessions {
    items: Vec<SessionView>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewPassword {
    #[schema(value_type = String, format = Password)]
    current: SecretString,
    /// 8 to 128 characters, and not one that is tried first.
    #[schema(value_type = String, format = Password)]
    new: SecretString,
}

/// A seed for an authenticator app.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Seed {
    /// To type in.
    secret: String,
    /// The same as an `otpauth:` link, for a QR code.
    link: String,
}

/// A code that the app shows.
#[derive(Deserialize, ToSchema)]
pub(super) struct AppCode {
    #[schema(value_type = String)]
    code: SecretString,
}

/// For when the app is lost. Each opens once; they are shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// The password, as a proof.
#[derive(Deserialize, ToSchema)]
pub(super) struct Proof {
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Changes one's own password. All other logins end.
#[utoipa::path(post, path = "/api/me/password", tag = "agents", request_body = NewPassword,
    security(("agent" = [])), responses((status = 204, description = "Changed"), Refusals))]
pub(super) async fn password(
    State(state): State<AppState>,
    AgentAuth { agent, property, session }: AgentAuth,
    actor: Actor,
    Body(body): Body<NewPassword>,
) -> ApiResult<StatusCode> {
    let account = proven(&state, property, agent.id, body.current).await?;
    if let Some(objection) = policy::objection(body.new.expose_secret(), &[&account.email, &account.name]) {
        return Err(Refusal::new(Code::BadText, objection).into());
    }
    let password_hash = state.hasher.hash(body.new).await?;
    let changed = Account { password_hash, must_change: false, updated_at: now(), ..account };
    state.db.put_account(changed).await?;
    end_others(&state, agent.id, Some(session)).await?;
    state.audit.record(&actor, Action::PasswordChanged, target(agent.id)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own logins.
#[utoipa::path(get, path = "/api/me/sessions", tag = "agents", security(("agent" = [])),
    responses((status = 200, description = "The newest first", body = Sessions), Refusals))]
pub(super) async fn sessions(
    State(state): State<AppState>,
    AgentAuth { agent, session, .. }: AgentAuth,
) -> ApiResult<Json<Sessions>> {
    listed(&state, agent.id, Some(session)).await
}

/// Ends all one's own logins but this one.
#[utoipa::path(delete, path = "/api/me/sessions", tag = "agents", security(("agent" = [])),
    responses((status = 204, description = "Ended"), Refusals))]
pub(super) async fn end_sessions(
    State(state): State<AppState>,
    AgentAuth { agent, session, .. }: AgentAuth,
    actor: Actor,
) -> ApiResult<StatusCode> {
    end_others(&state, agent.id, Some(session)).await?;
    state.audit.record_detail(&actor, Action::SessionsEnded, target(agent.id), "all but this one").await;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of one's own logins.
#[utoipa::path(delete, path = "/api/me/sessions/{id}", tag = "agents", params(("id" = String, Path)),
    security(("agent" = [])), responses((status = 204, description = "Ended"), Refusals))]
pub(super) async fn end_session(
    State(state): State<AppState>,
    AgentAuth { agent, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<String>,
) -> ApiResult<StatusCode> {
    end_one(&state, &actor, agent.id, &id).await
}

/// An agent's logins, for admins.
#[utoipa::path(get, path = "/api/agents/{id}/sessions", tag = "agents", params(("id" = AgentId, Path)),
    security(("agent" = [])), responses((status = 200, description = "The newest first", body = Sessions), Refusals))]
pub(super) async fn sessions_of(
    State(state): State<AppState>,
    AgentAuth { property, session, .. }: AgentAuth,
    Segment(id): Segment<AgentId>,
) -> ApiResult<Json<Sessions>> {
    account(&state, property, id).await?;
    listed(&state, id, Some(session)).await
}

/// Ends all logins of an agent, for admins.
#[utoipa::path(delete, path = "/api/agents/{id}/sessions", tag = "agents", params(("id" = AgentId, Path)),
    security(("agent" = [])), responses((status = 204, description = "Ended"), Refusals))]
pub(super) async fn end_sessions_of(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<AgentId>,
) -> ApiResult<StatusCode> {
    account(&state, property, id).await?;
    end_others(&state, id, None).await?;
    state.audit.record_detail(&actor, Action::SessionsEnded, target(id), "all").await;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one login of an agent, for admins.
#[utoipa::path(delete, path = "/api/agents/{id}/sessions/{session}", tag = "agents",
    params(("id" = AgentId, Path), ("session" = String, Path)),
    security(("agent" = [])), responses((status = 204, description = "Ended"), Refusals))]
pub(super) async fn end_session_of(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment((id, session)): Segment<(AgentId, String)>,
) -> ApiResult<StatusCode> {
    account(&state, property, id).await?;
    end_one(&state, &actor, id, &session).await
}

/// Begins a second factor: it is asked for only once it is confirmed.
#[utoipa::path(post, path = "/api/me/second-factor", tag = "agents", request_body = Proof,
    security(("agent" = [])), responses((status = 201, description = "To be confirmed", body = Seed), Refusals))]
pub(super) async fn begin_second_factor(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Body(proof): Body<Proof>,
) -> ApiResult<(StatusCode, Json<Seed>)> {
    let account = proven(&state, property, agent.id, proof.password).await?;
    let seed = second_factor::new_seed()?;
    let sealed = state.vault.seal(&seed, agent.id.0.as_bytes())?;
    if !state.db.begin_second_factor(agent.id, sealed).await? {
        return Err(Refusal::new(Code::Conflict, "a second factor is set up already").into());
    }
    let (secret, link) = second_factor::shown(&seed, &account.email)?;
    Ok((StatusCode::CREATED, Json(Seed { secret, link })))
}

/// Confirms a second factor with a code: from now on each login takes one.
#[utoipa::path(post, path = "/api/me/second-factor/confirm", tag = "agents", request_body = AppCode,
    security(("agent" = [])), responses((status = 200, description = "It is on", body = RecoveryCodes), Refusals))]
pub(super) async fn confirm_second_factor(
    State(state): State<AppState>,
    AgentAuth { agent, .. }: AgentAuth,
    actor: Actor,
    Body(body): Body<AppCode>,
) -> ApiResult<Json<RecoveryCodes>> {
    let begun = state.db.second_factor(agent.id).await?.filter(|factor| !factor.confirmed);
    let factor = begun.ok_or_else(|| Refusal::new(Code::Conflict, "no second factor waits for a code"))?;
    let seed = state.vault.open(&factor.seed, agent.id.0.as_bytes());
    let code = body.code.expose_secret();
    let step = seed.and_then(|seed| second_factor::step(&seed, code, factor.last_step, now()));
    let step = step.ok_or_else(|| Refusal::new(Code::BadText, "that is not the code of now"))?;
    let (recovery_codes, digests) = second_factor::recovery_codes()?;
    state.db.confirm_second_factor(agent.id, step, digests).await?;
    state.audit.record(&actor, Action::SecondFactorOn, target(agent.id)).await;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Turns one's own second factor off.
#[utoipa::path(post, path = "/api/me/second-factor/remove", tag = "agents", request_body = Proof,
    security(("agent" = [])), responses((status = 204, description = "It is off"), Refusals))]
pub(super) async fn remove_second_factor(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    actor: Actor,
    Body(proof): Body<Proof>,
) -> ApiResult<StatusCode> {
    proven(&state, property, agent.id, proof.password).await?;
    state.db.remove_second_factor(agent.id).await?;
    state.audit.record(&actor, Action::SecondFactorOff, target(agent.id)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns an agent's second factor off, for admins: the agent has lost it. All its logins end.
#[utoipa::path(delete, path = "/api/agents/{id}/second-factor", tag = "agents", params(("id" = AgentId, Path)),
    security(("agent" = [])), responses((status = 204, description = "It is off"), Refusals))]
pub(super) async fn remove_second_factor_of(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<AgentId>,
) -> ApiResult<StatusCode> {
    account(&state, property, id).await?;
    state.db.remove_second_factor(id).await?;
    end_others(&state, id, None).await?;
    state.audit.record(&actor, Action::SecondFactorOff, target(id)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// An agent, as the audit log names it.
fn target(id: AgentId) -> String {
    format!("agent:{id}")
}

async fn account(state: &AppState, property: PropertyId, id: AgentId) -> ApiResult<Account> {
    state.db.account(property, id).await?.ok_or_else(|| ApiError::not_found("agent"))
}

/// The account, if this is its password. A stolen session is not enough to change what opens the account, and
/// guesses made with one are slowed down as those at the login are.
async fn proven(
    state: &AppState,
    property: PropertyId,
    id: AgentId,
    password: SecretString,
) -> ApiResult<Account> {
    let guessing = ("proof", id.0);
    state.attempts.check(&guessing, std::time::Instant::now())?;
    let account = account(state, property, id).await?;
    if !state.hasher.verify(password, Some(account.password_hash.clone())).await? {
        state.attempts.wrong(&guessing, std::time::Instant::now());
        return Err(Refusal::new(Code::Forbidden, "that is not your password").into());
    }
    state.attempts.right(&guessing);
    Ok(account)
}

async fn listed(state: &AppState, agent: AgentId, own: Option<SessionKey>) -> ApiResult<Json<Sessions>> {
    let view = |session: Session| SessionView {
        id: name_of(session.key),
        current: own == Some(session.key),
        created_at: session.created_at,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
        address: session.address,
        browser: session.browser,
    };
    let items = state.db.sessions(agent, now()).await?.into_iter().map(view).collect();
    Ok(Json(Sessions { items }))
}

/// Ends the sessions of an agent but for `except`, with their sockets.
async fn end_others(state: &AppState, agent: AgentId, except: Option<SessionKey>) -> Result<(), WriteError> {
    let ending = state.db.sessions(agent, now()).await?;
    state.db.end_sessions(agent, except).await?;
    for session in ending.into_iter().filter(|session| Some(session.key) != except) {
        state.hub.end_session(session.key);
    }
    Ok(())
}

/// Ends the session of an agent that has this name, with its sockets.
async fn end_one(state: &AppState, actor: &Actor, agent: AgentId, named: &str) -> ApiResult<StatusCode> {
    let all = state.db.sessions(agent, now()).await?;
    let found = all.into_iter().find(|session| name_of(session.key) == named);
    let session = found.ok_or_else(|| ApiError::not_found("login"))?;
    state.db.end_session(session.key).await?;
    state.hub.end_session(session.key);
    state.audit.record_detail(actor, Action::SessionsEnded, target(agent), "one").await;
    Ok(StatusCode::NO_CONTENT)
}

/// The public name of a session: half of the digest of a token of 256 bits, from which neither follows.
fn name_of(key: SessionKey) -> String {
    key.0[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
