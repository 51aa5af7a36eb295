//! Backups that take themselves.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Offsite, prune, take};
use crate::audit::{Action, Actor, Audit};
use crate::config::DatabaseUrl;
use crate::http::now;

/// How long after a failure the next one is tried.
const RETRY_AFTER: Duration = Duration::from_secs(600);

/// How often a backup is tried to be brought to the other place, and the first pause, doubled each time.
const BRING_TRIES: u32 = 6;
const BRING_AGAIN: Duration = Duration::from_secs(10);

/// When backups are taken, and how many are kept.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Where they go.
    pub folder: PathBuf,
    /// How long from one to the next.
    pub every: Duration,
    /// How many of the newest stay.
    pub keep: usize,
    /// Another place to which each is brought.
    pub offsite: Option<Offsite>,
}

/// Takes backups for ever: the first one when the newest in the folder is as old as the schedule asks.
pub async fn run(schedule: Schedule, database: DatabaseUrl, data_dir: PathBuf, audit: Audit) {
    let mut wait = schedule.every.saturating_sub(age_of_newest(&schedule.folder).unwrap_or(schedule.every));
    loop {
        tokio::time::sleep(wait).await;
        wait = match once(&schedule, &database, &data_dir, &audit).await {
            Ok(path) => {
                if let Some(offsite) = &schedule.offsite {
                    bring(offsite, &path).await;
                }
                schedule.every
            }
            Err(error) => {
                metrics::counter!("frontdesk_backups_total", "outcome" => "failed").increment(1);
                tracing::error!(%error, "no backup was taken");
                RETRY_AFTER.min(schedule.every)
            }
        };
    }
}

async fn once(
    schedule: &Schedule,
    database: &DatabaseUrl,
    data_dir: &std::path::Path,
    audit: &Audit,
) -> Result<PathBuf, super::BackupError> {
    let (path, manifest) = take(database, data_dir, &schedule.folder, now()).await?;
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    audit.record(&Actor::server(), Action::BackupTaken, name).await;
    // Only after a good one: a failing disk must not eat the last that is left.
    let pruned = prune(&schedule.folder, schedule.keep.max(1))?;
    metrics::counter!("frontdesk_backups_total", "outcome" => "taken").increment(1);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics::gauge!("frontdesk_last_backup_timestamp_seconds").set(since.as_secs_f64());
    tracing::info!(path = %path.display(), events = manifest.events, pruned, "backup taken");
    Ok(path)
}

/// Brings a backup to the other place, again and again until the next one is near. The one here is good in any
/// case.
async fn bring(offsite: &Offsite, backup: &std::path::Path) {
    let mut pause = BRING_AGAIN;
    for last in (0..BRING_TRIES).map(|tries| tries + 1 == BRING_TRIES) {
        let sent = async { offsite.send(&offsite.store()?, backup).await };
        match sent.await {
            Ok(objects) => {
                metrics::counter!("frontdesk_backups_offsite_total", "outcome" => "sent").increment(1);
                tracing::info!(objects, "the backup is in the other place as well");
                return;
            }
            Err(error) => {
                metrics::counter!("frontdesk_backups_offsite_total", "outcome" => "failed").increment(1);
                tracing::error!(%error, last, "the backup was not brought to the other place");
                if !last {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
    }
}

/// How old the newest entry of the folder is; `None` if there is none.
fn age_of_newest(folder: &std::path::Path) -> Option<Duration> {
    let entries = std::fs::read_dir(folder).ok()?;
    let newest = entries.filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok()).max()?;
    // A clock that went back: as if it were new.
    Some(SystemTime::now().duration_since(newest).unwrap_or_default())
}
