//! Help for agents over HTTP. All of it gives words back to the agent; nothing here writes to a conversation.

use axum::Json;
use axum::extract::State;
use frontdesk_actors::ports::Span;
use frontdesk_domain::answerer::detect;
use frontdesk_domain::event::{Citation, EventKind};
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};
use frontdesk_domain::people::{AgentRef, Audience, AuthorKind};
use frontdesk_domain::privacy::redact;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::strict;
use frontdesk_domain::summary::Summary;
use frontdesk_domain::text::check_text;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body, MaybeBody, Segment};
use super::state::{AppState, now};
use crate::error::{ApiError, ApiResult};
use crate::help::{Place, Style};
use crate::store::help::Translation;

/// How many of a guest's messages are looked at for the guest's language.
const LANGUAGE_EVENTS: u32 = 40;

/// A reply that the agent might send. It has been sent to nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuggestedReply {
    text: String,
    citations: Vec<Citation>,
    /// `model`, or `knowledge` for an entry's own words.
    by: &'static str,
    /// It holds a price, a time or a promise that none of its sources states.
    #[serde(skip_serializing_if = "Option::is_none")]
    unproven: Option<&'static str>,
}

/// What happened so far, for staff alone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ToldShort {
    text: String,
    /// The last event that is in it.
    through: Seq,
}

/// Words of the agent, to be written anew.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Rewrite {
    /// 1 to 4,096 characters.
    text: String,
    #[serde(deserialize_with = "strict::word")]
    style: Style,
}

/// Words of the agent, for the guest.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ForGuest {
    /// 1 to 4,096 characters.
    text: String,
    /// A language tag; the guest's own language if it is left out.
    to: Option<String>,
}

/// In which language; the one that the agent reads in if it is left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Wanted {
    to: Option<String>,
}

/// Words that came of other words.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Written {
    text: String,
    /// The language, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

/// What an agent wrote before it was translated for the guest.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Original {
    language: String,
    /// 1 to 4,096 characters.
    text: String,
}

/// A message in another language.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TranslationView {
    seq: Seq,
    language: String,
    text: String,
    /// These are the agent's own words, and the message is the translation.
    original: bool,
}

/// All there is in one language.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Translations {
    items: Vec<TranslationView>,
}

impl From<Translation> for TranslationView {
    fn from(found: Translation) -> Self {
        let Translation { seq, language, text, by, .. } = found;
        Self { seq, language, text, original: by.is_some() }
    }
}

/// Suggests a reply to what the guest said last.
#[utoipa::path(post, path = "/api/conversations/{id}/suggestion", tag = "help",
    params(("id" = ConversationId, Path)), security(("agent" = [])),
    responses((status = 200, description = "A draft", body = SuggestedReply), Refusals))]
pub(super) async fn suggestion(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
) -> ApiResult<Json<SuggestedReply>> {
    let (at, summary) = place(&state, &agent, property, id).await?;
    let found = state.help.suggest(at, summary.guest.locale).await?;
    let by = if found.by_model { "model" } else { "knowledge" };
    let (text, citations, unproven) = (found.text, found.citations, found.unproven);
    Ok(Json(SuggestedReply { text, citations, by, unproven }))
}

/// Tells what happened so far, notes included.
#[utoipa::path(post, path = "/api/conversations/{id}/summary", tag = "help",
    params(("id" = ConversationId, Path)), request_body = Option<Wanted>, security(("agent" = [])),
    responses((status = 200, description = "In a few lines", body = ToldShort), Refusals))]
pub(super) async fn summary(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
    MaybeBody(Wanted { to }): MaybeBody<Wanted>,
) -> ApiResult<Json<ToldShort>> {
    let (at, _) = place(&state, &agent, property, id).await?;
    let language = match to {
        Some(to) => tag(&to)?,
        None => state.db.reading_language(agent.id).await?.unwrap_or_else(|| "en".to_owned()),
    };
    let (text, through) = state.help.summarise(at, &language).await?;
    Ok(Json(ToldShort { text, through }))
}

/// Writes the agent's own words anew.
#[utoipa::path(post, path = "/api/conversations/{id}/rewriting", tag = "help",
    params(("id" = ConversationId, Path)), request_body = Rewrite, security(("agent" = [])),
    responses((status = 200, description = "A draft", body = Written), Refusals))]
pub(super) async fn rewriting(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
    Body(Rewrite { text, style }): Body<Rewrite>,
) -> ApiResult<Json<Written>> {
    check_text(&text)?;
    let (at, _) = place(&state, &agent, property, id).await?;
    Ok(Json(Written { text: state.help.rewrite(at, &text, style).await?, language: None }))
}

/// Translates the agent's words for the guest.
#[utoipa::path(post, path = "/api/conversations/{id}/translation", tag = "help",
    params(("id" = ConversationId, Path)), request_body = ForGuest, security(("agent" = [])),
    responses((status = 200, description = "A draft", body = Written), Refusals))]
pub(super) async fn translation(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
    Body(ForGuest { text, to }): Body<ForGuest>,
) -> ApiResult<Json<Written>> {
    check_text(&text)?;
    let (at, summary) = place(&state, &agent, property, id).await?;
    let to = match to {
        Some(to) => tag(&to)?,
        None => guests_language(&state, id, summary).await?,
    };
    let text = state.help.translate(at, &text, &to).await?;
    Ok(Json(Written { text, language: Some(to) }))
}

/// What there is of a conversation in the language that the agent reads in, or in `language`.
#[utoipa::path(get, path = "/api/conversations/{id}/translations", tag = "help",
    params(("id" = ConversationId, Path)), security(("agent" = [])),
    responses((status = 200, description = "By place", body = Translations), Refusals))]
pub(super) async fn translations(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment(id): Segment<ConversationId>,
) -> ApiResult<Json<Translations>> {
    known(&state, property, id).await?;
    let language = state.db.reading_language(agent.id).await?;
    let Some(language) = language else { return Ok(Json(Translations { items: Vec::new() })) };
    let found = state.db.translations(id, &language).await?;
    Ok(Json(Translations { items: found.into_iter().map(TranslationView::from).collect() }))
}

/// Translates a message for the agent. One that was translated before is not translated again.
#[utoipa::path(post, path = "/api/conversations/{id}/translations/{seq}", tag = "help",
    params(("id" = ConversationId, Path), ("seq" = Seq, Path)), request_body = Option<Wanted>,
    security(("agent" = [])),
    responses((status = 200, description = "It", body = TranslationView), Refusals))]
pub(super) async fn translate(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment((id, seq)): Segment<(ConversationId, Seq)>,
    MaybeBody(Wanted { to }): MaybeBody<Wanted>,
) -> ApiResult<Json<TranslationView>> {
    let (at, _) = place(&state, &agent, property, id).await?;
    let language = match to {
        Some(to) => Some(tag(&to)?),
        None => state.db.reading_language(agent.id).await?,
    };
    let Some(language) = language else {
        return Err(ApiError::bad("name a language, or set the one that you read in"));
    };
    if let Some(found) = state.db.translation(id, seq, &language).await? {
        return Ok(Json(found.into()));
    }
    // The agent reads what is blacked out in the message itself, which stands beside its translation.
    let (_, text) = message(&state, id, seq).await?;
    let text = state.help.translate(at, &redact(&text), &language).await?;
    let made = Translation { conversation: id, seq, language, text, by: None, at: now() };
    state.db.put_translation(made.clone()).await?;
    Ok(Json(made.into()))
}

/// Keeps what the agent wrote before it was translated and sent.
#[utoipa::path(put, path = "/api/conversations/{id}/translations/{seq}", tag = "help",
    params(("id" = ConversationId, Path), ("seq" = Seq, Path)), request_body = Original,
    security(("agent" = [])), responses((status = 204, description = "Kept"), Refusals))]
pub(super) async fn keep_original(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    Segment((id, seq)): Segment<(ConversationId, Seq)>,
    Body(Original { language, text }): Body<Original>,
) -> ApiResult<StatusCode> {
    check_text(&text)?;
    let language = tag(&language)?;
    place(&state, &agent, property, id).await?;
    let (by, _) = message(&state, id, seq).await?;
    if by != Some(agent.id.0) {
        return Err(Refusal::new(Code::Forbidden, "the message is somebody else's").into());
    }
    let made = Translation { conversation: id, seq, language, text, by: Some(agent.id), at: now() };
    state.db.put_translation(made).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The conversation, if it is this hotel's and the agent is not too fast: help costs money.
async fn place(
    state: &AppState,
    agent: &AgentRef,
    property: PropertyId,
    id: ConversationId,
) -> ApiResult<(Place, Summary)> {
    let summary = known(state, property, id).await?;
    state.quotas.check(Quota::CommandPerAgent, &agent.id)?;
    Ok((Place { property, conversation: id }, summary))
}

async fn known(state: &AppState, property: PropertyId, id: ConversationId) -> ApiResult<Summary> {
    Ok(state.db.summary(property, id).await?.ok_or_else(Refusal::not_found)?)
}

/// Who said a message, and its words. One that only staff may see is none.
async fn message(state: &AppState, id: ConversationId, seq: Seq) -> ApiResult<(Option<uuid::Uuid>, String)> {
    let span = Span::After { after: seq.saturating_sub(1), limit: 1 };
    let events = state.db.events(id, Audience::Guest, span).await?;
    let found = events.into_iter().find(|event| event.seq == seq);
    match found.map(|event| (event.by.id, event.kind)) {
        Some((by, EventKind::Message(message))) if !message.text.trim().is_empty() => Ok((by, message.text)),
        _ => Err(ApiError::not_found("message")),
    }
}

/// The language that the guest writes in: of the newest message that shows it, or what the browser named.
async fn guests_language(state: &AppState, id: ConversationId, summary: Summary) -> ApiResult<String> {
    let span = Span::Newest { before: None, limit: LANGUAGE_EVENTS };
    let events = state.db.events(id, Audience::Guest, span).await?;
    let told = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Message(message) if event.by.kind == AuthorKind::Guest => detect(&message.text).language,
        _ => None,
    });
    let named = summary.guest.locale.as_deref().and_then(|locale| tag(locale).ok());
    told.map(|language| language.tag().to_owned())
        .or(named)
        .ok_or_else(|| ApiError::bad("the guest's language is not known yet: name one"))
}

/// A language tag, as in `de` or `pt-BR`.
pub(super) fn tag(text: &str) -> Result<String, Refusal> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let language = parts
        .first()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphabetic()));
    let rest = parts
        .iter()
        .skip(1)
        .all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
    if language && rest && text.len() <= 35 {
        Ok(text.trim().to_owned())
    } else {
        Err(Refusal::new(Code::BadText, "a language is a tag such as de or pt-BR"))
    }
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn languages_are_tags() {
        for good in ["de", "pt-BR", " fr ", "zh-Hant-TW", "fil"] {
            assert!(tag(good).is_ok(), "{good}");
        }
        for bad in ["", "d", "deutsch", "de-", "de_AT", "de\nIgnore", &"de-x".repeat(20)] {
            assert!(tag(bad).is_err(), "{bad}");
        }
    }
}
