//! Copies of the data that an erasure does not reach: said, not passed over.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{DatabaseUrl, Storage};

/// Where a guest who was erased may still be.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Copies {
    /// Backups in the folder of the settings.
    pub backups: usize,
    /// After so many hours the last of them is gone, as backups are taken and thrown away now; null: they are
    /// not thrown away by themselves.
    #[schema(required)]
    pub backups_gone_after_hours: Option<u64>,
    /// Databases that a restore or a newer version set aside, in the data folder or, as schemas, in the database: for
    /// people to remove.
    pub set_aside: Vec<String>,
}

/// Looks for copies.
pub fn copies(storage: &Storage) -> Copies {
    let (folder, gone) = match &storage.backups {
        Some(schedule) => {
            let hours = schedule.every.as_secs() / 3_600 * schedule.keep as u64;
            (schedule.folder.clone(), Some(hours))
        }
        None => (storage.data_dir.join("backups"), None),
    };
    let backups = names(&folder).iter().filter(|name| name.starts_with("frontdesk-")).count();
    let mut set_aside = Vec::new();
    if let DatabaseUrl::Sqlite(database) = &storage.database {
        let own = database.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = database.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let is_copy = |name: &String| {
            let end = name.strip_prefix(&own);
            end.is_some_and(|end| end.starts_with(".schema-") || end.starts_with(".before-restore-"))
        };
        set_aside = names(&folder).into_iter().filter(is_copy).collect();
        set_aside.sort_unstable();
    }
    Copies { backups, backups_gone_after_hours: gone, set_aside }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
