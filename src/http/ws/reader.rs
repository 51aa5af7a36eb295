//! The pump that reads: `hello` first, then every frame on its way.

use std::sync::{Arc, LazyLock};

use frontdesk_actors::messages::Permit;
use frontdesk_actors::metering;
use frontdesk_actors::outbox::Outbox;
use frontdesk_actors::socket::Voice;
use frontdesk_domain::frame::{BAD_FRAMES_A_MINUTE, ClientFrame, Close, ServerFrame, parse};
use frontdesk_domain::ids::{ClientId, Seq};
use frontdesk_domain::refusal::{Code, Refusal};
use tokio::io::AsyncRead;
use tokio::sync::Semaphore;

use super::frames::{Broken, Frames, Incoming};
use super::line::Line;

/// How many frames of one socket may be under way to its actor and beyond. The reader waits for a place,
/// and so, through TCP, does the client.
const WINDOW: usize = 128;

/// Looked up once: it counts every frame.
static FRAMES: LazyLock<metrics::Counter> = LazyLock::new(|| metrics::counter!("frontdesk_frames_total"));

/// Decides on a `hello`.
pub(crate) trait Gate: Send + Sync {
    /// Who hears a client.
    type Ear: Ear;

    /// Who hears a client that may come in. Otherwise the outbox is closed with the reason.
    fn admit(
        &self,
        token: Option<String>,
        after: Option<Seq>,
        outbox: Outbox,
    ) -> impl Future<Output = Option<Self::Ear>> + Send;

    /// Whether a client that sends too many bad frames is closed.
    fn is_strict(&self) -> bool;
}

/// Who is told what a client sends. Dropped when the connection has ended, however that comes.
pub(crate) trait Ear: Send + Sync {
    /// A frame of the contract.
    fn frame(&self, frame: ClientFrame, permit: Permit);

    /// Something else.
    fn bad_frame(&self, id: Option<ClientId>, refusal: Refusal);
}

impl Ear for Voice {
    fn frame(&self, frame: ClientFrame, permit: Permit) {
        self.frame(frame, permit);
    }

    fn bad_frame(&self, id: Option<ClientId>, refusal: Refusal) {
        self.bad_frame(id, refusal);
    }
}

/// Reads until the connection has ended, and says how it did. `entry`: what is done with once the client is in.
pub(crate) async fn run<R: AsyncRead + Unpin + Send, G: Gate>(
    mut frames: Frames<R>,
    entry: Box<(Outbox, G)>,
    line: Arc<Line>,
) -> Ended {
    // Boxed, so that a connection takes no more than what it needs once it is greeted.
    let ended = match Box::pin(enter(&mut frames, entry, &line)).await {
        Ok(ear) => listen(&mut frames, &line, &ear).await,
        Err(ended) => ended,
    };
    if ended == Ended::Lost {
        // Throw away what still comes, so that our farewell is not cut off.
        frames.drain().await;
    }
    ended
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The connection is gone.
    Gone,
    /// The client said farewell.
    Parted,
    /// The client broke the protocol of the connection itself.
    Lost,
}

/// Lets a client in that says a good `hello`. One that is turned away is heard to the end.
async fn enter<R: AsyncRead + Unpin + Send, G: Gate>(
    frames: &mut Frames<R>,
    entry: Box<(Outbox, G)>,
    line: &Line,
) -> Result<G::Ear, Ended> {
    let (outbox, gate) = *entry;
    let (token, after) = hello(frames, &outbox, line, &gate).await?;
    line.greeted();
    match gate.admit(token, after, outbox).await {
        Some(ear) => Ok(ear),
        None => Err(drain(frames, line).await),
    }
}

/// Hands every frame on.
async fn listen<R: AsyncRead + Unpin + Send>(frames: &mut Frames<R>, line: &Line, ear: &impl Ear) -> Ended {
    let window = Arc::new(Semaphore::new(WINDOW));
    loop {
        let text = match next(frames, line).await {
            Ok(text) => text,
            Err(ended) => return ended,
        };
        // Before the frame is read, which is large: a silent connection keeps no room for it.
        let permit = place(&window, line).await;
        match parse(&text) {
            Ok(ClientFrame::Hello { .. }) => {
                ear.bad_frame(None, Refusal::new(Code::BadFrame, "a second hello"));
            }
            Ok(frame) => {
                FRAMES.increment(1);
                ear.frame(frame, permit);
            }
            Err((id, refusal)) => ear.bad_frame(id, refusal),
        }
    }
}

/// A place in the window, waited for if there is none.
async fn place(window: &Arc<Semaphore>, line: &Line) -> Permit {
    if let Ok(permit) = Arc::clone(window).try_acquire_owned() {
        return Some(permit);
    }
    line.hold(true);
    let permit = Box::pin(Arc::clone(window).acquire_owned()).await.ok();
    line.hold(false);
    permit
}

/// Waits for a good `hello`. All else is refused until then.
async fn hello<R: AsyncRead + Unpin + Send>(
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
                outbox.push(&ServerFrame::Pong.encode());
                continue;
            }
            Ok(frame) => (id_of(frame), Refusal::new(Code::Unauthorized, "say hello first")),
            Err(bad) => bad,
        };
        metering::refused("socket", refusal.code);
        outbox.push(&ServerFrame::refused(id, refusal).encode());
        bad += 1;
        if bad > BAD_FRAMES_A_MINUTE && gate.is_strict() {
            outbox.close(Close::NotOurProtocol);
        }
    }
}

/// Reads on, for the sake of the farewell alone.
async fn drain<R: AsyncRead + Unpin + Send>(frames: &mut Frames<R>, line: &Line) -> Ended {
    loop {
        if let Err(ended) = next(frames, line).await {
            return ended;
        }
    }
}

/// The next text; what is not text is dealt with.
async fn next<R: AsyncRead + Unpin + Send>(frames: &mut Frames<R>, line: &Line) -> Result<String, Ended> {
    loop {
        let incoming = frames.next().await;
        line.heard();
        match incoming {
            Ok(Incoming::Text(_) | Incoming::Binary(_)) if line.is_parting() => {}
            Ok(Incoming::Text(text)) => return Ok(text),
            // Not taken here, and refused before it is put together.
            Ok(Incoming::Binary(_)) => return Err(Ended::Lost),
            Ok(Incoming::Ping(payload)) => line.pong(&payload),
            Ok(Incoming::Pong) => {}
            Ok(Incoming::Close(farewell)) => {
                line.farewell(farewell);
                return Err(Ended::Parted);
            }
            Err(Broken::Gone) => return Err(Ended::Gone),
            Err(Broken::Rules(farewell)) => {
                line.lose(farewell);
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
