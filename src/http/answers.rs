//! What several groups of paths answer with.

use frontdesk_domain::conversation::Ack;
use frontdesk_domain::ids::{ClientId, Seq};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::error::Problem;
use crate::store::Page;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// A page of the store, each item as clients see it.
    pub fn of<R>(page: Page<R>, view: impl FnMut(R) -> T) -> Self {
        Self { items: page.items.into_iter().map(view).collect(), next: page.next }
    }
}

/// What was asked for is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stored {
    /// As this event.
    pub seq: Seq,
    /// The sender's id for it.
    pub id: ClientId,
}

impl From<Ack> for Stored {
    fn from(Ack { id, seq }: Ack) -> Self {
        Self { seq, id }
    }
}

/// The refusals that every guarded path knows.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only described, never made: errors are made from refusals")]
pub enum Refusals {
    /// Something of the request is missing or mistyped.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(#[to_schema] Problem),
    /// Not logged in, or no longer.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// Logged in, but not allowed; or sent from another site.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// There is none, or it is somebody else's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// The id was used for something else, or the name is taken.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] Problem),
    /// Too fast; `Retry-After` says when to come back.
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(#[to_schema] Problem),
    /// Too busy, or a part of the server is away; nothing was stored.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
