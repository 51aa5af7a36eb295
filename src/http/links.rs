//! Codes that show that a guest of the chat page also writes over WhatsApp, and whom they have linked.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use frontdesk_domain::answerer::Language;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code as RefusalCode, Refusal};
use frontdesk_domain::summary::Summary;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body, GuestAuth, Segment};
use super::state::{AppState, now};
use crate::error::{ApiError, ApiResult};
use crate::linking::{self, Code, GOOD_FOR_MS};
use crate::store::links::LinkCode;

/// Where a code is to go.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// The number on WhatsApp, with the country's code.
    #[schema(max_length = 40)]
    phone: String,
    /// The language of the message, such as `de`; English if it is not given.
    locale: Option<String>,
}

/// What is to be known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sent {
    /// Until when the code is good.
    expires_at: Timestamp,
}

/// Sends a code over WhatsApp to who has this number, if that is somebody who writes to this hotel. The answer is the
/// same if not.
#[utoipa::path(post, path = "/api/guest/whatsapp-code", tag = "guests", request_body = Asked,
    security(("guest" = []), ("guest_bearer" = [])),
    responses((status = 202, description = "Sent, if the number is a guest's", body = Sent), Refusals))]
pub(super) async fn send_code(
    State(state): State<AppState>,
    GuestAuth { guest, property }: GuestAuth,
    Body(asked): Body<Asked>,
) -> ApiResult<(StatusCode, Json<Sent>)> {
    let bad = || ApiError::bad("field `phone`: a number with its country's code, such as +49 151 2345678");
    let number = linking::number(&asked.phone).ok_or_else(bad)?;
    let graph = state.whatsapp_of(property).cloned().ok_or_else(|| ApiError::not_found("whatsapp"))?;
    state.quotas.check(Quota::CodePerGuest, &guest)?;
    state.quotas.check(Quota::CodePerNumber, &(property, &number))?;
    let place = Arc::clone(&state.codes).try_acquire_owned().map_err(|_| Refusal::overloaded())?;
    let (code, at) = (Code::random()?, now());
    let expires_at = at.plus_millis(GOOD_FOR_MS);
    let digest = code.digest(guest);
    let kept = LinkCode { guest, property, number: number.clone(), digest, expires_at };
    if let Some(conversation) = state.db.put_link_code(kept, at).await? {
        let language = asked.locale.as_deref().and_then(Language::from_tag).unwrap_or(Language::En);
        let hub = state.hub.clone();
        // Not waited for: how long the answer takes must not tell whether there was somebody to send it to.
        tokio::spawn(async move {
            linking::send(&graph, &hub, &code, (number, conversation), language, at).await;
            drop(place);
        });
    } else {
        metrics::counter!("frontdesk_link_codes_total", "outcome" => "nobody").increment(1);
    }
    Ok((StatusCode::ACCEPTED, Json(Sent { expires_at })))
}

/// What was received.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Received {
    /// Eight digits.
    #[schema(max_length = 32)]
    code: String,
}

/// What it did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Linked {
    /// Since when.
    linked_at: Timestamp,
}

/// Shows that the code was received: staff see from then on that the guest also writes over WhatsApp. A code is good
/// once and for ten minutes, and may be mistyped four times.
#[utoipa::path(post, path = "/api/guest/whatsapp-link", tag = "guests", request_body = Received,
    security(("guest" = []), ("guest_bearer" = [])),
    responses((status = 200, description = "Linked", body = Linked), Refusals))]
pub(super) async fn link(
    State(state): State<AppState>,
    GuestAuth { guest, .. }: GuestAuth,
    Body(received): Body<Received>,
) -> ApiResult<Json<Linked>> {
    // What cannot be a code counts as a try like any other wrong one.
    let digest = Code::typed(&received.code).map_or([0; 32], |code| code.digest(guest));
    let link = state.db.try_link_code(guest, digest, now()).await?.ok_or_else(wrong)?;
    linking::tell(&state.hub, &link).await;
    Ok(Json(Linked { linked_at: link.linked_at }))
}

/// The same whatever is wrong with it.
fn wrong() -> ApiError {
    Refusal::new(RefusalCode::Unauthorized, "the code is wrong, used or too old: ask for another").into()
}

/// Another conversation of the same person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Other {
    conversation: Summary,
    /// Since when it is known.
    linked_at: Timestamp,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Others {
    items: Vec<Other>,
}

/// The conversations of the same person on other channels.
#[utoipa::path(get, path = "/api/conversations/{id}/links", tag = "conversations",
    params(("id" = ConversationId, Path)), security(("agent" = [])),
    responses((status = 200, description = "At most 20, the newest link first", body = Others), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
) -> ApiResult<Json<Others>> {
    state.db.summary(property, id).await?.ok_or_else(Refusal::not_found)?;
    let mut items = Vec::new();
    for link in state.db.links_of(id).await? {
        let other = if link.web == id { link.whatsapp } else { link.web };
        if let Some(conversation) = state.db.summary(property, other).await? {
            items.push(Other { conversation, linked_at: link.linked_at });
        }
    }
    Ok(Json(Others { items }))
}
