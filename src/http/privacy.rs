//! Guests' data as a whole: handed out, erased; and what a property says about it.

use std::time::Duration;

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use frontdesk_actors::ports::Files;
use frontdesk_domain::ids::GuestId;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body, Segment};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::privacy::{Copies, archive, copies, part};
use crate::store::privacy::{Erasure, PrivacySettings};

/// How long a caller waits for an erasure to be done.
const DONE_WITHIN: Duration = Duration::from_secs(20);
/// The longest period, in days: a hundred years.
const DAYS_MAX: u32 = 36_525;
/// The longest text, in characters.
const TEXT_MAX_CHARS: usize = 8_000;
/// The most languages of a text.
const LANGUAGES_MAX: usize = 40;
/// How much of an archive is sent at a time, in bytes.
const PART_BYTES: usize = 256 * 1024;

/// What became of an erasure.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Erased {
    asked_at: Timestamp,
    /// Null: it is under way, and is done even if the server dies meanwhile.
    #[schema(required)]
    done_at: Option<Timestamp>,
    /// Copies that it does not reach.
    copies: Copies,
}

/// Everything that is stored of a guest, as a ZIP file: `guest.json`, and the files that were sent.
#[utoipa::path(get, path = "/api/guests/{id}/export", tag = "privacy", params(("id" = GuestId, Path)),
    security(("agent" = [])),
    responses((status = 200, description = "It", content_type = "application/zip", body = String), Refusals))]
pub(super) async fn export(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<GuestId>,
) -> ApiResult<Response> {
    known(&state, property, id).await?;
    let data = state.db.export_guest(id).await?.ok_or_else(|| ApiError::not_found("guest"))?;
    // A file without a name: it goes with the answer, whatever happens.
    let out = tempfile::tempfile_in(&state.config.storage.data_dir).map_err(|error| failed(&error))?;
    let files: &dyn Files = &state.files;
    let (file, _) = archive(data, files, out, now()).await.map_err(|error| failed(&error))?;
    state.audit.record(&actor, Action::GuestExported, format!("guest:{id}")).await;
    let parts = stream::try_unfold(file, async |mut file| {
        let read = tokio::task::spawn_blocking(move || part(&mut file, PART_BYTES).map(|part| (part, file)));
        let (part, file) = read.await.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>((!part.is_empty()).then_some((part, file)))
    });
    let mut response = Bytes::from_stream(parts).into_response();
    let name = format!("attachment; filename=\"guest-{id}.zip\"");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Erases a guest in every store, for good. The conversations' events keep their places and lose their words.
#[utoipa::path(delete, path = "/api/guests/{id}", tag = "privacy", params(("id" = GuestId, Path)),
    security(("agent" = [])),
    responses((status = 200, description = "Done", body = Erased),
        (status = 202, description = "Under way", body = Erased), Refusals))]
pub(super) async fn erase(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<GuestId>,
) -> ApiResult<(StatusCode, Json<Erased>)> {
    known(&state, property, id).await?;
    let mut done = state.erasures.done();
    let asked = Erasure { guest: id, property, agent: Some(agent.id), asked_at: now(), done_at: None };
    state.db.ask_erasure(asked).await?;
    state.audit.record(&actor, Action::GuestErased, format!("guest:{id}")).await;
    state.erasures.now();
    // The round that is under way may not have seen it; the next one has.
    let both = async {
        for _ in 0..2 {
            let row = state.db.erasure(id).await;
            if !matches!(row, Ok(Some(Erasure { done_at: None, .. }))) || done.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(DONE_WITHIN, both).await;
    let row = state.db.erasure(id).await?.ok_or_else(|| ApiError::not_found("guest"))?;
    let status = if row.done_at.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut copies = copies(&state.config.storage);
    copies.set_aside.extend(state.db.set_aside().await?);
    Ok((status, Json(Erased { asked_at: row.asked_at, done_at: row.done_at, copies })))
}

/// How long the property keeps what guests say, and what it says to them about it.
#[utoipa::path(get, path = "/api/privacy", tag = "privacy", security(("agent" = [])),
    responses((status = 200, description = "It", body = PrivacySettings), Refusals))]
pub(super) async fn settings(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
) -> ApiResult<Json<PrivacySettings>> {
    Ok(Json(state.db.privacy(property).await?))
}

/// Writes it anew. What is over by the new periods goes at the next daily look.
#[utoipa::path(put, path = "/api/privacy", tag = "privacy", request_body = PrivacySettings,
    security(("agent" = [])),
    responses((status = 200, description = "Written", body = PrivacySettings), Refusals))]
pub(super) async fn put_settings(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    actor: Actor,
    Body(settings): Body<PrivacySettings>,
) -> ApiResult<Json<PrivacySettings>> {
    let settings = checked(settings)?;
    state.db.put_privacy(property, settings.clone()).await?;
    state.audit.record(&actor, Action::SettingsChanged, "privacy").await;
    Ok(Json(settings))
}

async fn known(state: &AppState, property: frontdesk_domain::ids::PropertyId, id: GuestId) -> ApiResult<()> {
    let found = state.db.conversations_of(property, id).await?;
    found.map(drop).ok_or_else(|| ApiError::not_found("guest"))
}

fn failed(error: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(%error, "a guest's data was not put together");
    Refusal::unavailable().into()
}

fn checked(mut settings: PrivacySettings) -> Result<PrivacySettings, Refusal> {
    let bad = |what: &str| Err(Refusal::new(Code::BadFrame, what));
    for days in [settings.conversation_days, settings.attachment_days].into_iter().flatten() {
        if !(1..=DAYS_MAX).contains(&days) {
            return bad("days must be 1 to 36525, or null");
        }
    }
    for texts in [&mut settings.notice, &mut settings.consent] {
        texts.retain(|_, text| !text.trim().is_empty());
        if texts.len() > LANGUAGES_MAX {
            return bad("a text may have at most 40 languages");
        }
        for (language, text) in texts.iter() {
            let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if language.is_empty() || language.len() > 35 || !language.chars().all(tag) {
                return bad("a text's language must be a tag such as de or pt-BR");
            }
            let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            if text.chars().count() > TEXT_MAX_CHARS || text.contains(control) {
                return Err(Refusal::new(
                    Code::BadText,
                    "a text is longer than 8000 characters, or holds a control character",
                ));
            }
        }
    }
    Ok(settings)
}
