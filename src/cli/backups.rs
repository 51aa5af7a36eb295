//! `frontdesk backup` and `frontdesk restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::offline;
use crate::audit::{self, Action, Actor};
use crate::backup::{self, BackupError, Manifest};
use crate::http::now;
use crate::store::AuditLog;
use crate::store::sqlite::SqliteStore;

/// Takes a backup; prints where it is and what it holds.
pub(super) fn backup(to: Option<PathBuf>, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |config, database| {
        let storage = &config.storage;
        let scheduled = storage.backups.as_ref().map(|schedule| schedule.folder.clone());
        let into = to.or(scheduled).unwrap_or_else(|| storage.data_dir.join("backups"));
        let (path, manifest) = backup::take(database, &storage.data_dir, &into, now()).await?;
        Ok::<_, BackupError>(format!(
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
    offline::run(file, async |config, database| {
        let storage = &config.storage;
        if check {
            let manifest = backup::verify(backup).await?;
            return Ok(format!(
                "intact: {} conversations, {} events",
                manifest.conversations, manifest.events
            ));
        }
        let (manifest, aside) = backup::restore(backup, database, &storage.data_dir, now()).await?;
        noted(database, &manifest).await?;
        let aside =
            aside.map_or(String::new(), |path| format!("; the database before is {}", path.display()));
        Ok::<_, BackupError>(format!(
            "restored {} conversations, {} events{aside}",
            manifest.conversations, manifest.events
        ))
    })
}

/// Notes in the audit log that came back with the backup that it did.
async fn noted(database: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let broken =
        |error: &dyn ToString| BackupError::File { path: database.to_owned(), reason: error.to_string() };
    let store = SqliteStore::open(database).await.map_err(|error| broken(&error))?;
    let what = format!("taken at {}", manifest.taken_at);
    let deed = audit::deed(&Actor::operator(), Action::BackupRestored, "", &what, now());
    store.add_deed(deed).await.map_err(|error| broken(&error))?;
    store.close().await;
    Ok(())
}
