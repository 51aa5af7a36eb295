//! One connection: its one task, from the upgrade to the last byte.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::outbox::outbox;
use frontdesk_domain::frame::{Close, HELLO_WITHIN_SECS, PING_EVERY_SECS, SILENT_AFTER_SECS};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

use super::encode;
use super::frames::{Frames, Takes};
use super::line::{Line, Stage};
use super::post::Post;
use super::reader::{self, Ended, Gate};

const PING_EVERY: Duration = Duration::from_secs(PING_EVERY_SECS);
const SILENT_AFTER: Duration = Duration::from_secs(SILENT_AFTER_SECS);
const HELLO_WITHIN: Duration = Duration::from_secs(HELLO_WITHIN_SECS);
/// How long we wait for the answer to our farewell, and for the farewell to leave.
const FAREWELL_WITHIN: Duration = Duration::from_secs(3);

/// A connection after its upgrade.
pub(crate) struct Ends<R, W> {
    /// What was read from it already.
    pub(crate) ahead: Vec<u8>,
    /// What comes from the client.
    pub(crate) read: R,
    /// What goes to it.
    pub(crate) write: W,
}

/// Serves a connection until it has ended. `turned_away`: close it at once, with this reason.
///
/// No `async fn`, which would keep room for all that it was given as long as the connection lasts.
pub(crate) fn serve<R, W, G>(
    ends: Ends<R, W>,
    gate: G,
    post: &Post,
    turned_away: Option<Close>,
) -> impl Future<Output = ()> + Send + use<R, W, G>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Send + Unpin + 'static,
    G: Gate,
{
    let (outbox, due) = outbox(encode::text);
    if let Some(close) = turned_away {
        outbox.close(close);
    }
    let line = Line::open(ends.write, due, post);
    let frames = Frames::new(ends.ahead, ends.read, Takes::CONTRACT);
    let reader = reader::run(frames, Box::new((outbox, gate)), Arc::clone(&line));
    attend(line, Box::pin(reader))
}

/// Attends to a connection while `reader` reads it, until it has ended. The reader does not lose its place when
/// something else wakes us: reading is not cancel-safe.
pub(crate) async fn attend(line: Arc<Line>, mut reader: impl Future<Output = Ended> + Unpin) {
    let _end = End(Arc::clone(&line));
    let line = &line;
    let mut clock = Clock { next_ping: line.since() + PING_EVERY, closing: false, farewell_by: None };
    let mut ended = None;
    let timer = sleep_until(clock.due(line));
    tokio::pin!(timer);
    loop {
        tokio::select! {
            biased;
            how = &mut reader, if ended.is_none() => ended = Some(how),
            () = line.changed() => {}
            () = &mut timer => {}
        }
        if clock.is_over(line, ended) {
            break;
        }
        if line.is_lost() && line.stage() == Stage::Parted {
            // Nothing is waited for from it but the end; reading on keeps our farewell from being cut off.
            let _ = timeout(FAREWELL_WITHIN, line.shut_down()).await;
        }
        timer.as_mut().reset(clock.due(line));
    }
    let _ = timeout(FAREWELL_WITHIN, line.shut_down()).await;
}

/// However the task ends, nobody writes to the connection afterwards.
struct End(Arc<Line>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What a connection is waited for.
struct Clock {
    next_ping: Instant,
    /// We have asked for our farewell to be sent; whoever sends it has its own deadline.
    closing: bool,
    farewell_by: Option<Instant>,
}

impl Clock {
    /// Does what is due by now. True if the connection is over.
    fn is_over(&mut self, line: &Line, ended: Option<Ended>) -> bool {
        let now = Instant::now();
        let stage = line.stage();
        if stage == Stage::Gone || ended == Some(Ended::Gone) {
            return true;
        }
        if stage == Stage::Parted || ended.is_some() {
            // Both have said farewell, or it is too late for it.
            let by = *self.farewell_by.get_or_insert(now + FAREWELL_WITHIN);
            return now >= by || (stage == Stage::Parted && ended.is_some());
        }
        if self.closing {
            return false;
        }
        if now >= line.last_heard() + SILENT_AFTER {
            self.close(line, Close::TooSlow);
        } else if !line.is_greeted() && now >= line.since() + HELLO_WITHIN {
            self.close(line, Close::NoHello);
        } else if now >= self.next_ping {
            self.next_ping = now + PING_EVERY;
            line.ping();
        }
        false
    }

    fn close(&mut self, line: &Line, why: Close) {
        self.closing = true;
        line.close(why);
    }

    /// When to look again.
    fn due(&self, line: &Line) -> Instant {
        if let Some(by) = self.farewell_by {
            return by;
        }
        if self.closing {
            return Instant::now() + SILENT_AFTER;
        }
        let silence = line.last_heard() + SILENT_AFTER;
        let hello = if line.is_greeted() { silence } else { line.since() + HELLO_WITHIN };
        self.next_ping.min(silence).min(hello)
    }
}
