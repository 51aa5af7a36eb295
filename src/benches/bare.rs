//! The least that storing a message can cost with this driver: a queue, and a task that takes all that is in it
//! and inserts it with one statement in one transaction.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::ground::{Took, measure};

const TABLE: &str = "CREATE TABLE messages (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT";
const INSERT: &str = "INSERT INTO messages (body) SELECT value FROM json_each(?1)";

type Job = (String, oneshot::Sender<()>);

/// As many messages of 300 bytes as the store is given.
pub async fn run(waiting: usize, each: usize) -> Took {
    let folder = tempfile::tempdir().expect("a folder");
    let mut conn = SqliteConnectOptions::new()
        .filename(folder.path().join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging()
        .connect()
        .await
        .expect("opens");
    sqlx::raw_sql(TABLE).execute(&mut conn).await.expect("made");
    let (jobs, queue) = mpsc::channel(8_192);
    let writing = tokio::spawn(write(conn, queue));
    let took = measure(async {
        let senders = (0..waiting).map(|_| {
            let jobs = jobs.clone();
            async move {
                for _ in 0..each {
                    let (reply, stored) = oneshot::channel();
                    jobs.send((format!("{:x<300}", Uuid::now_v7()), reply)).await.expect("a writer");
                    stored.await.expect("stored");
                }
            }
        });
        futures_util::future::join_all(senders).await;
    })
    .await;
    drop(jobs);
    writing.await.expect("ends");
    took
}

async fn write(mut conn: SqliteConnection, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, 1_024).await > 0 {
        let (bodies, replies): (Vec<_>, Vec<_>) = jobs.drain(..).unzip();
        let bodies = serde_json::to_string(&bodies).expect("JSON");
        let mut tx = conn.begin().await.expect("begins");
        sqlx::query(INSERT).bind(bodies).execute(&mut *tx).await.expect("inserted");
        tx.commit().await.expect("synced");
        for reply in replies {
            let _ = reply.send(());
        }
    }
    conn.close().await.expect("closes");
}
