//! The property's knowledge: what the AI answers from.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::conversation::{TAG_MAX_CHARS, TAGS_MAX};
use frontdesk_domain::ids::{EntryId, PropertyId};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::text::check_short;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Body, Params, Segment, given, page};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::store::Entry;

const TITLE_MAX_CHARS: usize = 200;
const BODY_MAX_CHARS: usize = 20_000;
const LOCALE_MAX_CHARS: usize = 35;
/// The most other wordings of an entry.
pub(super) const ALIASES_MAX: usize = 50;

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryView {
    id: EntryId,
    title: String,
    /// Markdown.
    body: String,
    #[schema(required)]
    locale: Option<String>,
    tags: Vec<String>,
    /// Other wordings of the question.
    aliases: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let Entry { id, title, body, locale, tags, aliases, created_at, updated_at, .. } = entry;
        Self { id, title, body, locale, tags, aliases, created_at, updated_at }
    }
}

/// An entry to be written.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct EntryText {
    /// A question or a heading, 1 to 200 characters.
    pub(super) title: String,
    /// The answer in Markdown, 1 to 20,000 characters.
    pub(super) body: String,
    /// Its language, as in `de` or `pt-BR`.
    #[serde(default)]
    pub(super) locale: Option<String>,
    /// At most 20.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// Other wordings of the question, at most 50 of 1 to 200 characters; kept as they are if not given.
    #[serde(default)]
    pub(super) aliases: Option<Vec<String>>,
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those with this text in title, body or tags.
    q: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// An earlier page's `next`.
    cursor: Option<String>,
}

/// The entries, by title.
#[utoipa::path(get, path = "/api/knowledge", tag = "knowledge", params(Wanted), security(("agent" = [])),
    responses((status = 200, description = "A page", body = Listed<EntryView>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Listed<EntryView>>> {
    let page = page(wanted.limit, wanted.cursor)?;
    let found = state.db.entries(property, given(wanted.q).as_deref(), page).await?;
    Ok(Json(Listed::of(found, EntryView::from)))
}

/// One entry.
#[utoipa::path(get, path = "/api/knowledge/{id}", tag = "knowledge", params(("id" = EntryId, Path)),
    security(("agent" = [])), responses((status = 200, description = "It", body = EntryView), Refusals))]
pub(super) async fn one(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<EntryId>,
) -> ApiResult<Json<EntryView>> {
    Ok(Json(find(&state, property, id).await?.into()))
}

/// Adds an entry.
#[utoipa::path(post, path = "/api/knowledge", tag = "knowledge", request_body = EntryText,
    security(("agent" = [])),
    responses((status = 201, description = "Added", body = EntryView), Refusals))]
pub(super) async fn add(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    actor: Actor,
    Body(text): Body<EntryText>,
) -> ApiResult<(StatusCode, Json<EntryView>)> {
    let entry = text.checked(EntryId(Uuid::now_v7()), property, now())?;
    state.db.add_entries(vec![entry.clone()], Some(agent)).await?;
    (state.knowledge_changed)(property);
    state.audit.record(&actor, Action::KnowledgeAdded, format!("entry:{}", entry.id)).await;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

/// Writes an entry anew.
#[utoipa::path(put, path = "/api/knowledge/{id}", tag = "knowledge", params(("id" = EntryId, Path)),
    request_body = EntryText, security(("agent" = [])),
    responses((status = 200, description = "Written", body = EntryView), Refusals))]
pub(super) async fn write(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<EntryId>,
    Body(text): Body<EntryText>,
) -> ApiResult<Json<EntryView>> {
    let old = find(&state, property, id).await?;
    let entry = text.over(&old, now())?;
    state.db.put_entry(entry.clone(), Some(agent)).await?;
    (state.knowledge_changed)(property);
    state.audit.record(&actor, Action::KnowledgeWritten, format!("entry:{id}")).await;
    Ok(Json(entry.into()))
}

/// Removes an entry.
#[utoipa::path(delete, path = "/api/knowledge/{id}", tag = "knowledge", params(("id" = EntryId, Path)),
    security(("agent" = [])), responses((status = 204, description = "Removed"), Refusals))]
pub(super) async fn remove(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    actor: Actor,
    Segment(id): Segment<EntryId>,
) -> ApiResult<StatusCode> {
    state.db.remove_entry(property, id, Some(agent), now()).await?;
    (state.knowledge_changed)(property);
    state.audit.record(&actor, Action::KnowledgeRemoved, format!("entry:{id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn find(state: &AppState, property: PropertyId, id: EntryId) -> ApiResult<Entry> {
    state.db.entry(property, id).await?.ok_or_else(|| ApiError::not_found("entry"))
}

impl EntryText {
    /// The entry that is there, written anew.
    pub(super) fn over(self, old: &Entry, at: Timestamp) -> Result<Entry, Refusal> {
        let keeps = self.aliases.is_none();
        let mut entry = Entry { created_at: old.created_at, ..self.checked(old.id, old.property, at)? };
        if keeps {
            entry.aliases.clone_from(&old.aliases);
        }
        Ok(entry)
    }

    pub(super) fn checked(self, id: EntryId, property: PropertyId, at: Timestamp) -> Result<Entry, Refusal> {
        let bad = |what: &str| Err(Refusal::new(Code::BadText, what));
        let title = self.title.trim().to_owned();
        check_short("title", &title, TITLE_MAX_CHARS)?;
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if title.is_empty() || self.body.trim().is_empty() {
            return bad("title or body is empty");
        }
        if self.body.chars().count() > BODY_MAX_CHARS || self.body.contains(control) {
            return bad("body is longer than 20000 characters or holds a control character");
        }
        let locale = given(self.locale).map(|locale| locale.trim().to_owned());
        check_short("locale", locale.as_deref().unwrap_or_default(), LOCALE_MAX_CHARS)?;
        let mut tags: Vec<String> = self.tags.iter().map(|tag| tag.trim().to_lowercase()).collect();
        tags.sort();
        tags.dedup();
        if tags.len() > TAGS_MAX || tags.iter().any(String::is_empty) {
            return bad("more than 20 tags, or an empty one");
        }
        for tag in &tags {
            check_short("tag", tag, TAG_MAX_CHARS)?;
        }
        let aliases: Vec<String> =
            self.aliases.unwrap_or_default().iter().map(|alias| alias.trim().to_owned()).collect();
        if aliases.len() > ALIASES_MAX || aliases.iter().any(String::is_empty) {
            return bad("more than 50 aliases, or an empty one");
        }
        for alias in &aliases {
            check_short("alias", alias, TITLE_MAX_CHARS)?;
        }
        Ok(Entry {
            id,
            property,
            title,
            body: self.body,
            locale,
            tags,
            aliases,
            created_at: at,
            updated_at: at,
        })
    }
}
