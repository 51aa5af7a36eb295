//! The two WebSocket paths.

use axum::extract::{Request, State};
use axum::response::Response;
use frontdesk_domain::frame::Close;
use frontdesk_domain::quota::Quota;
use frontdesk_domain::refusal::Refusal;
use http::HeaderMap;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

use super::client::ClientAddress;
use super::state::AppState;
use crate::auth::Kind;
use crate::error::{ApiResult, Problem};

mod connection;
#[cfg(feature = "echo")]
pub(crate) mod echo;
mod encode;
mod farewell;
mod feed;
mod frames;
mod handshake;
mod line;
pub(crate) mod post;
mod reader;
#[cfg(test)]
mod tests;

use connection::Ends;
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

/// The connection itself. The library and the HTTP server got it for us; what they hold of it besides is
/// not used, and given back.
fn bare(upgraded: TokioIo<Upgraded>) -> Option<Bare> {
    match downcast::<TokioIo<TcpStream>>(upgraded.into_inner()) {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            // What is written is whole frames: none of them waits for more.
            stream.set_nodelay(true).ok()?;
            let (read, write) = stream.into_split();
            Some(Bare::Plain(Ends { ahead: parts.read_buf.to_vec(), read, write }))
        }
        Err(upgraded) => {
            let parts = downcast::<TokioIo<Secure>>(upgraded).ok()?;
            let (read, write) = tokio::io::split(parts.io.into_inner());
            Some(Bare::Tls(Box::new(Ends { ahead: parts.read_buf.to_vec(), read, write })))
        }
    }
}

/// A connection, as the listener took it.
enum Bare {
    Plain(Ends<OwnedReadHalf, OwnedWriteHalf>),
    Tls(Box<Ends<ReadHalf<Secure>, WriteHalf<Secure>>>),
}

type Secure = TlsStream<TcpStream>;

/// Serves the far end of a pipe as a connection of this kind.
pub(crate) fn serve_pipe(state: &AppState, kind: Kind, pipe: DuplexStream) {
    let door = Door::new(kind, state.clone(), &HeaderMap::new());
    let post = state.sockets.post().clone();
    let (read, write) = tokio::io::split(pipe);
    state.sockets.tasks().spawn(async move {
        connection::serve(Ends { ahead: Vec::new(), read, write }, door, &post, None).await;
    });
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
    let post = sockets.post().clone();
    // Boxed: what a task is given keeps its room as long as the task lasts.
    let door = Box::new(Door::new(kind, state, request.headers()));
    let (answer, connection) = handshake::accept(request)?;
    sockets.tasks().spawn(async move {
        let _place = place;
        match connection.await.ok().and_then(|websocket| bare(websocket.into_inner())) {
            Some(Bare::Plain(ends)) => connection::serve(ends, *door, &post, turned_away).await,
            Some(Bare::Tls(ends)) => connection::serve(*ends, *door, &post, turned_away).await,
            None => {}
        }
    });
    Ok(answer)
}
