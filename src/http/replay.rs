//! A conversation as it happened, with what the AI was told, for those who answer for it.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::refusal::Refusal;

use super::answers::Refusals;
use super::extract::{AgentAuth, Segment};
use super::state::AppState;
use crate::error::ApiResult;
use crate::store::records::Replay;

/// A conversation as it happened: events, and each turn with its prompt, sources, calls, times and costs.
#[utoipa::path(get, path = "/api/conversations/{id}/replay", tag = "conversations",
    params(("id" = ConversationId, Path)), security(("agent" = [])),
    responses((status = 200, description = "It", body = Replay), Refusals))]
pub(super) async fn replay(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
) -> ApiResult<Json<Replay>> {
    Ok(Json(state.db.replay(property, id).await?.ok_or_else(Refusal::not_found)?))
}
