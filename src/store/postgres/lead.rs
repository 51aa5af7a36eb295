//! Which of several processes does what only one may do: the one that holds the lock. It ends with its connection, so
//! one that was cut off has lost it, and so has one whose host is gone.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::PostgresStore;

/// What the lock is named by.
const LEAD: i64 = i64::from_be_bytes(*b"fd.leads");
const TAKE: &str = "SELECT pg_try_advisory_lock($1)";
/// How often it is tried, and looked after.
const EVERY: Duration = Duration::from_secs(1);
/// How long the server may take to answer.
const WITHIN: Duration = Duration::from_secs(2);

impl PostgresStore {
    /// Tries for as long as this process lives to be the one; says whether it is.
    pub async fn lead(&self, leads: watch::Sender<bool>) {
        loop {
            if let Ok(Ok(Some(mut conn))) = timeout(WITHIN, self.try_lead()).await {
                tracing::info!("this node does now what only one does");
                leads.send_replace(true);
                while let Ok(Ok(())) = timeout(WITHIN, conn.ping()).await {
                    sleep(EVERY).await;
                }
                leads.send_replace(false);
                tracing::warn!("this node no longer does what only one does");
            }
            sleep(EVERY).await;
        }
    }

    /// A connection that holds the lock, if nobody else does.
    async fn try_lead(&self) -> Result<Option<PgConnection>, sqlx::Error> {
        let mut conn = self.options.connect().await?;
        let taken = sqlx::query_scalar::<_, bool>(TAKE).bind(LEAD).fetch_one(&mut conn).await?;
        Ok(taken.then_some(conn))
    }
}
