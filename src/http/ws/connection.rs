//! One connection: its two pumps in one task, from the upgrade to the last byte.

use frontdesk_actors::outbox::outbox;
use frontdesk_domain::frame::Close;
use tokio::io::{AsyncRead, AsyncWrite};

use super::line::Line;
use super::reader::{self, Gate};
use super::writer;

/// Serves a connection until it has ended. `turned_away`: close it at once, with this reason.
pub(crate) async fn serve<T>(io: T, gate: &impl Gate, turned_away: Option<Close>)
where
    T: AsyncRead + AsyncWrite,
{
    let (read, write) = tokio::io::split(io);
    let (outbox, due) = outbox();
    if let Some(close) = turned_away {
        outbox.close(close);
    }
    let line = Line::new();
    // Both are pinned, so that neither loses its place when the other wakes: reading is not cancel-safe.
    let reader = reader::run(read, outbox, &line, gate);
    let writer = writer::run(write, due, &line);
    tokio::pin!(reader, writer);
    tokio::select! {
        () = &mut reader => writer.await,
        () = &mut writer => {}
    }
}
