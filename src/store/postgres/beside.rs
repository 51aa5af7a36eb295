//! Looking into a database beside the server that has it.

use std::io;
use std::time::Duration;

use secrecy::SecretString;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::time::timeout;

use super::open;

/// How long connecting may take.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// A connection.
///
/// # Errors
/// What the server said, or that it said nothing.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let late = |_| sqlx::Error::Io(io::ErrorKind::TimedOut.into());
    timeout(CONNECT_WAIT, options.connect()).await.map_err(late)?
}

/// A connection that only reads. The server may be running.
///
/// # Errors
/// What is wrong with the URL, or what the server said.
pub(super) async fn look(url: &SecretString) -> Result<PgPool, sqlx::Error> {
    let options = open::options(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let options = options.options([("default_transaction_read_only", "on")]);
    // A pool would try for long, and then not say why.
    connect(&options).await?.close().await?;
    PgPoolOptions::new().max_connections(1).connect_with(options).await
}
