//! The pump that reads: `hello` first, then every frame to the socket's actor.

use std::sync::Arc;

use bytes::Bytes;
use frontdesk_actors::messages::{SocketMsg, SocketRef};
use frontdesk_actors::outbox::Outbox;
use frontdesk_domain::frame::{BAD_FRAMES_A_MINUTE, ClientFrame, Close, ServerFrame, parse};
use frontdesk_domain::ids::{ClientId, Seq};
use frontdesk_domain::refusal::{Code, Refusal};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Semaphore;

use super::frames::{Broken, Frames, Incoming};
use super::line::Line;

/// How many frames of one socket may be under way to its actor and beyond. The reader waits for a place,
/// and so, through TCP, does the client.
const WINDOW: usize = 128;

/// Decides on a `hello`.
pub(crate) trait Gate: Sync {
    /// The socket of a client that may come in. Otherwise the outbox is closed with the reason.
    fn admit(
        &self,
        token: Option<String>,
        after: Option<Seq>,
        outbox: Outbox,
    ) -> impl Future<Output = Option<SocketRef>> + Send;

    /// Whether a client that sends too many bad frames is closed.
    fn is_strict(&self) -> bool;
}

/// A socket that hears of the connection's end, however that comes.
struct Attached(SocketRef);

impl Drop for Attached {
    fn drop(&mut self) {
        // An actor that has stopped needs no telling.
        let _ = self.0.cast(SocketMsg::Ended);
    }
}

/// Reads until the connection has ended.
pub(crate) async fn run<R: AsyncRead + Unpin>(mut io: R, outbox: Outbox, line: &Line, gate: &impl Gate) {
    let ended = read(Frames::new(&mut io), outbox, line, gate).await;
    match ended {
        Ended::Gone => {}
        // What we say to it goes through the writer, which then closes the connection.
        Ended::Parted => {}
        // We have lost the thread. Throw away what still comes, so that our farewell is not cut off.
        Ended::Lost => {
            let mut scrap = [0_u8; 1024];
            while matches!(io.read(&mut scrap).await, Ok(read) if read > 0) {}
        }
    }
    line.over();
}

enum Ended {
    /// The connection is gone.
    Gone,
    /// The client said farewell.
    Parted,
    /// The client broke the protocol of the connection itself.
    Lost,
}

async fn read<R: AsyncRead + Unpin>(
    mut frames: Frames<R>,
    outbox: Outbox,
    line: &Line,
    gate: &impl Gate,
) -> Ended {
    let (token, after) = match hello(&mut frames, &outbox, line, gate).await {
        Ok(hello) => hello,
        Err(ended) => return ended,
    };
    line.greeted();
    let Some(socket) = gate.admit(token, after, outbox).await else { return drain(&mut frames, line).await };
    let socket = Attached(socket);
    let window = Arc::new(Semaphore::new(WINDOW));
    loop {
        let text = match next(&mut frames, line).await {
            Ok(text) => text,
            Err(ended) => return ended,
        };
        let message = match parse(&text) {
            Ok(ClientFrame::Hello { .. }) => {
                SocketMsg::BadFrame { id: None, refusal: Refusal::new(Code::BadFrame, "a second hello") }
            }
            Ok(frame) => {
                line.hold(true);
                let permit = Arc::clone(&window).acquire_owned().await.ok();
                line.hold(false);
                SocketMsg::Frame { frame, permit }
            }
            Err((id, refusal)) => SocketMsg::BadFrame { id, refusal },
        };
        // An actor that has stopped has closed its outbox: the writer says farewell.
        let _ = socket.0.cast(message);
    }
}

/// Waits for a good `hello`. All else is refused until then.
async fn hello<R: AsyncRead + Unpin>(
    frames: &mut Frames<R>,
    outbox: &Outbox,
    line: &Line,
    gate: &impl Gate,
) -> Result<(Option<String>, Option<Seq>), Ended> {
    let mut bad = 0;
    loop {
        let text = next(frames, line).await?;
        let (id, refusal) = match parse(&text) {
            // Turned away: the farewell is on its way.
            _ if outbox.is_closed() => continue,
            Ok(ClientFrame::Hello { token, after }) => return Ok((token, after)),
            Ok(ClientFrame::Ping) => {
                outbox.push(ServerFrame::Pong.encode().into());
                continue;
            }
            Ok(frame) => (id_of(frame), Refusal::new(Code::Unauthorized, "say hello first")),
            Err(bad) => bad,
        };
        outbox.push(Bytes::from(ServerFrame::refused(id, refusal).encode()));
        bad += 1;
        if bad > BAD_FRAMES_A_MINUTE && gate.is_strict() {
            outbox.close(Close::NotOurProtocol);
        }
    }
}

/// Reads on, for the sake of the farewell alone.
async fn drain<R: AsyncRead + Unpin>(frames: &mut Frames<R>, line: &Line) -> Ended {
    loop {
        if let Err(ended) = next(frames, line).await {
            return ended;
        }
    }
}

/// The next text; what is not text is dealt with.
async fn next<R: AsyncRead + Unpin>(frames: &mut Frames<R>, line: &Line) -> Result<String, Ended> {
    loop {
        let incoming = frames.next().await;
        line.heard();
        match incoming {
            Ok(Incoming::Text(_)) if line.is_parting() => {}
            Ok(Incoming::Text(text)) => return Ok(text),
            Ok(Incoming::Ping(payload)) => line.pong(payload),
            Ok(Incoming::Pong) => {}
            Ok(Incoming::Close(farewell)) => {
                line.farewell(farewell);
                return Err(Ended::Parted);
            }
            Err(Broken::Gone) => return Err(Ended::Gone),
            Err(Broken::Rules(farewell)) => {
                line.farewell(farewell);
                return Err(Ended::Lost);
            }
        }
    }
}

fn id_of(frame: ClientFrame) -> Option<ClientId> {
    match frame {
        ClientFrame::Send { id, .. } | ClientFrame::Act { id, .. } => Some(id),
        _ => None,
    }
}
