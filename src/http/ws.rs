//! The two WebSocket paths.

use axum::extract::{Request, State};
use axum::response::Response;
use frontdesk_domain::frame::Close;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::Refusal;
use hyper_util::rt::TokioIo;

use super::client::ClientAddress;
use super::state::AppState;
use crate::auth::Kind;
use crate::error::{ApiResult, Problem};

mod connection;
mod encode;
mod frames;
mod handshake;
mod line;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use handshake::Door;

/// A guest's socket. The frames are in the contract, actors/domain/CONTRACT.md.
#[utoipa::path(get, path = "/ws/guest", tag = "sockets", responses(
    (status = 101, description = "A WebSocket, subprotocol frontdesk.v1"),
    (status = 403, description = "From another site", body = Problem),
    (status = 426, description = "Not an upgrade", body = Problem),
))]
pub(super) async fn guest(
    State(state): State<AppState>,
    address: ClientAddress,
    request: Request,
) -> ApiResult<Response> {
    open(Kind::Guest, state, address, request)
}

/// An agent's socket. The frames are in the contract, actors/domain/CONTRACT.md.
#[utoipa::path(get, path = "/ws/agent", tag = "sockets", responses(
    (status = 101, description = "A WebSocket, subprotocol frontdesk.v1"),
    (status = 403, description = "From another site", body = Problem),
    (status = 426, description = "Not an upgrade", body = Problem),
))]
pub(super) async fn agent(
    State(state): State<AppState>,
    address: ClientAddress,
    request: Request,
) -> ApiResult<Response> {
    open(Kind::Agent, state, address, request)
}

fn open(kind: Kind, state: AppState, address: ClientAddress, request: Request) -> ApiResult<Response> {
    if state.hub.is_draining() {
        return Err(Refusal::unavailable().into());
    }
    let limited = state.config.server.rate_limits;
    let too_fast = state.quotas.check(Quota::ConnectPerAddress, &address.key()).is_err();
    let place = state.sockets.enter(address, limited);
    // A script sees no HTTP status of a failed upgrade, but it does see a close code.
    let turned_away = (too_fast || place.is_none()).then_some(Close::TooMany);
    let sockets = state.sockets.clone();
    let door = Door::new(kind, state, request.headers());
    let (answer, connection) = handshake::accept(request)?;
    sockets.tasks().spawn(async move {
        let _place = place;
        if let Ok(websocket) = connection.await {
            // The library's own pumps are not used, only the connection that it got for us.
            let io: TokioIo<_> = websocket.into_inner();
            connection::serve(io, &door, turned_away).await;
        }
    });
    Ok(answer)
}
