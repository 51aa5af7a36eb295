//! The store on real files.

mod catching_up;
mod listing;
mod opening;
mod privacy;
mod upgrading;
mod writing;

use std::path::PathBuf;

use tempfile::TempDir;

use super::SqliteStore;
use crate::store::tests::Place;
#[allow(unused_imports, reason = "each file of tests takes what it needs")]
use crate::store::tests::*;

/// A folder with a database.
pub(in crate::store) struct File {
    dir: TempDir,
}

impl File {
    fn path(&self) -> PathBuf {
        self.dir.path().join("frontdesk.db")
    }
}

impl Place for File {
    type Store = SqliteStore;

    async fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.expect("opens")
    }

    async fn close(store: &SqliteStore) {
        store.close().await;
    }
}
