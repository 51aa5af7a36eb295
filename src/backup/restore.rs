//! The way back: a backup is looked over, then takes the database's place.

use std::fs;
use std::path::{Path, PathBuf};

use frontdesk_domain::timestamp::Timestamp;

use super::manifest::Manifest;
use super::{ATTACHMENTS, BackupError, DATABASE, DUMP, Kind, files, named};
use crate::config::DatabaseUrl;
use crate::store::copy::{CopyError, Facts};
use crate::store::postgres;
use crate::store::sqlite::{self, OpenError};

/// Looks a backup over: the manifest, the digest of its database, and the database itself.
///
/// # Errors
/// [`BackupError::NotIntact`] or [`BackupError::Newer`].
pub async fn verify(backup: &Path) -> Result<Manifest, BackupError> {
    let broken = |reason: &dyn ToString| BackupError::broken(backup, reason);
    let manifest = Manifest::read(backup).map_err(|error| broken(&format!("no manifest: {error}")))?;
    let kind = Kind::of_backup(backup);
    let known = kind.known_schema();
    if manifest.schema > known {
        return Err(BackupError::Newer { path: backup.to_owned(), found: manifest.schema, known });
    }
    let database = backup.join(kind.file());
    if files::digest(&database).map_err(|error| broken(&error))? != manifest.sha256 {
        return Err(broken(&"the database is not the one that was backed up"));
    }
    let facts = kind.verify(&database).await.map_err(|error| broken(&error))?;
    if (facts.conversations, facts.events) != (manifest.conversations, manifest.events) {
        return Err(broken(&"it does not hold what its manifest says"));
    }
    Ok(manifest)
}

/// Puts a backup in the place of the database and of the attachments in `data_dir`. What was there is moved
/// aside, never removed. The restored log gets a name of its own, so that clients start over. Tells what was
/// restored, and where the old database went, if there was one: a file, or a schema.
///
/// # Errors
/// See [`BackupError`]. Nothing was replaced then.
pub async fn restore(
    backup: &Path,
    database: &DatabaseUrl,
    data_dir: &Path,
    now: Timestamp,
) -> Result<(Manifest, Option<String>), BackupError> {
    let manifest = verify(backup).await?;
    let (found, wanted) = (Kind::of_backup(backup), Kind::of(database));
    if found != wanted {
        let (found, wanted) = (found.name(), wanted.name());
        return Err(BackupError::OtherKind { path: backup.to_owned(), found, wanted });
    }
    // Added to what is there: a file that both have is the same one, for names are never used twice.
    let attachments = data_dir.join(ATTACHMENTS);
    let copy =
        || files::copy_tree(&backup.join(ATTACHMENTS), &attachments).map_err(BackupError::file(&attachments));
    let aside = match database {
        DatabaseUrl::Sqlite(path) => {
            let aside = restore_file(backup, path, now, copy).await?;
            aside.map(|path| path.display().to_string())
        }
        DatabaseUrl::Postgres(url) => {
            copy()?;
            let (dump, facts) = (backup.join(DUMP), facts(&manifest));
            let failed = |reason| match reason {
                CopyError::InUse => BackupError::InUse { database: named(database) },
                reason => BackupError::NotRestored { path: backup.to_owned(), reason },
            };
            let aside = postgres::restore(url, &dump, &facts, now).await.map_err(failed)?;
            aside.map(|schema| format!("the schema {schema} of it"))
        }
    };
    Ok((manifest, aside))
}

fn facts(manifest: &Manifest) -> Facts {
    let Manifest { schema, epoch, conversations, events, .. } = manifest.clone();
    Facts { schema, epoch, conversations, events }
}

async fn restore_file(
    backup: &Path,
    database: &Path,
    now: Timestamp,
    attachments: impl FnOnce() -> Result<u64, BackupError>,
) -> Result<Option<PathBuf>, BackupError> {
    let _lock = sqlite::lock(database).map_err(|error| match error {
        OpenError::Locked { path } => BackupError::InUse { database: path.display().to_string() },
        other => BackupError::File { path: database.to_owned(), reason: other.to_string() },
    })?;
    let fresh = beside(database, "restoring");
    let _ = fs::remove_file(&fresh);
    fs::copy(backup.join(DATABASE), &fresh).map_err(BackupError::file(&fresh))?;
    sqlite::renew(&fresh).await.map_err(|error| BackupError::broken(backup, &error))?;
    carry_erasures(database, &fresh).await;
    attachments()?;
    let aside = set_aside(database, now)?;
    fs::rename(&fresh, database).map_err(BackupError::file(database))?;
    if let Some(folder) = database.parent() {
        files::sync_folder(folder).map_err(BackupError::file(folder))?;
    }
    Ok(aside)
}

/// Whoever was erased since the backup is erased again by the next start. A database that is too damaged to say who
/// that is must not keep its own restore away.
async fn carry_erasures(database: &Path, fresh: &Path) {
    if !database.exists() {
        return;
    }
    match sqlite::carry_erasures(database, fresh).await {
        Ok(0) => {}
        Ok(guests) => tracing::info!(guests, "guests who were erased since the backup are erased again"),
        Err(error) => {
            tracing::warn!(%error, "who was erased since the backup could not be read: erase them again")
        }
    }
}

/// Moves the database and its log out of the way, the log last: between the two, the log alone is no database.
fn set_aside(database: &Path, now: Timestamp) -> Result<Option<PathBuf>, BackupError> {
    let to = beside(database, &format!("before-restore-{}", now.0));
    let mut moved = false;
    for end in ["", "-wal", "-shm"] {
        let (from, to) = (with(database, end), with(&to, end));
        match fs::rename(&from, &to) {
            Ok(()) => moved = true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::file(&from)(error)),
        }
    }
    Ok(moved.then_some(to))
}

fn beside(database: &Path, what: &str) -> PathBuf {
    with(database, &format!(".{what}"))
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
