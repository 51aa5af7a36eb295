//! Commands on the data of a server that does not run.

use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{BAD_CONFIGURATION, print};
use crate::config::{Config, DatabaseUrl};

/// Runs a command on the database file that the settings name; prints what it says, or why it failed.
pub(super) fn run<E, F>(file: Option<&Path>, command: F) -> ExitCode
where
    E: Display,
    F: AsyncFnOnce(&Config, &Path) -> Result<String, E>,
{
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => return failed(&error, ExitCode::from(BAD_CONFIGURATION)),
    };
    let DatabaseUrl::Sqlite(database) = &config.storage.database else {
        let reason = "DATABASE_URL: this command is for SQLite; PostgreSQL has its own tools";
        return failed(&reason, ExitCode::FAILURE);
    };
    match block_on(command(&config, database)) {
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
