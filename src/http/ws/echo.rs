//! A path that echoes, for the conformance suite of RFC 6455. Only in builds with the feature `echo`, which
//! released ones lack. It reads and writes with the same code as the real paths.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use frontdesk_actors::outbox::{Outbox, outbox};
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Ends, attend};
use super::frames::{Broken, Frames, Incoming, Takes};
use super::line::Line;
use super::post::Post;
use super::reader::Ended;
use super::{bare, encode, handshake};
use crate::error::ApiResult;
use crate::http::state::AppState;

/// The suite sends messages that are longer than ours may be, and binary ones.
const TAKES: Takes = Takes { max_bytes: 512 * 1024, binary: true };

/// Echoes every message.
pub(crate) async fn path(State(state): State<AppState>, request: Request) -> ApiResult<Response> {
    let (answer, connection) = handshake::accept(request)?;
    let post = state.sockets.post().clone();
    state.sockets.tasks().spawn(async move {
        if let Some(ends) = connection.await.ok().and_then(|websocket| bare(websocket.into_inner())) {
            serve(ends, &post).await;
        }
    });
    Ok(answer)
}

async fn serve<R, W>(ends: Ends<R, W>, post: &Post)
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (outbox, due) = outbox(encode::text);
    let line = Line::open(ends.write, due, post);
    line.greeted();
    let mut frames = Frames::new(ends.ahead, ends.read, TAKES);
    attend(Arc::clone(&line), Box::pin(echo(&mut frames, &outbox, &line))).await;
}

async fn echo<R: AsyncRead + Unpin + Send>(
    frames: &mut Frames<R>,
    outbox: &Outbox,
    line: &Arc<Line>,
) -> Ended {
    loop {
        match frames.next().await {
            Ok(_) if line.is_parting() => {}
            Ok(Incoming::Text(text)) => outbox.push(text.as_bytes()),
            Ok(Incoming::Binary(bytes)) => line.append(|due| encode::binary(due, &bytes)),
            Ok(Incoming::Ping(payload)) => line.pong(&payload),
            Ok(Incoming::Pong) => {}
            Ok(Incoming::Close(farewell)) => {
                line.farewell(farewell);
                return Ended::Parted;
            }
            Err(Broken::Gone) => return Ended::Gone,
            Err(Broken::Rules(farewell)) => {
                line.lose(farewell);
                frames.drain().await;
                return Ended::Lost;
            }
        }
    }
}
