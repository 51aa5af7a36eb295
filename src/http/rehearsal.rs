//! A rehearsal in the dashboard: what was asked is asked again of changed entries, rules or another model.

use axum::body::{Body as Answered, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use frontdesk_domain::ids::{EntryId, PropertyId};
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::strict;
use frontdesk_domain::text::{check_short, check_text};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::Refusals;
use super::extract::{AgentAuth, Body, given};
use super::knowledge::EntryText;
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::error::{ApiError, ApiResult};
use crate::rehearse::{Against, Asked, News, Plan};
use crate::store::Entry;

/// The most questions of one rehearsal: with a model each costs money.
const QUESTIONS_MAX: usize = 100;
/// The most entries that are changed in one.
const CHANGES_MAX: usize = 50;
const RULES_MAX_CHARS: usize = 20_000;
const MODEL_MAX_CHARS: usize = 100;

/// What is to be rehearsed. Nothing of it is stored, and no guest sees any of it.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Rehearsal {
    /// So many of the newest questions that guests asked; with `questions` at most 100.
    #[serde(default)]
    recorded: usize,
    /// Questions of one's own, each 1 to 4,096 characters.
    #[serde(default)]
    questions: Vec<String>,
    /// Entries as they would be, at most 50.
    #[serde(default, deserialize_with = "strict::objects")]
    changes: Vec<EntryChange>,
    /// Rules in the place of the model's usual ones, at most 20,000 characters.
    #[serde(default)]
    rules: Option<String>,
    /// Another model of the same server.
    #[serde(default)]
    model: Option<String>,
    /// The embedded answerer answers, even where a model is set up.
    #[serde(default)]
    embedded: bool,
    /// What the answers are compared with.
    #[serde(default, deserialize_with = "strict::word")]
    against: Against,
}

/// An entry as it would be: another text for one that there is, a new one (without `id`), or none any more
/// (without `entry`).
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct EntryChange {
    #[serde(default)]
    id: Option<EntryId>,
    #[serde(default, deserialize_with = "strict::maybe_object")]
    entry: Option<EntryText>,
}

/// Asks questions of changed entries, rules or another model, and streams what each was answered before and would be
/// answered then: one JSON object a line, in the questions' order. One at a time for a hotel, ten minutes at most, and
/// only while somebody reads; guests come first.
#[utoipa::path(post, path = "/api/knowledge/rehearsal", tag = "knowledge", request_body = Rehearsal,
    security(("agent" = [])),
    responses((status = 200, description = "What comes of it, line by line", body = News,
        content_type = "application/x-ndjson"), Refusals))]
pub(super) async fn rehearse(
    State(state): State<AppState>,
    AgentAuth { agent, property, .. }: AgentAuth,
    actor: Actor,
    Body(wanted): Body<Rehearsal>,
) -> ApiResult<Response> {
    let own = wanted.questions.len();
    match wanted.recorded.saturating_add(own) {
        0 => return Err(ApiError::bad("no question: name some, or how many of the recorded ones")),
        1..=QUESTIONS_MAX => {}
        _ => return Err(ApiError::bad("more than 100 questions")),
    }
    wanted.questions.iter().try_for_each(|text| check_text(text))?;
    let (rules, model) = (checked_rules(wanted.rules)?, checked_model(wanted.model)?);
    if (rules.is_some() || model.is_some()) && (wanted.embedded || !state.rehearsals.has_model()) {
        return Err(ApiError::bad("rules and model need a language model"));
    }
    state.quotas.check(Quota::CommandPerAgent, &agent.id)?;
    let place = state.rehearsals.place(property)?;
    let changed = wanted.changes.len();
    let entries = changed_entries(&state, property, wanted.changes).await?;
    let mut asked = match u32::try_from(wanted.recorded) {
        Ok(turns @ 1..) => state.db.recorded(property, turns).await?,
        _ => Vec::new(),
    };
    asked.extend((1..).zip(wanted.questions).map(|(nth, text)| Asked {
        id: format!("own:{nth}"),
        text,
        context: Vec::new(),
        before: None,
    }));
    if asked.is_empty() {
        return Err(Refusal::new(Code::Conflict, "no guest has asked anything yet").into());
    }
    let detail = format!("{} questions, {changed} changed entries", asked.len());
    let (embedded, against) = (wanted.embedded, wanted.against);
    let plan = Plan { asked, entries, rules, model, embedded, against };
    let mut news = state.rehearsals.begin(place, plan).map_err(|error| {
        tracing::warn!(%error, "a rehearsal could not begin");
        Refusal::unavailable()
    })?;
    state.audit.record_detail(&actor, Action::Rehearsed, "", detail).await;
    let lines =
        stream::poll_fn(move |context| news.poll_recv(context).map(|told| told.map(|told| line(&told))));
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Answered::from_stream(lines)).into_response())
}

fn line(told: &News) -> Result<Bytes, serde_json::Error> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    Ok(line.into())
}

/// The hotel's entries, as they would be.
async fn changed_entries(
    state: &AppState,
    property: PropertyId,
    changes: Vec<EntryChange>,
) -> ApiResult<Vec<Entry>> {
    if changes.len() > CHANGES_MAX {
        return Err(ApiError::bad("more than 50 changed entries"));
    }
    let mut entries = state.db.all_entries(property).await?;
    for EntryChange { id, entry: text } in changes {
        let Some(id) = id else {
            let text = text.ok_or_else(|| ApiError::bad("a change has neither id nor entry"))?;
            entries.push(text.checked(EntryId(Uuid::now_v7()), property, now())?);
            continue;
        };
        let at = entries.iter().position(|entry| entry.id == id);
        let at = at.ok_or_else(|| ApiError::not_found("entry"))?;
        match text {
            Some(text) => entries[at] = text.over(&entries[at], now())?,
            None => drop(entries.remove(at)),
        }
    }
    Ok(entries)
}

fn checked_rules(rules: Option<String>) -> Result<Option<String>, Refusal> {
    let rules = given(rules);
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let fits = |rules: &String| rules.chars().count() <= RULES_MAX_CHARS && !rules.contains(control);
    if rules.as_ref().is_none_or(fits) {
        return Ok(rules);
    }
    Err(Refusal::new(Code::BadText, "rules are longer than 20000 characters or hold a control character"))
}

fn checked_model(model: Option<String>) -> Result<Option<String>, Refusal> {
    let model = given(model).map(|model| model.trim().to_owned());
    check_short("model", model.as_deref().unwrap_or_default(), MODEL_MAX_CHARS)?;
    Ok(model)
}
