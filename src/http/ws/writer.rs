//! The pump that writes: one write for all that is due, pings, and the end.

use std::time::Duration;

use frontdesk_actors::outbox::{Due, OutboxReader};
use frontdesk_domain::frame::{Close, HELLO_WITHIN_SECS, PING_EVERY_SECS, SILENT_AFTER_SECS};
use futures_util::FutureExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::encode::{self, HEADER_MAX_BYTES};
use super::line::{Farewell, Line, Replies};

const PING_EVERY: Duration = Duration::from_secs(PING_EVERY_SECS);
const SILENT_AFTER: Duration = Duration::from_secs(SILENT_AFTER_SECS);
const HELLO_WITHIN: Duration = Duration::from_secs(HELLO_WITHIN_SECS);
/// How long a client may take to accept [`CHUNK_BYTES`].
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How much is handed to the system at a time. More than this waits only for a client that is slow.
const CHUNK_BYTES: usize = 64 * 1024;
/// How long we wait for the answer to our farewell.
const FAREWELL_WITHIN: Duration = Duration::from_secs(3);

/// The connection cannot be written to any more.
struct Gone;

/// Writes until the connection is closed. The other end is told why, unless it is gone.
pub(crate) async fn run<W: AsyncWrite + Unpin>(mut io: W, due: OutboxReader, line: &Line) {
    let end = pump(&mut io, &due, line).await;
    line.part();
    if let Ok(Some(farewell)) = end {
        part(&mut io, &farewell, line).await;
    }
    let _ = timeout(FAREWELL_WITHIN, io.shutdown()).await;
}

/// Writes until there is a reason to close; `None` when the other end has gone.
async fn pump<W: AsyncWrite + Unpin>(
    io: &mut W,
    due: &OutboxReader,
    line: &Line,
) -> Result<Option<Farewell>, Gone> {
    let mut next_ping = line.since() + PING_EVERY;
    let timer = sleep_until(first_deadline(line, next_ping));
    tokio::pin!(timer);
    let mut buffer = Vec::new();
    loop {
        tokio::select! {
            Due { frames, close, .. } = due.take() => {
                buffer.reserve(frames.iter().map(|frame| frame.len() + HEADER_MAX_BYTES).sum());
                for frame in &frames {
                    encode::text(&mut buffer, frame);
                }
                write(io, &mut buffer).await?;
                if let Some(close) = close {
                    // A reader that breaks off also ends its socket, which closes the outbox: the reader
                    // knows why.
                    let said = line.take().now_or_never().and_then(|replies| replies.farewell);
                    return Ok(Some(said.unwrap_or_else(|| close.into())));
                }
            }
            Replies { pong, farewell, over } = line.take() => {
                if let Some(payload) = pong {
                    encode::pong(&mut buffer, &payload);
                    write(io, &mut buffer).await?;
                }
                if farewell.is_some() || over {
                    return Ok(farewell);
                }
            }
            () = &mut timer => {
                let now = Instant::now();
                if now >= line.last_heard() + SILENT_AFTER {
                    return Ok(Some(Close::TooSlow.into()));
                }
                if !line.is_greeted() && now >= line.since() + HELLO_WITHIN {
                    return Ok(Some(Close::NoHello.into()));
                }
                if now >= next_ping {
                    next_ping = now + PING_EVERY;
                    encode::ping(&mut buffer);
                    write(io, &mut buffer).await?;
                }
                timer.as_mut().reset(first_deadline(line, next_ping));
            }
        }
    }
}

fn first_deadline(line: &Line, next_ping: Instant) -> Instant {
    let silence = line.last_heard() + SILENT_AFTER;
    let hello = if line.is_greeted() { next_ping } else { line.since() + HELLO_WITHIN };
    next_ping.min(silence).min(hello)
}

/// Writes the buffer and gives its memory back: most sockets are idle most of the time.
async fn write<W: AsyncWrite + Unpin>(io: &mut W, buffer: &mut Vec<u8>) -> Result<(), Gone> {
    for chunk in buffer.chunks(CHUNK_BYTES) {
        match timeout(WRITE_WITHIN, io.write_all(chunk)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(Gone),
        }
    }
    *buffer = Vec::new();
    match timeout(WRITE_WITHIN, io.flush()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

/// Says farewell, and waits for the answer so that both ends know that all was read.
async fn part<W: AsyncWrite + Unpin>(io: &mut W, farewell: &Farewell, line: &Line) {
    let mut buffer = Vec::new();
    encode::close(&mut buffer, farewell);
    if write(io, &mut buffer).await.is_ok() {
        let over = async { while !line.take().await.over {} };
        let _ = timeout(FAREWELL_WITHIN, over).await;
    }
}
