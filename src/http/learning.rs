//! How the knowledge grows: versions, imports, and answers of colleagues that are remembered.

use axum::Json;
use axum::extract::State;
use frontdesk_actors::ports::Span;
use frontdesk_domain::event::EventKind;
use frontdesk_domain::ids::{ConversationId, EntryId, PropertyId, Seq};
use frontdesk_domain::import::{self, Format};
use frontdesk_domain::people::{AgentRef, Audience, AuthorKind};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::strict;
use frontdesk_domain::text::shorten;
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{Listed, Refusals};
use super::extract::{AgentAuth, Body, Segment};
use super::knowledge::{ALIASES_MAX, EntryText, EntryView, find};
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::store::{Entry, EntryVersion};

/// A guest's message may be longer than a wording; what lies beyond is not asked again.
const WORDING_MAX_CHARS: usize = 200;

/// What an entry said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    /// 1, 2, 3 …
    version: u32,
    title: String,
    /// Markdown.
    body: String,
    #[schema(required)]
    locale: Option<String>,
    tags: Vec<String>,
    aliases: Vec<String>,
    /// The entry was removed; the texts are its last ones.
    removed: bool,
    /// Null for what the server wrote itself.
    #[schema(required)]
    by: Option<AgentRef>,
    at: Timestamp,
}

impl From<EntryVersion> for VersionView {
    fn from(found: EntryVersion) -> Self {
        let EntryVersion { version, title, body, locale, tags, aliases, removed, by, at } = found;
        Self { version, title, body, locale, tags, aliases, removed, by, at }
    }
}

/// A text to be imported.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Import {
    #[serde(deserialize_with = "strict::word")]
    format: Format,
    /// At most what a request may hold.
    text: String,
    /// The language of entries that name none.
    #[serde(default)]
    locale: Option<String>,
}

/// What an import did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Imported {
    /// New entries.
    added: usize,
    /// Entries of the same title that were written anew.
    changed: usize,
    /// Entries of the same title and text.
    same: usize,
}

/// An answer to be remembered.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Remember {
    conversation: ConversationId,
    /// The guest's message.
    question: Seq,
    /// The colleague's message; needed for a new entry.
    #[serde(default)]
    answer: Option<Seq>,
    /// An entry that answers it: the question becomes one of its aliases.
    #[serde(default)]
    entry: Option<EntryId>,
}

/// What an entry has said, newest first. To restore one, write it with `PUT /api/knowledge/{id}`.
#[utoipa::path(get, path = "/api/knowledge/{id}/versions", tag = "knowledge",
    params(("id" = EntryId, Path)), security(("agent" = [])),
    responses((status = 200, description = "All that are kept", body = Listed<VersionView>), Refusals))]
pub(super) async fn versions(
    State(state): State<AppState>,
    AgentAuth { property, .. }: AgentAuth,
    Segment(id): Segment<EntryId>,
) -> ApiResult<Json<Listed<VersionView>>> {
    let found = state.db.versions(property, id).await?;
    if found.is_empty() {
        return Err(ApiError::not_found("entry"));
    }
    Ok(Json(Listed { items: found.into_iter().map(VersionView::from).collect(), next: None }))
}

/// Adds the entries of a Markdown file, a CSV table or a pasted page; one of the same title is written anew.
#[utoipa::path(post, path = "/api/knowledge/import", tag = "knowledge", request_body = Import,
    security(("agent" = [])),
    responses((status = 200, description = "Imported", body = Imported), Refusals))]
pub(super) async fn import(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    actor: Actor,
    Body(Import { format, text, locale }): Body<Import>,
) -> ApiResult<Json<Imported>> {
    let bad = |error: import::ImportError| Refusal::new(Code::BadText, error.to_string());
    let drafts = import::read(format, &text).map_err(bad)?;
    let mut known = state.db.all_entries(property).await?;
    let mut done = Imported { added: 0, changed: 0, same: 0 };
    let (mut new, mut written) = (Vec::new(), Vec::new());
    for draft in drafts {
        let text = EntryText {
            title: draft.title,
            body: draft.body,
            locale: draft.locale.or_else(|| locale.clone()),
            tags: draft.tags,
            aliases: None,
        };
        let made = text.checked(EntryId(Uuid::now_v7()), property, now())?;
        match known.iter_mut().find(|entry| entry.title.eq_ignore_ascii_case(&made.title)) {
            Some(entry) if entry.body == made.body => done.same += 1,
            Some(entry) => {
                done.changed += 1;
                *entry = Entry { body: made.body, updated_at: made.updated_at, ..entry.clone() };
                written.push(entry.clone());
            }
            None => {
                done.added += 1;
                known.push(made.clone());
                new.push(made);
            }
        }
    }
    // A title that comes twice in one text is added once, with what was said last.
    let added: Vec<Entry> = new.into_iter().map(|made| last_of(made, &written)).collect();
    written.retain(|entry| !added.iter().any(|made| made.id == entry.id));
    state.db.add_entries(added, Some(agent.clone())).await?;
    for entry in written {
        state.db.put_entry(entry, Some(agent.clone())).await?;
    }
    (state.knowledge_changed)(property);
    let Imported { added, changed, .. } = &done;
    let what = format!("imported: {added} added, {changed} written anew");
    state.audit.record_detail(&actor, Action::KnowledgeWritten, "", what).await;
    Ok(Json(done))
}

fn last_of(made: Entry, written: &[Entry]) -> Entry {
    written.iter().rev().find(|entry| entry.id == made.id).cloned().unwrap_or(made)
}

/// Remembers what a colleague answered: a new entry out of both messages, or one more wording of the entry that is
/// named or that says just this already.
#[utoipa::path(post, path = "/api/knowledge/remember", tag = "knowledge", request_body = Remember,
    security(("agent" = [])),
    responses((status = 201, description = "Remembered", body = EntryView), Refusals))]
pub(super) async fn remember(
    State(state): State<AppState>,
    AgentAuth { property, agent, .. }: AgentAuth,
    actor: Actor,
    Body(Remember { conversation, question, answer, entry }): Body<Remember>,
) -> ApiResult<(StatusCode, Json<EntryView>)> {
    if state.db.summary(property, conversation).await?.is_none() {
        return Err(Refusal::not_found().into());
    }
    let asked = said(&state, conversation, question, AuthorKind::Guest).await?;
    let wording = shorten(&asked.split_whitespace().collect::<Vec<_>>().join(" "), WORDING_MAX_CHARS);
    let entry = match entry {
        Some(id) => alias(&state, property, id, wording, agent).await?,
        None => {
            let answer = answer.ok_or_else(|| ApiError::bad("answer or entry is missing"))?;
            let body = said(&state, conversation, answer, AuthorKind::Agent).await?;
            // The same answer once more (or the same click) is another wording of the question, no new entry.
            let known = state.db.all_entries(property).await?;
            if let Some(same) = known.iter().find(|entry| entry.body.trim() == body.trim()) {
                let entry = alias(&state, property, same.id, wording, agent).await?;
                (state.knowledge_changed)(property);
                return Ok((StatusCode::CREATED, Json(entry.into())));
            }
            let text = EntryText { title: wording, body, locale: None, tags: Vec::new(), aliases: None };
            let entry = text.checked(EntryId(Uuid::now_v7()), property, now())?;
            state.db.add_entries(vec![entry.clone()], Some(agent)).await?;
            entry
        }
    };
    (state.knowledge_changed)(property);
    let target = format!("entry:{}", entry.id);
    state.audit.record_detail(&actor, Action::KnowledgeWritten, target, "remembered").await;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

/// The entry with one more wording; the oldest one gives way.
async fn alias(
    state: &AppState,
    property: PropertyId,
    id: EntryId,
    wording: String,
    by: AgentRef,
) -> ApiResult<Entry> {
    let mut entry = find(state, property, id).await?;
    if entry.title != wording && !entry.aliases.contains(&wording) {
        if entry.aliases.len() >= ALIASES_MAX {
            entry.aliases.remove(0);
        }
        entry.aliases.push(wording);
        entry.updated_at = now();
        state.db.put_entry(entry.clone(), Some(by)).await?;
    }
    Ok(entry)
}

/// The text of a message that the guest has seen, if this kind of author wrote it.
async fn said(state: &AppState, conversation: ConversationId, seq: Seq, by: AuthorKind) -> ApiResult<String> {
    let span = Span::After { after: seq.saturating_sub(1), limit: 1 };
    let events = state.db.events(conversation, Audience::Guest, span).await?;
    let found = events.into_iter().find(|event| event.seq == seq && event.by.kind == by);
    match found.map(|event| event.kind) {
        Some(EventKind::Message(message)) if !message.text.trim().is_empty() => Ok(message.text),
        _ => Err(ApiError::not_found("message")),
    }
}
