//! Opening the database file: who may, what it must be, and what is said when it is not.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use uuid::Uuid;

use crate::store::steps;

use super::copy::copy;
use super::fault::{code, primary_code};
use super::fold;
use super::heads::Heads;

/// The steps from an empty file to the tables of this version.
pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| steps::of("sqlite"));

/// How long a statement waits for another connection's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const TABLES: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
const OURS: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
const SCHEMA: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
const NAME_LOG: &str = "INSERT INTO meta (key, value) VALUES ('epoch', ?1) ON CONFLICT (key) DO NOTHING";

/// Why the database was not opened. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be made or written.
    #[error("cannot write the database {}: {reason}; check that the folder exists, is writable and has space", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A newer version made it. Nothing was changed.
    #[error("the database {} was made by a newer version (schema {found}, this one knows {known}); start that version, or restore a backup", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// Another process has it.
    #[error("the database {} is in use by another process; stop that one, or choose another data folder", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It is no database, or not one of ours, or damaged.
    #[error("{} is not an intact Frontdesk database: {reason}; restore a backup, or move the file away", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It could not be brought to this version's schema.
    #[error("cannot bring the database {} up to date: {reason}; start the version that made it, or restore a backup", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

/// How every connection to the file is set up.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // Statements hold what guests say; and logging each costs more than running it.
        .disable_statement_logging()
        // 16 MiB of pages for a connection, and as much of the file as is likely to be read without a copy.
        .pragma("cache_size", "-16384")
        .pragma("mmap_size", "268435456")
        .pragma("temp_store", "MEMORY")
}

/// How the writer's connection is set up.
pub(super) fn writer_options(path: &Path) -> SqliteConnectOptions {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL does not sync on commit in WAL mode: an acknowledged message could be lost.
        .synchronous(SqliteSynchronous::Full)
        // 64 MiB: the pages of all conversations that are busy at once, and of what a group adds.
        .pragma("cache_size", "-65536")
        // What is deleted or written anew is overwritten: guests' words do not linger in free pages.
        .pragma("secure_delete", "ON")
        // A checkpoint every 64 MiB: a page that many messages change is copied once. A log that once grew
        // beyond 128 MiB is cut back.
        .pragma("wal_autocheckpoint", "16384")
        .pragma("journal_size_limit", "134217728")
}

/// Takes the lock that keeps a second server away, as long as the file returned is held.
///
/// # Errors
/// [`OpenError::Locked`] if another process (or another store of this one) has it; otherwise
/// [`OpenError::NotWritable`].
pub fn lock(path: &Path) -> Result<File, OpenError> {
    let unwritable =
        |error: io::Error| OpenError::NotWritable { path: path.to_owned(), reason: error.to_string() };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    // The file stays when the lock goes: to remove it would open a gap in which two could hold "the" lock.
    let file = File::options().create(true).truncate(false).write(true).open(name).map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(unwritable(error)),
    }
}

/// Opens the file for writing, brings it to this version's schema, and has its tables catch up with its log.
///
/// # Errors
/// See [`OpenError`].
pub(super) async fn writer(path: &Path) -> Result<(SqliteConnection, Heads), OpenError> {
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        let found = check_schema(path).await?;
        if (1..known_schema()).contains(&found) {
            keep_old(path, found).await?;
        }
    }
    let mut conn = writer_options(path)
        .create_if_missing(true)
        // Until the first message nothing is promised to anybody: the schema is synced with that one.
        .synchronous(SqliteSynchronous::Normal)
        .connect()
        .await
        .map_err(|error| sort(path, &error))?;
    MIGRATIONS.run(&mut conn).await.map_err(|error| sort_migration(path, &error))?;
    let named = async {
        sqlx::query(NAME_LOG).bind(Uuid::now_v7().to_string()).execute(&mut conn).await?;
        sqlx::query("PRAGMA synchronous = FULL").execute(&mut conn).await?;
        fold::catch_up(&mut conn).await
    };
    let heads = named.await.map_err(|error| sort(path, &error))?;
    Ok((conn, heads))
}

/// The schema of this version.
pub fn known_schema() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Keeps a copy of a database that is about to be brought up to date, so that the version that made it can be
/// had back. One that an interrupted start made is good: nothing was changed before it was whole.
async fn keep_old(path: &Path, schema: i64) -> Result<(), OpenError> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{schema}{end}"));
        PathBuf::from(name)
    };
    let (kept, partial) = (beside(""), beside(".partial"));
    if kept.exists() {
        return Ok(());
    }
    let unwritable = |reason: String| OpenError::NotWritable { path: kept.clone(), reason };
    let _ = fs::remove_file(&partial);
    copy(path, &partial).await.map_err(|error| unwritable(error.to_string()))?;
    fs::rename(&partial, &kept).map_err(|error| unwritable(error.to_string()))?;
    tracing::info!(copy = %kept.display(), "the database is brought up to date; a copy of it as it was is kept");
    Ok(())
}

/// Looks at the schema before anything is changed: not even the journal mode. Tells which it is, 0 for none.
async fn check_schema(path: &Path) -> Result<i64, OpenError> {
    let seen = async {
        let mut conn = options(path).connect().await?;
        let tables: i64 = sqlx::query_scalar(TABLES).fetch_one(&mut conn).await?;
        let ours: i64 = sqlx::query_scalar(OURS).fetch_one(&mut conn).await?;
        let schema: i64 = if ours > 0 { sqlx::query_scalar(SCHEMA).fetch_one(&mut conn).await? } else { 0 };
        conn.close().await?;
        Ok::<_, sqlx::Error>((tables, ours, schema))
    };
    let (tables, ours, found) = seen.await.map_err(|error| sort(path, &error))?;
    let known = known_schema();
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if tables > 0 && ours == 0 {
        let reason = "it holds another program's tables".to_owned();
        return Err(OpenError::Damaged { path: path.to_owned(), reason });
    }
    Ok(found)
}

fn sort(path: &Path, error: &sqlx::Error) -> OpenError {
    let path = path.to_owned();
    let reason = error.to_string();
    match primary_code(error) {
        Some(code::BUSY | code::LOCKED) => OpenError::Locked { path },
        Some(code::CANTOPEN | code::READONLY | code::PERM | code::FULL | code::IOERR) => {
            OpenError::NotWritable { path, reason }
        }
        // "Not a database", "malformed", and whatever else the file's content leads to.
        Some(_) | None => OpenError::Damaged { path, reason },
    }
}

fn sort_migration(path: &Path, error: &MigrateError) -> OpenError {
    if let MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) = error
        && let Some(known) = primary_code(inner)
        && known != code::ERROR
        && known != code::CONSTRAINT
    {
        return sort(path, inner);
    }
    OpenError::Migration { path: path.to_owned(), reason: error.to_string() }
}
