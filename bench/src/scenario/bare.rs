//! A bare writer: what the database does on this disk, with nothing around it. And the disk alone.
//!
//! One row of about 300 bytes a message, groups as they come (what queued while the last one was synced),
//! one statement for each, synced before it is acknowledged.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};

use super::measure::{float, histogram};
use crate::process;

/// How many rows one statement takes at most.
const GROUP_MAX: usize = 4_096;
/// Syncs that are timed.
const SYNCS: usize = 300;

const TABLE: &str = "CREATE TABLE messages (conversation INTEGER NOT NULL, seq INTEGER NOT NULL, \
    at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (conversation, seq)) WITHOUT ROWID";
const INSERT: &str = "INSERT INTO messages (conversation, seq, at, body) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)";

/// What the bare writer did.
#[derive(Clone, Debug)]
pub struct Bare {
    /// Rows a second.
    pub rate: f64,
    /// CPU time of each, in microseconds.
    pub cpu_us: f64,
    /// From handing a row over until it is acknowledged, in microseconds.
    pub latency: Histogram<u64>,
}

struct Row {
    json: String,
    done: oneshot::Sender<()>,
}

/// Writes for this long, with this many waiting at any time. `core`: where to run, as the server did.
///
/// # Errors
/// The database cannot be made or written.
pub fn write(folder: &Path, waiting: usize, length: Duration, core: Option<usize>) -> anyhow::Result<Bare> {
    let file = folder.join("bare.db");
    // A thread of its own: the place where it runs is its own, and that of what it starts.
    let thread = std::thread::spawn(move || {
        if let Some(core) = core {
            process::pin(core)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run(&file, waiting, length))
    });
    thread.join().map_err(|_| anyhow::anyhow!("the bare writer broke"))?
}

async fn run(file: &Path, waiting: usize, length: Duration) -> anyhow::Result<Bare> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await.context("no bare database")?;
    sqlx::query(TABLE).execute(&mut connection).await?;
    let (send, receive) = mpsc::channel(waiting.max(1));
    let writer = tokio::spawn(serve(connection, receive));
    let (before, began) = (process::own(), Instant::now());
    let until = began + length;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..waiting {
        clients.spawn(ask(client, send.clone(), until));
    }
    drop(send);
    let mut latency = histogram()?;
    while let Some(took) = clients.join_next().await {
        for micros in took? {
            latency.saturating_record(micros);
        }
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), process::own().cpu.saturating_sub(before.cpu));
    writer.await??;
    let rows = float(latency.len().max(1));
    Ok(Bare { rate: rows / seconds, cpu_us: cpu.as_secs_f64() * 1e6 / rows, latency })
}

async fn ask(client: usize, to: mpsc::Sender<Row>, until: Instant) -> Vec<u64> {
    let body = "The towels are warm and the sea is calm today. ".repeat(6);
    let mut took = Vec::new();
    for seq in 1_u64.. {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let (done, answer) = oneshot::channel();
        let json = format!("[{client},{seq},1790000000000,\"{body}\"]");
        if to.send(Row { json, done }).await.is_err() || answer.await.is_err() {
            break;
        }
        took.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1));
    }
    took
}

async fn serve(mut connection: SqliteConnection, mut rows: mpsc::Receiver<Row>) -> anyhow::Result<()> {
    let mut group = Vec::new();
    while rows.recv_many(&mut group, GROUP_MAX).await > 0 {
        let mut json = String::from("[");
        for row in &group {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&row.json);
        }
        json.push(']');
        sqlx::query(INSERT).bind(json).execute(&mut connection).await?;
        for row in group.drain(..) {
            // Who does not wait any more need not know.
            let _ = row.done.send(());
        }
    }
    connection.close().await?;
    Ok(())
}

/// How long a sync of 300 new bytes takes on this disk, in microseconds.
///
/// # Errors
/// The file cannot be written.
pub fn sync(folder: &Path) -> anyhow::Result<Histogram<u64>> {
    let path = folder.join("sync.probe");
    let mut file = std::fs::File::create(&path).context("no file to sync")?;
    let mut took = histogram()?;
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&[b'x'; 300])?;
        file.sync_data()?;
        took.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1));
    }
    std::fs::remove_file(path)?;
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_acknowledged_row_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let bare = write(folder.path(), 8, Duration::from_millis(200), None).expect("written");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let rows = runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(folder.path().join("bare.db"));
            let mut connection = SqliteConnection::connect_with(&options).await.expect("open");
            let count: i64 = sqlx::query_scalar("SELECT count(*) FROM messages WHERE length(body) > 250")
                .fetch_one(&mut connection)
                .await
                .expect("counted");
            count
        });
        assert!(!bare.latency.is_empty());
        assert_eq!(u64::try_from(rows).expect("a count"), bare.latency.len());
    }
}
