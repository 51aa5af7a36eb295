//! `frontdesk backup` and `frontdesk restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use tempfile::TempDir;

use super::offline;
use crate::audit::{self, Action, Actor};
use crate::backup::{self, BackupError, Manifest};
use crate::config::{Config, DatabaseUrl};
use crate::http::now;
use crate::store::Opened;

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
pub(super) fn restore(backup: &str, check: bool, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |config, database| {
        let storage = &config.storage;
        // Gone with the command, whatever comes of it.
        let fetched = match backup.starts_with("s3://") {
            true => Some(fetch(config, backup).await?),
            false => None,
        };
        let backup = fetched.as_ref().map_or(Path::new(backup), |(path, _)| path);
        if check {
            let manifest = backup::verify(backup).await?;
            return Ok(format!(
                "intact: {} conversations, {} events",
                manifest.conversations, manifest.events
            ));
        }
        let (manifest, aside) = backup::restore(backup, database, &storage.data_dir, now()).await?;
        noted(database, &manifest).await?;
        let aside = aside.map_or(String::new(), |place| format!("; the database before is {place}"));
        Ok::<_, anyhow::Error>(format!(
            "restored {} conversations, {} events{aside}",
            manifest.conversations, manifest.events
        ))
    })
}

/// Notes in the audit log that came back with the backup that it did.
async fn noted(database: &DatabaseUrl, manifest: &Manifest) -> anyhow::Result<()> {
    let opened = Opened::open(database).await?;
    let what = format!("taken at {}", manifest.taken_at);
    let deed = audit::deed(&Actor::operator(), Action::BackupRestored, "", &what, now());
    opened.database().add_deed(deed).await?;
    opened.close().await;
    Ok(())
}

/// Brings a backup of the other place here: the one that is named, or the newest below the prefix.
async fn fetch(config: &Config, url: &str) -> anyhow::Result<(PathBuf, TempDir)> {
    let (bucket, path) = backup::place(url).context("not an address such as s3://BUCKET/PREFIX")?;
    let offsite = config.storage.backups.as_ref().and_then(|schedule| schedule.offsite.clone());
    let mut offsite = offsite.context("FRONTDESK_BACKUP_S3 and its key are not set")?;
    let name = path.rsplit('/').next().filter(|name| name.starts_with(backup::PREFIX)).map(str::to_owned);
    let prefix = name.as_ref().map_or(path.as_str(), |name| path.trim_end_matches(name.as_str()));
    (offsite.bucket, offsite.prefix) = (bucket, prefix.trim_end_matches('/').to_owned());
    std::fs::create_dir_all(&config.storage.data_dir)?;
    let folder = tempfile::tempdir_in(&config.storage.data_dir)?;
    rustls::crypto::ring::default_provider().install_default().ok();
    let fetched = offsite.fetch(&offsite.store()?, name.as_deref(), folder.path()).await?;
    Ok((fetched, folder))
}
