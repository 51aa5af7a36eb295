//! `GET /api/audit`: who did what, for admins.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Params, page};
use super::state::AppState;
use crate::error::ApiResult;
use crate::store::audit::AuditEntry;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditView {
    /// Its number on this server; the entries of other hotels are left out.
    seq: i64,
    at: Timestamp,
    actor: ActorView,
    /// From where, if over the network.
    #[serde(skip_serializing_if = "String::is_empty")]
    address: String,
    /// What was done, as in `agent_changed`.
    action: String,
    /// To what, as in `agent:<id>`.
    #[serde(skip_serializing_if = "String::is_empty")]
    target: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActorView {
    /// `agent`, `token`, `guest`, `nobody`, `operator` (at the command line) or `server`.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// The name it had then.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
}

impl From<AuditEntry> for AuditView {
    fn from(AuditEntry { seq, deed, .. }: AuditEntry) -> Self {
        let actor = ActorView { kind: deed.actor, id: deed.actor_id, name: deed.name };
        let (address, action, target, detail) = (deed.address, deed.action, deed.target, deed.detail);
        Self { seq, at: deed.at, actor, address, action, target, detail }
    }
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

/// Who did what, the newest first.
#[utoipa::path(get, path = "/api/audit", tag = "operation", params(Wanted), security(("agent" = [])),
    responses((status = 200, description = "A page", body = Listed<AuditView>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Listed<AuditView>>> {
    let found = state.db.deeds(property, page(wanted.limit, wanted.cursor)?).await?;
    Ok(Json(Listed::of(found, AuditView::from)))
}
