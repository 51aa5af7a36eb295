//! `/api/invitations`: an admin makes a link, and who is invited makes the account of it.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::people::Role;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::strict;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::agents::{self, AgentView};
use super::answers::{Listed, Refusals};
use super::client::ClientAddress;
use super::extract::{AgentAuth, Body, Segment};
use super::state::{AppState, now};
use super::tokens::full;
use crate::audit::{Action, Actor};
use crate::auth::Token;
use crate::error::{ApiError, ApiResult};
use crate::store::Account;
use crate::store::access::Invitation;

/// How long an invitation lives when nobody says, in days.
const DAYS_DEFAULT: u32 = 7;
/// How long it may live.
const DAYS_MAX: u32 = 30;
const DAY_MILLIS: i64 = 24 * 3_600_000;

/// An open invitation, without its link.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitationView {
    id: Uuid,
    email: String,
    role: Role,
    made_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        let Invitation { id, email, role, made_by, created_at, expires_at, .. } = invitation;
        Self { id, email, role, made_by, created_at, expires_at }
    }
}

/// A new invitation: the only answer that holds its link.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeInvitation {
    /// To be passed on to the invited. A path without a public URL. What opens it stands behind the `#`, which
    /// browsers do not send. Shown this once.
    link: String,
    #[serde(flatten)]
    view: InvitationView,
}

/// An invitation to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewInvitation {
    /// Whose: the login name of the account to be.
    email: String,
    #[serde(deserialize_with = "strict::word")]
    role: Role,
    /// How many days it lives, 1 to 30; 7 if not given.
    #[serde(default)]
    days: Option<u32>,
}

/// What opens an invitation.
#[derive(Deserialize, ToSchema)]
pub(super) struct Opened {
    /// What stands behind the link's `#`.
    #[schema(value_type = String)]
    token: SecretString,
}

/// An invitation, to the invited.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Offer {
    email: String,
    role: Role,
    /// The hotel's name.
    hotel: String,
    expires_at: Timestamp,
}

/// An invitation that is taken.
#[derive(Deserialize, ToSchema)]
pub(super) struct Acceptance {
    /// What stands behind the link's `#`.
    #[schema(value_type = String)]
    token: SecretString,
    /// As guests and colleagues will see it.
    name: String,
    /// 8 to 128 characters, and not one that is tried first.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// The invitations that are still open.
#[utoipa::path(get, path = "/api/invitations", tag = "agents", security(("agent" = [])),
    responses((status = 200, description = "The newest first", body = Listed<InvitationView>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<Listed<InvitationView>>> {
    let found = state.db.invitations(property, now()).await?;
    Ok(Json(Listed { items: found.into_iter().map(InvitationView::from).collect(), next: None }))
}

/// Makes an invitation, in the place of an earlier one to the same address.
#[utoipa::path(post, path = "/api/invitations", tag = "agents", request_body = NewInvitation,
    security(("agent" = [])), responses((status = 201, description = "Made", body = MadeInvitation), Refusals))]
pub(super) async fn add(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    actor: Actor,
    Body(new): Body<NewInvitation>,
) -> ApiResult<(StatusCode, Json<MadeInvitation>)> {
    let email = agents::email(&new.email)?;
    let days = new.days.unwrap_or(DAYS_DEFAULT);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Refusal::new(Code::BadText, "days is not 1 to 30").into());
    }
    if state.db.account_by_email(&email).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "this address has an account").into());
    }
    let (token, at) = (Token::random()?, now());
    let invitation = Invitation {
        id: Uuid::now_v7(),
        property,
        digest: token.key().0,
        email,
        role: new.role,
        made_by: agent.name,
        created_at: at,
        expires_at: at.plus_millis(i64::from(days) * DAY_MILLIS),
    };
    state.db.add_invitation(invitation.clone()).await.map_err(full)?;
    let target = format!("invitation:{}", invitation.id);
    state.audit.record_detail(&actor, Action::InvitationMade, target, invitation.role.name()).await;
    let base = state.config.server.public_url.as_ref().map_or("", |url| url.as_str());
    let link = format!("{base}/dashboard/join#{}", token.reveal());
    Ok((StatusCode::CREATED, Json(MadeInvitation { link, view: invitation.into() })))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/invitations/{id}", tag = "agents", params(("id" = Uuid, Path)),
    security(("agent" = [])), responses((status = 204, description = "Taken back"), Refusals))]
pub(super) async fn remove(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<Uuid>,
) -> ApiResult<StatusCode> {
    state.db.remove_invitation(property, id).await?;
    state.audit.record(&actor, Action::InvitationWithdrawn, format!("invitation:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What one is invited to. Used up, expired, taken back or made up: all the same 404.
#[utoipa::path(post, path = "/api/invitations/open", tag = "agents", request_body = Opened,
    responses((status = 200, description = "It is still open", body = Offer), Refusals))]
pub(super) async fn open(
    State(state): State<AppState>,
    Body(Opened { token }): Body<Opened>,
) -> ApiResult<Json<Offer>> {
    let invitation = found(&state, &token).await?;
    let hotel = state.db.property_name(invitation.property).await?.unwrap_or_default();
    let Invitation { email, role, expires_at, .. } = invitation;
    Ok(Json(Offer { email, role, hotel, expires_at }))
}

/// Makes the account, which then logs in like any other. The invitation is used up by it.
#[utoipa::path(post, path = "/api/invitations/accept", tag = "agents", request_body = Acceptance,
    responses((status = 201, description = "There is an account", body = AgentView), Refusals))]
pub(super) async fn accept(
    State(state): State<AppState>,
    address: ClientAddress,
    Body(Acceptance { token, name, password }): Body<Acceptance>,
) -> ApiResult<(StatusCode, Json<AgentView>)> {
    let Invitation { id, property, digest, email, role, .. } = found(&state, &token).await?;
    let (name, at) = (agents::name(&name)?, now());
    let account = Account {
        id: AgentId(Uuid::now_v7()),
        property,
        password_hash: agents::hash(&state, password, &email, &name).await?,
        email,
        name,
        role,
        disabled: false,
        must_change: false,
        second_factor: false,
        single_sign_on: false,
        created_at: at,
        updated_at: at,
    };
    state.db.accept_invitation(digest, account.clone()).await?;
    let (target, detail) = (format!("agent:{}", account.id), format!("{} by invitation:{id}", role.name()));
    let actor = Actor::owner(&account, address.0);
    state.audit.record_detail(&actor, Action::InvitationAccepted, target, detail).await;
    Ok((StatusCode::CREATED, Json(account.into())))
}

async fn found(state: &AppState, token: &SecretString) -> ApiResult<Invitation> {
    let missing = || ApiError::not_found("invitation");
    let token = Token::shown(token.expose_secret()).ok_or_else(missing)?;
    state.db.invitation(token.key().0, now()).await?.ok_or_else(missing)
}
