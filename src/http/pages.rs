//! The two pages, the widget and their files.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use frontdesk_domain::refusal::{Code, Refusal};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use super::headers::{CORP, Page, page_policy};
use super::state::AppState;
use crate::assets;
use crate::auth::Token;
use crate::error::{ApiError, ApiResult};

/// `/`: the guest chat.
pub(super) async fn guest(State(state): State<AppState>, uri: Uri) -> ApiResult<Response> {
    let embedded = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "embed=1"));
    let page = if embedded { Page::Embedded } else { Page::Guest };
    show(&state, page, "index.html")
}

/// `/dashboard` and all below it: the page finds its own way.
pub(super) async fn dashboard(State(state): State<AppState>) -> ApiResult<Response> {
    show(&state, Page::Dashboard, "dashboard.html")
}

/// A page, whose own script is known by a nonce of this answer. Nothing of it is to be used for another one: it has
/// no tag to ask by, and no cache that others share may keep it.
fn show(state: &AppState, page: Page, name: &str) -> ApiResult<Response> {
    let Some(html) = assets::text(name) else {
        return Err(Refusal::new(Code::Unavailable, "pages not built").into());
    };
    let nonce = Token::random()?;
    let policy = page_policy(page, nonce.reveal(), &state.config.server);
    let policy = HeaderValue::try_from(policy).map_err(|_| Refusal::new(Code::Internal, "internal"))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    Ok((headers, with_nonce(&html, nonce.reveal())).into_response())
}

/// The page with the nonce on each of its scripts.
fn with_nonce(html: &str, nonce: &str) -> String {
    html.replace("<script ", &format!("<script nonce=\"{nonce}\" "))
}

/// `/widget.js`: the one file that other sites load.
pub(super) async fn widget(headers: HeaderMap) -> ApiResult<Response> {
    let mut response = assets::serve("widget.js", &headers).ok_or_else(|| ApiError::not_found("file"))?;
    response.headers_mut().insert(CORP, HeaderValue::from_static("cross-origin"));
    Ok(response)
}

/// Any other path: a file of the build, or nothing. Pages are served by their own paths alone, because
/// only those know the page's policy.
pub(super) async fn other(method: Method, uri: Uri, headers: HeaderMap) -> ApiResult<Response> {
    let name = uri.path().trim_start_matches('/');
    let readable = matches!(method, Method::GET | Method::HEAD) && !name.ends_with(".html");
    let file = if readable { assets::serve(name, &headers) } else { None };
    file.ok_or_else(|| ApiError::not_found("path"))
}

/// A path that exists, asked in a way that it does not know. Which ways it knows is in `Allow`.
pub(super) async fn wrong_method() -> ApiError {
    ApiError::with_status(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::BadFrame,
        "this path does not take this method",
    )
}

/// The OpenAPI document.
pub(super) fn document(json: &Arc<str>) -> Response {
    let headers = [(http::header::CONTENT_TYPE, "application/json")];
    (headers, json.to_string()).into_response()
}
