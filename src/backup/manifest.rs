//! What a backup says of itself.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use frontdesk_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// The manifest's name within a backup.
const NAME: &str = "manifest.json";
/// The largest manifest that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version that took it.
    pub version: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The database's schema.
    pub schema: i64,
    /// The name of the log that was copied.
    pub epoch: String,
    /// How many conversations it holds.
    pub conversations: i64,
    /// How many events it holds.
    pub events: i64,
    /// How many files of attachments it holds.
    pub attachments: u64,
    /// The SHA-256 of the database file, in hex.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn write(&self, backup: &Path) -> io::Result<()> {
        let mut file = File::create_new(backup.join(NAME))?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    pub(super) fn read(backup: &Path) -> io::Result<Self> {
        let path = backup.join(NAME);
        if fs::metadata(&path)?.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the manifest is too large"));
        }
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }
}
