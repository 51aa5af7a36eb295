//! `frontdesk backup` and `frontdesk restore`.

use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{BAD_CONFIGURATION, print};
use crate::backup::{self, BackupError};
use crate::config::{Config, DatabaseUrl, Storage};
use crate::http::now;

/// Takes a backup; prints where it is and what it holds.
pub(super) fn backup(to: Option<PathBuf>, file: Option<&Path>) -> ExitCode {
    with_storage(file, async |storage, database| {
        let scheduled = storage.backups.as_ref().map(|schedule| schedule.folder.clone());
        let into = to.or(scheduled).unwrap_or_else(|| storage.data_dir.join("backups"));
        let (path, manifest) = backup::take(database, &storage.data_dir, &into, now()).await?;
        Ok(format!(
            "backup {} ({} conversations, {} events, {} attachments)",
            path.display(),
            manifest.conversations,
            manifest.events,
            manifest.attachments
        ))
    })
}

/// Puts a backup in the place of the database, or only looks it over.
pub(super) fn restore(backup: &Path, check: bool, file: Option<&Path>) -> ExitCode {
    with_storage(file, async |storage, database| {
        if check {
            let manifest = backup::verify(backup).await?;
            return Ok(format!(
                "intact: {} conversations, {} events",
                manifest.conversations, manifest.events
            ));
        }
        let (manifest, aside) = backup::restore(backup, database, &storage.data_dir, now()).await?;
        let aside =
            aside.map_or(String::new(), |path| format!("; the database before is {}", path.display()));
        Ok(format!("restored {} conversations, {} events{aside}", manifest.conversations, manifest.events))
    })
}

/// Runs a command on the database file that the settings name.
fn with_storage<F>(file: Option<&Path>, command: F) -> ExitCode
where
    F: AsyncFnOnce(&Storage, &Path) -> Result<String, BackupError>,
{
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => return failed(&error, ExitCode::from(BAD_CONFIGURATION)),
    };
    let DatabaseUrl::Sqlite(database) = &config.storage.database else {
        let reason =
            "DATABASE_URL: use PostgreSQL's own tools (pg_dump, pg_restore) for a PostgreSQL database";
        return failed(&reason, ExitCode::FAILURE);
    };
    match block_on(command(&config.storage, database)) {
        Ok(Ok(done)) => print(&done),
        Ok(Err(error)) => failed(&error, ExitCode::FAILURE),
        Err(error) => failed(&error, ExitCode::FAILURE),
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

fn failed(reason: &dyn std::fmt::Display, code: ExitCode) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "frontdesk: {reason}");
    code
}
