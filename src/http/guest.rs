//! `POST /api/guest/session`: a guest comes, for the first time or again.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use frontdesk_domain::conversation::{Act, Command};
use frontdesk_domain::event::Channel;
use frontdesk_domain::frame::Action;
use frontdesk_domain::ids::{ClientId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::refusal::{Code, Refusal};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::Refusals;
use super::extract::{MaybeBody, Params};
use super::state::{AppState, now};
use crate::auth::{Kind, Token, cookie, guard};
use crate::error::{ApiError, ApiResult};
use crate::store::GuestRow;

mod named;

/// The hotel of a server that hosts one.
const DEFAULT_PROPERTY: &str = "default";

/// What a guest says of itself; all of it optional.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Hello {
    /// The slug of the hotel, where the server hosts several.
    property: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    room: Option<String>,
    /// Language tag, as in `de` or `pt-BR`.
    locale: Option<String>,
    /// A token that the hotel has signed: who the guest is. An empty text: nobody is logged in at the hotel's page,
    /// so a session that began with a token goes on no longer.
    identity: Option<String>,
    /// The guest agrees to the `consent` that an answer had.
    #[serde(default)]
    consent: bool,
}

/// Where the page stands.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Place {
    /// `1`: in another site's frame. Under `https` the cookie is then one that browsers keep there.
    embed: Option<String>,
}

/// A guest's session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// For `hello` and `Authorization: Bearer`, where cookies do not arrive.
    token: String,
    /// What is known of the guest.
    guest: GuestProfile,
    /// The guest's one conversation.
    conversation: ConversationId,
    /// The hotel's name.
    hotel: String,
    /// What the hotel says about the guest's data, in the guest's language; plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// What the guest is to agree to before writing, and has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    /// The hotel is on WhatsApp as well: a guest may show to be the same there.
    whatsapp: bool,
    /// Hosts that the hotel's knowledge names: links in the AI's text may lead there. At most 100.
    hosts: Vec<String>,
}

/// Begins a guest's session, or finds it again by its cookie or bearer token.
#[utoipa::path(post, path = "/api/guest/session", tag = "guests",
    params(Place), request_body = Option<Hello>,
    responses((status = 201, description = "A new guest", body = Session),
        (status = 200, description = "The same guest and conversation as before", body = Session), Refusals),
    security((), ("guest" = []), ("guest_bearer" = [])))]
pub(super) async fn session(
    State(state): State<AppState>,
    Params(place): Params<Place>,
    headers: HeaderMap,
    MaybeBody(hello): MaybeBody<Hello>,
) -> ApiResult<Response> {
    let embedded = place.embed.as_deref() == Some("1");
    let property = match &hello.property {
        None => None,
        Some(slug) => Some(find(&state, slug).await?),
    };
    let profile = GuestProfile {
        name: hello.name,
        email: hello.email,
        phone: hello.phone,
        room: hello.room,
        locale: hello.locale,
        ..GuestProfile::default()
    };
    profile.check()?;
    let known = known(&state, &headers).await?;
    let known = known.filter(|(_, row)| property.is_none_or(|property| property == row.property));
    if let Some(shown) = hello.identity.as_deref().filter(|shown| !shown.is_empty()) {
        let slug = hello.property.as_deref().unwrap_or(DEFAULT_PROPERTY);
        let (status, token, row) = named::admit(&state, slug, shown, known).await?;
        let row = update(&state, row, language_of(profile)).await?;
        if hello.consent {
            state.db.put_consent(row.id, now()).await?;
        }
        return answer(&state, status, &token, row, embedded).await;
    }
    // Whoever sits there now need not be the one whom the hotel named before.
    let anonymous = hello.identity.is_some();
    if let Some((token, row)) = known {
        let is_named = named::is(&state, &row).await?;
        if !(anonymous && is_named) {
            let said = if is_named { language_of(profile) } else { profile };
            let row = update(&state, row, said).await?;
            if hello.consent {
                state.db.put_consent(row.id, now()).await?;
            }
            return answer(&state, StatusCode::OK, &token, row, embedded).await;
        }
    }
    let property = match property {
        Some(property) => property,
        None => find(&state, DEFAULT_PROPERTY).await?,
    };
    let token = Token::random()?;
    let row = begin(&state, property, &profile, &token).await?;
    if hello.consent {
        state.db.put_consent(row.id, now()).await?;
    }
    answer(&state, StatusCode::CREATED, &token, row, embedded).await
}

/// Of what a guest says whom the hotel has named: for all else the hotel speaks.
fn language_of(profile: GuestProfile) -> GuestProfile {
    GuestProfile { locale: profile.locale, ..GuestProfile::default() }
}

async fn find(state: &AppState, slug: &str) -> ApiResult<PropertyId> {
    state.db.find_property(slug).await?.ok_or_else(|| ApiError::not_found("property"))
}

/// The guest behind the request's token. A token that opens nothing is no error: a new session is made.
async fn known(state: &AppState, headers: &HeaderMap) -> ApiResult<Option<(Token, GuestRow)>> {
    let https = state.config.server.is_https();
    let shown = [cookie::in_bearer(headers), cookie::in_cookie(headers, Kind::Guest, https)];
    for token in shown.into_iter().flatten() {
        if let Some(row) = state.db.guest_session(token.key()).await? {
            return Ok(Some((token, row)));
        }
    }
    Ok(None)
}

async fn begin(
    state: &AppState,
    property: PropertyId,
    said: &GuestProfile,
    token: &Token,
) -> ApiResult<GuestRow> {
    let id = GuestId(Uuid::now_v7());
    let profile = GuestProfile { id: Some(id), ..GuestProfile::default() }.patched(said);
    let row = GuestRow { id, property, profile, conversation: ConversationId(Uuid::now_v7()) };
    state.db.add_guest(row.clone(), Channel::Web, token.key(), now()).await?;
    Ok(row)
}

/// What a guest says anew is an event of its conversation like any other, so that staff see who said it.
async fn update(state: &AppState, row: GuestRow, said: GuestProfile) -> ApiResult<GuestRow> {
    let profile = row.profile.patched(&said);
    if profile == row.profile {
        return Ok(row);
    }
    let who = guard::guest(&row);
    let id = new_id()?;
    let action = Action::Profile { guest: said };
    let act = Act { by: who.author(), id, action, assignee: None };
    state.hub.perform(&who, row.conversation, Command::Act(act)).await?;
    state.db.put_guest(row.id, &profile).await?;
    Ok(GuestRow { profile, ..row })
}

fn new_id() -> Result<ClientId, Refusal> {
    ClientId::try_from(Uuid::now_v7().to_string()).map_err(|_| Refusal::new(Code::Internal, "internal"))
}

/// A text in the guest's language, else in English, else in any.
fn in_language(texts: &BTreeMap<String, String>, locale: Option<&str>) -> Option<String> {
    let short = locale.and_then(|tag| tag.split('-').next());
    let wanted = [locale, short, Some("en")].into_iter().flatten();
    let found = wanted.filter_map(|tag| texts.get(tag)).next();
    found.or_else(|| texts.values().next()).cloned()
}

async fn answer(
    state: &AppState,
    status: StatusCode,
    token: &Token,
    row: GuestRow,
    embedded: bool,
) -> ApiResult<Response> {
    let hotel = state.db.property_name(row.property).await?.unwrap_or_default();
    let privacy = state.db.privacy(row.property).await?;
    let notice = in_language(&privacy.notice, row.profile.locale.as_deref());
    let mut consent = in_language(&privacy.consent, row.profile.locale.as_deref());
    if consent.is_some() && state.db.consent_of(row.id).await?.is_some() {
        consent = None;
    }
    let hosts = state.help.hosts(row.property).await;
    let whatsapp = state.whatsapp_of(row.property).is_some();
    let guest = GuestProfile { id: Some(row.id), ..row.profile };
    let token_text = token.reveal().to_owned();
    let conversation = row.conversation;
    let session = Session { token: token_text, guest, conversation, hotel, notice, consent, whatsapp, hosts };
    let mut response = (status, axum::Json(session)).into_response();
    let line = cookie::give(Kind::Guest, token, state.config.server.is_https(), embedded);
    if let Ok(line) = HeaderValue::try_from(line) {
        response.headers_mut().insert(SET_COOKIE, line);
    }
    Ok(response)
}
