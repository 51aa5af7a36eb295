//! The self-test, for admins and for the program's own `frontdesk check`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use frontdesk_domain::people::Role;
use frontdesk_domain::refusal::{Code, Refusal};
use http::HeaderMap;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::answers::Refusals;
use super::state::{AppState, now};
use crate::auth::Guard;
use crate::auth::cookie;
use crate::auth::rights::Access;
use crate::check::{Report, check};
use crate::error::{ApiError, ApiResult};

/// Sends a message through the whole server, and says which part fails. It may take half a minute; one at a time.
#[utoipa::path(post, path = "/api/check", tag = "operation", security(("agent" = [])),
    responses((status = 200, description = "What was found, part by part", body = Report), Refusals))]
pub(super) async fn run(State(state): State<AppState>, headers: HeaderMap) -> ApiResult<Json<Report>> {
    let operator = state.operator.as_ref().zip(cookie::bearer(&headers)).is_some_and(|(token, shown)| {
        // Digests are compared, so that the time taken says nothing about the token.
        Sha256::digest(token.expose_secret().as_bytes()) == Sha256::digest(shown.as_bytes())
    });
    if !operator {
        let admins = Access::from(Guard::Agent(Role::Admin));
        let admitted = admins.admit(state.db.as_ref(), &headers, &state.config.server, now()).await;
        admitted.map_err(|turned| turned.refusal)?;
    }
    let Ok(_place) = Arc::clone(&state.checking).try_acquire_owned() else {
        let busy = Refusal::new(Code::Overloaded, "a check is running already").retry_in(10_000);
        return Err(ApiError::from(busy));
    };
    Ok(Json(check(&state, &state.model, &state.started).await))
}
