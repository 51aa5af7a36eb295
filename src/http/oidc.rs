//! Logging in at the provider of single sign-on: there and back.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::Refusals;
use super::client::ClientAddress;
use super::extract::Params;
use super::session;
use super::state::{AppState, now};
use crate::audit::{Action, Actor};
use crate::auth::{Kind, Token, cookie};
use crate::error::{ApiError, ApiResult};
use crate::oidc::admit::Admission;
use crate::oidc::{Answer, Fault, Oidc};
use crate::store::Account;

/// In which ways one may log in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ways {
    /// At `GET /api/login/oidc`, beside the password.
    single_sign_on: bool,
}

/// What the provider sends a browser back with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// In which ways one may log in.
#[utoipa::path(get, path = "/api/login/ways", tag = "agents",
    responses((status = 200, description = "The ways", body = Ways), Refusals))]
pub(super) async fn ways(State(state): State<AppState>) -> Json<Ways> {
    Json(Ways { single_sign_on: state.oidc.is_some() })
}

/// Sends the browser to the provider. 404 where none is set up.
#[utoipa::path(get, path = "/api/login/oidc", tag = "agents",
    responses((status = 303, description = "To the provider, or to the login page"), Refusals))]
pub(super) async fn begin(State(state): State<AppState>) -> ApiResult<Response> {
    let oidc = state.oidc.as_ref().ok_or_else(|| ApiError::not_found("provider"))?;
    match oidc.begin().await {
        Ok((url, browser)) => {
            let line = cookie::give(Kind::Errand, &browser, state.config.server.is_https(), false);
            Ok(go(url.as_str(), &[line]))
        }
        Err(fault) => {
            tracing::warn!(%fault, "single sign-on could not begin");
            Ok(go(&page(&fault), &[]))
        }
    }
}

/// Where the provider sends the browser back to. To the dashboard, or to the login page, which says why not.
#[utoipa::path(get, path = "/api/login/oidc/callback", tag = "agents", params(Back),
    responses((status = 303, description = "To the dashboard"), Refusals))]
pub(super) async fn callback(
    State(state): State<AppState>,
    address: ClientAddress,
    headers: HeaderMap,
    Params(back): Params<Back>,
) -> ApiResult<Response> {
    let oidc = state.oidc.as_ref().ok_or_else(|| ApiError::not_found("provider"))?;
    let https = state.config.server.is_https();
    let browser = cookie::in_cookie(&headers, Kind::Errand, https);
    let mut cookies = vec![cookie::take(Kind::Errand, https)];
    let Back { state: begun, code, error, iss } = back;
    let answer = Answer { state: begun, code, error, issuer: iss };
    match account(&state, oidc, answer, browser.as_ref(), address).await {
        Ok(account) => {
            cookies.push(session::open(&state, &account, address, &headers, "single sign-on").await?);
            Ok(go("/dashboard", &cookies))
        }
        Err(fault) => {
            tracing::warn!(%fault, "single sign-on was refused");
            // What was not begun here is counted by the limits, not noted: there is no bound to it.
            if !matches!(fault, Fault::Stale | Fault::Away(_)) {
                let actor = Actor::nobody(None, address.0);
                let detail = format!("single sign-on: {}", fault.code());
                state.audit.record_detail(&actor, Action::LoginFailed, "", detail).await;
            }
            Ok(go(&page(&fault), &cookies))
        }
    }
}

async fn account(
    state: &AppState,
    oidc: &Oidc,
    answer: Answer,
    browser: Option<&Token>,
    address: ClientAddress,
) -> Result<Account, Fault> {
    let at = now();
    let person = oidc.finish(answer, browser, at.0 / 1_000).await?;
    let (db, hasher, audit, hub) = (state.db.as_ref(), &state.hasher, &state.audit, &state.hub);
    let issuer = oidc.settings().issuer.as_str();
    Admission { db, hasher, audit, hub, issuer, address: address.0 }.admit(person, at).await
}

/// The login page, which has a sentence for each code.
fn page(fault: &Fault) -> String {
    format!("/dashboard?login={}", fault.code())
}

fn go(place: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    for line in cookies.iter().filter_map(|line| HeaderValue::try_from(line).ok()) {
        response.headers_mut().append(SET_COOKIE, line);
    }
    response
}
