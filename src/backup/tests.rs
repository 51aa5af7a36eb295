use std::fs;
use std::path::Path;

use frontdesk_domain::timestamp::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::store::Accounts;
use crate::store::sqlite::SqliteStore;

const TAKEN: Timestamp = Timestamp(1_764_000_000_123);

/// A data folder with a database of this version and one attachment.
async fn data() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("frontdesk.db");
    let store = SqliteStore::open(&database).await.unwrap();
    store.property("default", "Hotel").await.unwrap();
    store.close().await;
    let attachments = folder.path().join(ATTACHMENTS).join("ab");
    fs::create_dir_all(&attachments).unwrap();
    fs::write(attachments.join("abcd"), "a photo").unwrap();
    (folder, database)
}

async fn epoch(database: &Path) -> String {
    let store = SqliteStore::open(database).await.unwrap();
    let epoch = store.epoch().await.unwrap().to_string();
    store.close().await;
    epoch
}

#[tokio::test]
async fn there_and_back() {
    let (data, database) = data().await;
    let before = epoch(&database).await;
    let into = data.path().join("backups");
    let (backup, manifest) =
        take(&DatabaseUrl::Sqlite(database.clone()), data.path(), &into, TAKEN).await.unwrap();
    assert_eq!(backup.file_name().unwrap(), "frontdesk-20251124T160000123Z");
    assert_eq!((manifest.attachments, &manifest.epoch), (1, &before));
    assert_eq!(verify(&backup).await.unwrap(), manifest);

    let elsewhere = TempDir::new().unwrap();
    let restored = elsewhere.path().join("frontdesk.db");
    let (_, aside) =
        restore(&backup, &DatabaseUrl::Sqlite(restored.clone()), elsewhere.path(), TAKEN).await.unwrap();
    assert_eq!(aside, None);
    assert_ne!(epoch(&restored).await, before, "a restored log has a name of its own");
    assert_eq!(fs::read(elsewhere.path().join("attachments/ab/abcd")).unwrap(), b"a photo");

    let (_, aside) =
        restore(&backup, &DatabaseUrl::Sqlite(restored.clone()), elsewhere.path(), TAKEN).await.unwrap();
    assert!(Path::new(&aside.unwrap()).exists(), "what was there is kept");
}

#[tokio::test]
async fn what_is_not_intact_is_refused() {
    let (data, database) = data().await;
    let (backup, _) =
        take(&DatabaseUrl::Sqlite(database.clone()), data.path(), &data.path().join("b"), TAKEN)
            .await
            .unwrap();
    let copy = backup.join(DATABASE);
    let mut bytes = fs::read(&copy).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&copy, bytes).unwrap();
    let before = fs::read(&database).unwrap();
    let refused =
        restore(&backup, &DatabaseUrl::Sqlite(database.clone()), data.path(), TAKEN).await.unwrap_err();
    assert!(matches!(refused, BackupError::NotIntact { .. }), "{refused}");
    assert_eq!(fs::read(&database).unwrap(), before);
    let nothing = verify(data.path()).await.unwrap_err();
    assert!(nothing.to_string().contains("no manifest"), "{nothing}");
}

#[tokio::test]
async fn a_running_server_keeps_its_database() {
    let (data, database) = data().await;
    let (backup, _) =
        take(&DatabaseUrl::Sqlite(database.clone()), data.path(), &data.path().join("b"), TAKEN)
            .await
            .unwrap();
    let running = SqliteStore::open(&database).await.unwrap();
    let refused =
        restore(&backup, &DatabaseUrl::Sqlite(database.clone()), data.path(), TAKEN).await.unwrap_err();
    assert!(matches!(refused, BackupError::InUse { .. }), "{refused}");
    running.close().await;
}

#[tokio::test]
async fn only_the_newest_stay() {
    let (data, database) = data().await;
    let into = data.path().join("backups");
    for hour in 0..4 {
        take(&DatabaseUrl::Sqlite(database.clone()), data.path(), &into, TAKEN.plus_millis(hour * 3_600_000))
            .await
            .unwrap();
    }
    fs::create_dir(into.join("frontdesk-20251124T190000123Z.partial")).unwrap();
    fs::write(into.join("notes.txt"), "mine").unwrap();
    assert_eq!(prune(&into, 2).unwrap(), 3);
    let mut left: Vec<_> = fs::read_dir(&into).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["frontdesk-20251124T180000123Z", "frontdesk-20251124T190000123Z", "notes.txt"]);
    let taken =
        take(&DatabaseUrl::Sqlite(database.clone()), data.path(), &into, TAKEN.plus_millis(3 * 3_600_000))
            .await;
    assert!(matches!(taken, Err(BackupError::File { .. })), "a name is never used twice");
    assert!(verify(&into.join("frontdesk-20251124T190000123Z")).await.is_ok());
}
