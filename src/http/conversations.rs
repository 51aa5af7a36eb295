//! Conversations over HTTP: lists, history, and the same commands as over the socket.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::summary::Summary;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Params, Segment, given, page};
use super::state::AppState;
use crate::error::ApiResult;
use crate::store::{ConversationQuery, View};

/// The views of the inbox.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ViewName {
    /// Everything but closed ones.
    #[default]
    All,
    /// Mine.
    Mine,
    /// Nobody's.
    Unassigned,
    /// A guest waits for a human.
    Waiting,
    /// Closed ones.
    Closed,
}

/// Which conversations are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    #[param(inline)]
    view: Option<ViewName>,
    /// Only those with this tag.
    tag: Option<String>,
    /// Only those with this text in the guest's name, e-mail, phone or room, the last message or a tag.
    q: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// An earlier page's `next`.
    cursor: Option<String>,
}

/// The property's conversations, those waiting longest first.
#[utoipa::path(get, path = "/api/conversations", tag = "conversations", params(Wanted),
    security(("agent" = [])),
    responses((status = 200, description = "A page", body = Listed<Summary>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Listed<Summary>>> {
    let view = match wanted.view.unwrap_or_default() {
        ViewName::All => View::All,
        ViewName::Mine => View::Mine(agent.id),
        ViewName::Unassigned => View::Unassigned,
        ViewName::Waiting => View::Waiting,
        ViewName::Closed => View::Closed,
    };
    let tag = given(wanted.tag).map(|tag| tag.trim().to_lowercase());
    let query = ConversationQuery { view, tag, q: given(wanted.q) };
    let found = state.db.conversations(property, query, page(wanted.limit, wanted.cursor)?).await?;
    Ok(Json(Listed::of(found, |summary| summary)))
}

/// One conversation.
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = ConversationId, Path)), security(("agent" = [])),
    responses((status = 200, description = "It", body = Summary), Refusals))]
pub(super) async fn one(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
) -> ApiResult<Json<Summary>> {
    Ok(Json(state.db.summary(property, id).await?.ok_or_else(Refusal::not_found)?))
}

/// Refuses a conversation that is not this principal's: it looks the same as one that is not there.
pub(super) async fn visible(state: &AppState, who: &Principal, id: ConversationId) -> ApiResult<()> {
    let is_theirs = match who {
        Principal::Guest { conversation, .. } => *conversation == id,
        Principal::Agent { property, .. } => state.db.summary(*property, id).await?.is_some(),
    };
    if is_theirs { Ok(()) } else { Err(Refusal::not_found().into()) }
}
