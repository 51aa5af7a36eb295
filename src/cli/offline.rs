//! Commands on the data of a server that does not run.

use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{BAD_CONFIGURATION, print};
use crate::config::{Config, DatabaseUrl};

/// Runs a command on the database that the settings name; prints what it says, or why it failed.
pub(super) fn run<E, F>(file: Option<&Path>, command: F) -> ExitCode
where
    E: Display,
    F: AsyncFnOnce(&Config, &DatabaseUrl) -> Result<String, E>,
{
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => return failed(&error, ExitCode::from(BAD_CONFIGURATION)),
    };
    let work = async {
        // For a database server behind TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        command(&config, &config.storage.database).await
    };
    match block_on(work) {
        Ok(Ok(done)) => print(&done),
        Ok(Err(error)) => failed(&error, ExitCode::FAILURE),
        Err(error) => failed(&error, ExitCode::FAILURE),
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

/// Says why, in one line.
pub(super) fn failed(reason: &dyn Display, code: ExitCode) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "frontdesk: {reason}");
    code
}
