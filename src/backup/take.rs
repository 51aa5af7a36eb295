//! Taking a backup, and throwing old ones away.

use std::fs;
use std::path::{Path, PathBuf};

use frontdesk_domain::timestamp::Timestamp;

use super::manifest::Manifest;
use super::{ATTACHMENTS, BackupError, Kind, files, named};
use crate::config::DatabaseUrl;
use crate::store::copy::CopyError;
use crate::store::{postgres, sqlite};

/// What the names of backups begin with.
pub const PREFIX: &str = "frontdesk-";
/// What a backup is called while it is being taken.
const PARTIAL: &str = ".partial";

/// Takes a backup of the database and of the attachments beside it in `data_dir` into a new folder in `into`,
/// and looks it over. The server may be running. Tells where it is.
///
/// # Errors
/// See [`BackupError`]. What was begun is taken away again.
pub async fn take(
    database: &DatabaseUrl,
    data_dir: &Path,
    into: &Path,
    now: Timestamp,
) -> Result<(PathBuf, Manifest), BackupError> {
    fs::create_dir_all(into).map_err(BackupError::file(into))?;
    let name = format!("{PREFIX}{}", stamp(now));
    let (partial, path) = (into.join(format!("{name}{PARTIAL}")), into.join(name));
    fs::create_dir(&partial).map_err(BackupError::file(&partial))?;
    match fill(&partial, database, data_dir, now).await {
        Ok(manifest) => {
            fs::rename(&partial, &path).map_err(BackupError::file(&path))?;
            files::sync_folder(into).map_err(BackupError::file(into))?;
            Ok((path, manifest))
        }
        Err(error) => {
            let _ = fs::remove_dir_all(&partial);
            Err(error)
        }
    }
}

async fn fill(
    partial: &Path,
    database: &DatabaseUrl,
    data_dir: &Path,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    let kind = Kind::of(database);
    let copy = partial.join(kind.file());
    let failed = |reason: CopyError| BackupError::Database { database: named(database), reason };
    match database {
        DatabaseUrl::Sqlite(path) => sqlite::copy(path, &copy).await,
        DatabaseUrl::Postgres(url) => postgres::dump(url, &copy).await,
    }
    .map_err(failed)?;
    let facts = kind.verify(&copy).await.map_err(failed)?;
    // After the database: a file is written before a message names it, so whatever the copy names is there.
    let (from, to) = (data_dir.join(ATTACHMENTS), partial.join(ATTACHMENTS));
    let digested = copy.clone();
    let work = move || {
        let attachments = files::copy_tree(&from, &to).map_err(BackupError::file(&from))?;
        let sha256 = files::digest(&digested).map_err(BackupError::file(&digested))?;
        Ok::<_, BackupError>((attachments, sha256))
    };
    let (attachments, sha256) =
        tokio::task::spawn_blocking(work).await.map_err(|error| BackupError::broken(partial, &error))??;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: now,
        schema: facts.schema,
        epoch: facts.epoch,
        conversations: facts.conversations,
        events: facts.events,
        attachments,
        sha256,
    };
    manifest.write(partial).map_err(BackupError::file(partial))?;
    files::sync_folder(partial).map_err(BackupError::file(partial))?;
    Ok(manifest)
}

/// Throws away all but the newest `keep` backups in `folder`, and what an interrupted one left behind. Tells
/// how many went.
///
/// # Errors
/// When the folder cannot be read or an old backup cannot be removed.
pub fn prune(folder: &Path, keep: usize) -> Result<usize, BackupError> {
    let mut whole = Vec::new();
    let mut going = Vec::new();
    for entry in fs::read_dir(folder).map_err(BackupError::file(folder))? {
        let entry = entry.map_err(BackupError::file(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Whatever else lies here is not ours to remove.
        match name.strip_prefix(PREFIX) {
            Some(rest) if rest.ends_with(PARTIAL) => going.push(entry.path()),
            Some(rest) if is_stamp(rest) => whole.push(entry.path()),
            _ => {}
        }
    }
    // The names sort as the times do.
    whole.sort();
    whole.truncate(whole.len().saturating_sub(keep));
    going.append(&mut whole);
    for path in &going {
        fs::remove_dir_all(path).map_err(BackupError::file(path))?;
    }
    Ok(going.len())
}

/// A time that sorts as text and may stand in a file's name: `20261125T181500123Z`.
fn stamp(at: Timestamp) -> String {
    at.to_string().chars().filter(char::is_ascii_alphanumeric).collect()
}

fn is_stamp(text: &str) -> bool {
    text.len() == "20261125T181500123Z".len() && text.ends_with('Z') && text.as_bytes()[8] == b'T'
}
