//! What handlers take from a request, with our own errors for what is wrong with it.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use frontdesk_actors::messages::SessionKey;
use frontdesk_domain::ids::{GuestId, PropertyId};
use frontdesk_domain::people::{AgentRef, Principal};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::strict::Object;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::client::ClientAddress;
use super::state::AppState;
use crate::audit::Actor;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::store::PageRequest;

/// How many items a page has when nobody says.
const PAGE_DEFAULT: u32 = 50;
/// How many it may have.
const PAGE_MAX: u32 = 200;

/// A JSON body, which is an object.
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let axum::Json(Object(body)) = axum::Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Params<T>(pub T);

/// The part of the path that differs.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Segment<T>(pub T);

/// A JSON body that may be left out altogether.
pub struct MaybeBody<T>(pub T);

impl<S, T> FromRequest<S> for MaybeBody<T>
where
    S: Send + Sync,
    T: Default + DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(Self(T::default()));
        }
        Body::from_request(request, state).await.map(|Body(body)| Self(body))
    }
}

/// The server, put there by the outermost layer for the layers that the routing table makes.
#[derive(Clone)]
pub(super) struct Server(pub(super) Arc<AppState>);

fn missing() -> ApiError {
    // A path without a guard asks for a caller: the routing table is wrong.
    Refusal::new(Code::Internal, "internal").into()
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().copied().ok_or_else(missing)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let address = ClientAddress::from_request_parts(parts, state).await?;
        Ok(Self::of(&caller.who, caller.token, address.0))
    }
}

/// A member of staff, let in by the path's guard.
#[derive(Clone, Debug)]
pub struct AgentAuth {
    /// Who.
    pub agent: AgentRef,
    /// Of which hotel.
    pub property: PropertyId,
    /// By which login.
    pub session: SessionKey,
}

impl<S: Send + Sync> FromRequestParts<S> for AgentAuth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Caller { who, session, .. } = Caller::from_request_parts(parts, state).await?;
        match who {
            Principal::Agent { property, agent, .. } => Ok(Self { agent, property, session }),
            Principal::Guest { .. } => Err(Refusal::forbidden().into()),
        }
    }
}

/// A guest of the chat page, let in by the path's guard.
#[derive(Clone, Copy, Debug)]
pub struct GuestAuth {
    /// Who.
    pub guest: GuestId,
    /// Of which hotel.
    pub property: PropertyId,
}

impl<S: Send + Sync> FromRequestParts<S> for GuestAuth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Caller::from_request_parts(parts, state).await?.who {
            Principal::Guest { id, property, .. } => Ok(Self { guest: id, property }),
            Principal::Agent { .. } => Err(Refusal::forbidden().into()),
        }
    }
}

/// How many items a page is to have.
///
/// # Errors
/// When it is not 1 to 200.
pub(super) fn limit(limit: Option<u32>) -> Result<u32, ApiError> {
    match limit.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        _ => Err(ApiError::bad("limit must be 1 to 200")),
    }
}

/// Which page.
///
/// # Errors
/// When the limit is not one.
pub(super) fn page(wanted: Option<u32>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
    Ok(PageRequest { limit: limit(wanted)?, cursor: given(cursor) })
}

/// An empty parameter is none.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
