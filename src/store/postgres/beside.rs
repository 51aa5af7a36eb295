//! Looking into a database beside the server that has it.

use secrecy::SecretString;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::open;

/// A connection that only reads. The server may be running.
///
/// # Errors
/// What is wrong with the URL, or what the server said.
pub(super) async fn look(url: &SecretString) -> Result<PgPool, sqlx::Error> {
    let options = open::options(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let options = options.options([("default_transaction_read_only", "on")]);
    PgPoolOptions::new().max_connections(1).connect_with(options).await
}
