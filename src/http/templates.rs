//! The texts that WhatsApp has approved.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::refusal::{Code, Refusal};

use super::answers::Refusals;
use super::state::AppState;
use crate::error::ApiResult;
use crate::whatsapp::graph::TemplateList;

/// The approved templates whose blanks this desk can fill in; at most five minutes old.
#[utoipa::path(get, path = "/api/whatsapp/templates", tag = "whatsapp", security(("agent" = [])),
    responses((status = 200, description = "All of them", body = TemplateList), Refusals))]
pub(super) async fn list(State(state): State<AppState>) -> ApiResult<Json<TemplateList>> {
    let Some(graph) = &state.graph else {
        return Err(Refusal::new(Code::NotFound, "WhatsApp is not set up").into());
    };
    let list = graph.templates().await.map_err(|error| {
        tracing::warn!(%error, "the templates could not be read");
        Refusal::new(Code::Unavailable, "WhatsApp does not tell its templates at the moment")
    })?;
    Ok(Json(list))
}
