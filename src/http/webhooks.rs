//! `/api/webhooks`: where what happens is sent to, and what became of it.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::event::EventKind;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Body, Params, Segment, page};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::store::webhooks::{Webhook, WebhookDelivery, WebhookStep};
use crate::webhooks::{OLD_SECRET_MILLIS, new_secret};

/// Kinds that one webhook may name.
const EVENTS_MAX: usize = 40;

/// A webhook. Its secret is told when it is made, and never again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookView {
    id: Uuid,
    url: String,
    /// The kinds of event that are sent there.
    events: Vec<String>,
    /// Off: what happens meanwhile is not sent, later either.
    enabled: bool,
    /// Why it was turned off by itself.
    #[schema(required)]
    fault: Option<String>,
    /// Until when the secret before signs as well.
    #[schema(required)]
    old_secret_until: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        let Webhook { id, url, events, old_secret, enabled, fault, created_at, updated_at, .. } = webhook;
        let old_secret_until = old_secret.map(|(_, until)| until).filter(|until| *until > now());
        Self { id, url, events, enabled, fault, old_secret_until, created_at, updated_at }
    }
}

/// All webhooks of a property.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AllWebhooks {
    /// At most 20.
    items: Vec<WebhookView>,
}

/// A webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewWebhookView {
    #[serde(flatten)]
    webhook: WebhookView,
    /// What signs. Shown this once.
    secret: String,
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewWebhook {
    /// `https://…`, on the public internet.
    url: String,
    /// Kinds of event, such as `message` or `request`.
    events: Vec<String>,
}

/// What of a webhook is to be changed.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct WebhookPatch {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    events: Option<Vec<String>>,
    #[serde(default)]
    enabled: Option<bool>,
}

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those that are `waiting`, `delivered` or `failed`.
    step: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// An earlier page's `next`.
    cursor: Option<String>,
}

/// A delivery that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Asked {
    /// Its id.
    delivery: Uuid,
}

/// The webhooks.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks", security(("agent" = [])),
    responses((status = 200, description = "All", body = AllWebhooks), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<AllWebhooks>> {
    let items = state.db.webhooks(property).await?.into_iter().map(WebhookView::from).collect();
    Ok(Json(AllWebhooks { items }))
}

/// Adds a webhook: it is sent what happens from now on.
#[utoipa::path(post, path = "/api/webhooks", tag = "webhooks", request_body = NewWebhook,
    security(("agent" = [])),
    responses((status = 201, description = "Added", body = NewWebhookView), Refusals))]
pub(super) async fn add(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Body(new): Body<NewWebhook>,
) -> ApiResult<(StatusCode, Json<NewWebhookView>)> {
    let id = Uuid::now_v7();
    let (secret, sealed) = new_secret(&state.vault, id)?;
    let at = now();
    let webhook = Webhook {
        id,
        property,
        url: address(&state, &new.url)?,
        events: kinds(new.events)?,
        secret: sealed,
        old_secret: None,
        enabled: true,
        fault: None,
        created_at: at,
        updated_at: at,
    };
    state.db.add_webhook(webhook.clone()).await?;
    state.audit.record(&actor, Action::WebhookAdded, format!("webhook:{id}")).await;
    state.webhooks.now();
    let secret = secret.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(NewWebhookView { webhook: webhook.into(), secret })))
}

/// Changes a webhook. One that is turned on is sent what happens from now on.
#[utoipa::path(patch, path = "/api/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    request_body = WebhookPatch, security(("agent" = [])),
    responses((status = 200, description = "Changed", body = WebhookView), Refusals))]
pub(super) async fn change(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<Uuid>,
    Body(patch): Body<WebhookPatch>,
) -> ApiResult<Json<WebhookView>> {
    let mut webhook = find(&state, property, id).await?;
    if let Some(url) = patch.url {
        webhook.url = address(&state, &url)?;
    }
    if let Some(events) = patch.events {
        webhook.events = kinds(events)?;
    }
    if let Some(enabled) = patch.enabled {
        webhook.enabled = enabled;
        webhook.fault = webhook.fault.filter(|_| !enabled);
    }
    webhook.updated_at = now();
    state.db.put_webhook(webhook.clone()).await?;
    state.audit.record(&actor, Action::WebhookChanged, format!("webhook:{id}")).await;
    state.webhooks.now();
    Ok(Json(webhook.into()))
}

/// Removes a webhook and the log of its deliveries.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)),
    security(("agent" = [])), responses((status = 204, description = "Removed"), Refusals))]
pub(super) async fn remove(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<Uuid>,
) -> ApiResult<StatusCode> {
    state.db.remove_webhook(property, id).await?;
    state.audit.record(&actor, Action::WebhookRemoved, format!("webhook:{id}")).await;
    state.webhooks.now();
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook a new secret. For a day the one before signs as well.
#[utoipa::path(post, path = "/api/webhooks/{id}/secret", tag = "webhooks", params(("id" = Uuid, Path)),
    security(("agent" = [])),
    responses((status = 200, description = "The new secret", body = NewWebhookView), Refusals))]
pub(super) async fn new_key(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<Uuid>,
) -> ApiResult<Json<NewWebhookView>> {
    let webhook = find(&state, property, id).await?;
    let (secret, sealed) = new_secret(&state.vault, id)?;
    let at = now();
    let old_secret = Some((webhook.secret, at.plus_millis(OLD_SECRET_MILLIS)));
    let webhook = Webhook { secret: sealed, old_secret, updated_at: at, ..webhook };
    state.db.put_webhook(webhook.clone()).await?;
    state.audit.record_detail(&actor, Action::WebhookChanged, format!("webhook:{id}"), "secret").await;
    let secret = secret.expose_secret().to_owned();
    Ok(Json(NewWebhookView { webhook: webhook.into(), secret }))
}

/// Sends a delivery of type `ping`, to see that it arrives.
#[utoipa::path(post, path = "/api/webhooks/{id}/ping", tag = "webhooks", params(("id" = Uuid, Path)),
    security(("agent" = [])),
    responses((status = 202, description = "It is on its way", body = Asked), Refusals))]
pub(super) async fn ping(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<Uuid>,
) -> ApiResult<(StatusCode, Json<Asked>)> {
    let webhook = find(&state, property, id).await?;
    if !webhook.enabled {
        return Err(Refusal::new(Code::Conflict, "the webhook is off").into());
    }
    let delivery = Uuid::now_v7();
    state.db.ping_webhook(id, delivery, now()).await?;
    state.webhooks.now();
    Ok((StatusCode::ACCEPTED, Json(Asked { delivery })))
}

/// The deliveries of a webhook, the newest first. They are kept for 30 days.
#[utoipa::path(get, path = "/api/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = Uuid, Path), Wanted), security(("agent" = [])),
    responses((status = 200, description = "A page", body = Listed<WebhookDelivery>), Refusals))]
pub(super) async fn deliveries(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<Uuid>,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Listed<WebhookDelivery>>> {
    let step = match wanted.step.as_deref() {
        None | Some("") => None,
        Some("waiting") => Some(WebhookStep::Waiting),
        Some("delivered") => Some(WebhookStep::Delivered),
        Some("failed") => Some(WebhookStep::Failed),
        Some(_) => return Err(ApiError::bad("step must be waiting, delivered or failed")),
    };
    let page = page(wanted.limit, wanted.cursor)?;
    find(&state, property, id).await?;
    let found = state.db.deliveries(id, step, page).await?;
    Ok(Json(Listed::of(found, |delivery| delivery)))
}

/// Has a delivery sent again, with the same id, as if for the first time.
#[utoipa::path(post, path = "/api/webhooks/{id}/deliveries/{delivery}/redeliver", tag = "webhooks",
    params(("id" = Uuid, Path), ("delivery" = Uuid, Path)), security(("agent" = [])),
    responses((status = 202, description = "It is on its way", body = Asked), Refusals))]
pub(super) async fn redeliver(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment((id, delivery)): Segment<(Uuid, Uuid)>,
) -> ApiResult<(StatusCode, Json<Asked>)> {
    find(&state, property, id).await?;
    state.db.redeliver(id, delivery, now()).await?;
    state
        .audit
        .record_detail(
            &actor,
            Action::WebhookRedelivered,
            format!("webhook:{id}"),
            format!("delivery {delivery}"),
        )
        .await;
    state.webhooks.now();
    Ok((StatusCode::ACCEPTED, Json(Asked { delivery })))
}

async fn find(state: &AppState, property: PropertyId, id: Uuid) -> ApiResult<Webhook> {
    state.db.webhook(property, id).await?.ok_or_else(|| ApiError::not_found("webhook"))
}

fn address(state: &AppState, url: &str) -> ApiResult<String> {
    let url = state.egress.check(url.trim()).map_err(|error| ApiError::bad(error.to_string()))?;
    Ok(url.into())
}

/// The kinds, sorted.
fn kinds(mut events: Vec<String>) -> ApiResult<Vec<String>> {
    if events.is_empty() || events.len() > EVENTS_MAX {
        return Err(ApiError::bad("events must name 1 to 40 kinds of event"));
    }
    if !events.iter().all(|kind| is_kind(kind)) {
        return Err(ApiError::bad("events holds something that is no kind of event"));
    }
    events.sort_unstable();
    events.dedup();
    Ok(events)
}

/// Asks the events' own type, so that this is right whatever kinds there come to be.
fn is_kind(name: &str) -> bool {
    let clean = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    // It lacks its fields; what matters is that it is not the kind that is wrong.
    let read = serde_json::from_value::<EventKind>(json!({ "kind": name }));
    clean && read.map_or_else(|error| !error.to_string().starts_with("unknown variant"), |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_or_refused() {
        for known in ["message", "note", "mode", "status", "profile", "request", "urgency", "reaction"] {
            assert!(is_kind(known), "{known}");
        }
        for unknown in ["", "messages", "Message", "me\"ssage", "*", "ping"] {
            assert!(!is_kind(unknown), "{unknown}");
        }
        let events = |names: &[&str]| kinds(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(events(&["note", "message", "note"]).expect("good"), ["message", "note"]);
        assert!(events(&[]).is_err() && events(&["message"; 41]).is_err());
    }
}
