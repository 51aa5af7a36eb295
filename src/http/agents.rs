//! Agent accounts, managed by admins.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::people::Role;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::strict;
use frontdesk_domain::text::check_short;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Body, Params, Segment, page};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::auth::{login_name, policy};
use crate::error::{ApiError, ApiResult};
use crate::store::Account;

const NAME_MAX_CHARS: usize = 100;

/// An account, without its password.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgentView {
    id: AgentId,
    email: String,
    name: String,
    role: Role,
    /// May not log in.
    disabled: bool,
    /// A second factor is asked for at each login; left out where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    second_factor: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Account> for AgentView {
    fn from(account: Account) -> Self {
        let Account { id, email, name, role, disabled, second_factor, created_at, updated_at, .. } = account;
        Self { id, email, name, role, disabled, second_factor, created_at, updated_at }
    }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewAgent {
    email: String,
    name: String,
    #[serde(deserialize_with = "strict::word")]
    role: Role,
    /// 8 to 128 characters, and not one that is tried first.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// What is to change.
#[derive(Deserialize, ToSchema)]
pub(super) struct AgentPatch {
    email: Option<String>,
    name: Option<String>,
    #[serde(default, deserialize_with = "strict::maybe_word")]
    role: Option<Role>,
    disabled: Option<bool>,
    /// 8 to 128 characters, and not one that is tried first.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// An earlier page's `next`.
    cursor: Option<String>,
}

/// The property's accounts, by name.
#[utoipa::path(get, path = "/api/agents", tag = "agents", params(Wanted), security(("agent" = [])),
    responses((status = 200, description = "A page", body = Listed<AgentView>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Listed<AgentView>>> {
    let found = state.db.accounts(property, page(wanted.limit, wanted.cursor)?).await?;
    Ok(Json(Listed::of(found, AgentView::from)))
}

/// Adds an account.
#[utoipa::path(post, path = "/api/agents", tag = "agents", request_body = NewAgent, security(("agent" = [])),
    responses((status = 201, description = "Added", body = AgentView), Refusals))]
pub(super) async fn add(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Body(new): Body<NewAgent>,
) -> ApiResult<(StatusCode, Json<AgentView>)> {
    let (at, email, name) = (now(), email(&new.email)?, name(&new.name)?);
    let account = Account {
        id: AgentId(Uuid::now_v7()),
        property,
        password_hash: hash(&state, new.password, &email, &name).await?,
        email,
        name,
        role: new.role,
        disabled: false,
        must_change: false,
        second_factor: false,
        single_sign_on: false,
        created_at: at,
        updated_at: at,
    };
    state.db.add_account(account.clone()).await?;
    let target = format!("agent:{}", account.id);
    state.audit.record_detail(&actor, Action::AgentAdded, target, account.role.name()).await;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Changes an account. A new role or password, or disabling it, ends its logins.
#[utoipa::path(patch, path = "/api/agents/{id}", tag = "agents", params(("id" = AgentId, Path)),
    request_body = AgentPatch, security(("agent" = [])),
    responses((status = 200, description = "Changed", body = AgentView), Refusals))]
pub(super) async fn change(
    State(state): State<AppState>,
    AgentAuth { agent, property, session }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<AgentId>,
    Body(patch): Body<AgentPatch>,
) -> ApiResult<Json<AgentView>> {
    let old = state.db.account(property, id).await?.ok_or_else(|| ApiError::not_found("agent"))?;
    let mut new = Account { updated_at: now(), ..old.clone() };
    if let Some(text) = &patch.email {
        new.email = email(text)?;
    }
    if let Some(text) = &patch.name {
        new.name = name(text)?;
    }
    new.role = patch.role.unwrap_or(old.role);
    new.disabled = patch.disabled.unwrap_or(old.disabled);
    let has_new_password = patch.password.is_some();
    if let Some(password) = patch.password {
        new.password_hash = hash(&state, password, &new.email, &new.name).await?;
        new.must_change = false;
    }
    state.db.put_account(new.clone()).await?;
    let what = differences(&old, &new);
    state.audit.record_detail(&actor, Action::AgentChanged, format!("agent:{id}"), what).await;
    if has_new_password || new.role != old.role || (new.disabled && !old.disabled) {
        // Whoever changes its own account stays logged in here, and nowhere else.
        let except = (agent.id == id).then_some(session);
        state.db.end_sessions(id, except).await?;
        state.hub.end_agent(id);
    }
    Ok(Json(new.into()))
}

/// Removes an account, and ends its logins.
#[utoipa::path(delete, path = "/api/agents/{id}", tag = "agents", params(("id" = AgentId, Path)),
    security(("agent" = [])), responses((status = 204, description = "Removed"), Refusals))]
pub(super) async fn remove(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<AgentId>,
) -> ApiResult<StatusCode> {
    state.db.remove_account(property, id).await?;
    state.hub.end_agent(id);
    state.audit.record(&actor, Action::AgentRemoved, format!("agent:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What of an account was changed, for the audit log: of a password only that it was.
fn differences(old: &Account, new: &Account) -> String {
    let mut what = Vec::new();
    if old.role != new.role {
        what.push(format!("role {} → {}", old.role.name(), new.role.name()));
    }
    if old.disabled != new.disabled {
        what.push(if new.disabled { "disabled" } else { "enabled" }.to_owned());
    }
    for (name, differs) in [
        ("e-mail", old.email != new.email),
        ("name", old.name != new.name),
        ("password", old.password_hash != new.password_hash),
    ] {
        if differs {
            what.push(name.to_owned());
        }
    }
    what.join(", ")
}

pub(super) fn name(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    check_short("name", text, NAME_MAX_CHARS)?;
    if text.is_empty() { Err(Refusal::new(Code::BadText, "name is empty")) } else { Ok(text.to_owned()) }
}

pub(super) fn email(text: &str) -> Result<String, Refusal> {
    login_name(text).ok_or_else(|| Refusal::new(Code::BadText, "email is not an e-mail address"))
}

pub(super) async fn hash(
    state: &AppState,
    password: SecretString,
    email: &str,
    name: &str,
) -> Result<String, Refusal> {
    if let Some(objection) = policy::objection(password.expose_secret(), &[email, name]) {
        return Err(Refusal::new(Code::BadText, objection));
    }
    state.hasher.hash(password).await
}
