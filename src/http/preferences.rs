//! What an agent has set for itself, and what help there is.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::ids::PropertyId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body};
use super::help::tag;
use super::state::AppState;
use crate::error::ApiResult;

/// What an agent has set, and what help there is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Preferences {
    /// The language that the agent reads in; `null`: messages are shown as they are.
    #[schema(required)]
    reading_language: Option<String>,
    /// A language model is set up: there are summaries, rewriting and translations.
    model: bool,
    /// Hosts that the hotel's knowledge names: links in the AI's text may lead there. At most 100.
    hosts: Vec<String>,
}

/// What an agent sets.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewPreferences {
    reading_language: Option<String>,
}

/// What the agent has set.
#[utoipa::path(get, path = "/api/me/preferences", tag = "help", security(("agent" = [])),
    responses((status = 200, description = "It", body = Preferences), Refusals))]
pub(super) async fn preferences(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
) -> ApiResult<Json<Preferences>> {
    let reading_language = state.db.reading_language(agent.id).await?;
    Ok(Json(shown(&state, property, reading_language).await))
}

/// Sets it.
#[utoipa::path(put, path = "/api/me/preferences", tag = "help", request_body = NewPreferences,
    security(("agent" = [])), responses((status = 200, description = "It", body = Preferences), Refusals))]
pub(super) async fn set_preferences(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    Body(NewPreferences { reading_language }): Body<NewPreferences>,
) -> ApiResult<Json<Preferences>> {
    let reading_language = reading_language.as_deref().map(tag).transpose()?;
    state.db.put_reading_language(agent.id, reading_language.as_deref()).await?;
    Ok(Json(shown(&state, property, reading_language).await))
}

async fn shown(state: &AppState, property: PropertyId, reading_language: Option<String>) -> Preferences {
    let hosts = state.help.hosts(property).await;
    Preferences { reading_language, model: state.help.has_model(), hosts }
}
