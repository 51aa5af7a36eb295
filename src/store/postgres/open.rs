//! Opening the database: what it must be, who may, and what is said when it is not.

use std::io;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use frontdesk_domain::letter::NodeId;

use crate::store::jobs::about;
use crate::store::steps;

use super::fault::code;
use super::renumber::renumber;

/// The steps from an empty database to the tables of this version.
pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| steps::of("postgres"));

/// How long a start waits for a server that is starting itself, or for a lock that a dead process left.
const START_WAIT: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// The pause before a start tries again, at most.
const PAUSE: Duration = Duration::from_millis(500);

/// What the lock is named by. Such locks are of one database: two hotels on one server do not meet.
pub(super) const LOCK: i64 = i64::from_be_bytes(*b"frontdsk");
const TAKE_LOCK: &str = "SELECT pg_try_advisory_lock($1)";
const SHARE_LOCK: &str = "SELECT pg_try_advisory_lock_shared($1)";
/// A server that acknowledges before it has written is told not to. What is stricter stays.
const SYNC: &str = "
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
const FACTS: &str = "
    SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
           (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()) AS tables,
           to_regclass('_sqlx_migrations') IS NOT NULL AS ours";
const SCHEMA: &str = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
const NAME_LOG: &str = "INSERT INTO meta (key, value) VALUES ('epoch', $1) ON CONFLICT (key) DO NOTHING";

/// Why the database was not opened. Each says in one line what to do, and none the password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be understood.
    #[error("DATABASE_URL is no postgres:// URL that can be used: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no server, or it lets us not in.
    #[error(
        "cannot open the database of DATABASE_URL at {place}: {reason}; check that the server runs, and host, user, password and database"
    )]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// What was said.
        reason: String,
    },
    /// A newer version made it. Nothing was changed.
    #[error(
        "the database of DATABASE_URL at {place} was made by a newer version (schema {found}, this one knows {known}); start that version, or restore a backup"
    )]
    Newer {
        /// Host, port and database.
        place: String,
        /// Its schema.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// Another server has it.
    #[error(
        "the database of DATABASE_URL at {place} is in use by another server; stop that one, choose another database, or let both have it by NATS_URL"
    )]
    Locked {
        /// Host, port and database.
        place: String,
    },
    /// It is none of ours.
    #[error(
        "the database of DATABASE_URL at {place} cannot be used: {reason}; make an empty one for Frontdesk"
    )]
    Unusable {
        /// Host, port and database.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It could not be brought to this version's schema.
    #[error("cannot bring the database of DATABASE_URL at {place} up to date: {reason}")]
    Migration {
        /// Host, port and database.
        place: String,
        /// What went wrong.
        reason: String,
    },
}

/// How every connection is set up.
///
/// # Errors
/// [`OpenError::Url`].
pub(super) fn options(url: &SecretString) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url.expose_secret())
        .map_err(|error| OpenError::Url { reason: error.to_string() })?;
    let options = options
        .application_name("frontdesk")
        // What runs too long, or waits for a lock, is ended by the server itself; so is a connection whose other
        // end is gone without a word, and with it the lock.
        .options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ])
        // Statements hold what guests say.
        .disable_statement_logging();
    Ok(options)
}

/// Where the database is, without how to get in.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

/// Why there is no connection that may write.
#[derive(Debug, thiserror::Error)]
pub(super) enum TakeError {
    /// What the server said, or that it said nothing.
    #[error("{0}")]
    Server(#[from] sqlx::Error),
    /// Another connection has the lock: another server's, or one of ours that is dying.
    #[error("another connection has the database")]
    Locked,
}

/// How a process has the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// Alone.
    Alone,
    /// With others that have it like this.
    Shared,
}

impl Lock {
    /// A process that has a name has others beside it.
    pub(super) fn of(me: Option<NodeId>) -> Self {
        if me.is_some() { Self::Shared } else { Self::Alone }
    }
}

/// The options of a process that has the database like this. One that stops in the middle of a transaction holds rows
/// that others need to take a conversation over: they are not to wait for it, so the server ends it soon. Nothing is
/// lost by that, for nothing of it was acknowledged.
pub(super) fn of_one(options: PgConnectOptions, lock: Lock) -> PgConnectOptions {
    match lock {
        Lock::Alone => options,
        Lock::Shared => options.options([("idle_in_transaction_session_timeout", "2s")]),
    }
}

/// A connection that may write: it holds the lock, as long as it lives.
///
/// # Errors
/// See [`TakeError`].
pub(super) async fn take(options: &PgConnectOptions, lock: Lock) -> Result<PgConnection, TakeError> {
    let statement = match lock {
        Lock::Alone => TAKE_LOCK,
        Lock::Shared => SHARE_LOCK,
    };
    let taken = async {
        let mut conn = options.connect().await?;
        if !sqlx::query_scalar::<_, bool>(statement).bind(LOCK).fetch_one(&mut conn).await? {
            return Err(TakeError::Locked);
        }
        sqlx::query(SYNC).execute(&mut conn).await?;
        Ok(conn)
    };
    let late = |_| TakeError::Server(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    timeout(CONNECT_WAIT, taken).await.map_err(late)?
}

/// Takes the database for writing and brings it to this version's schema.
///
/// # Errors
/// See [`OpenError`].
pub(super) async fn writer(options: &PgConnectOptions, lock: Lock) -> Result<PgConnection, OpenError> {
    let place = place(options);
    let give_up = Instant::now() + START_WAIT;
    let mut conn = loop {
        let error = match take(options, lock).await {
            Ok(conn) => break conn,
            Err(error) => error,
        };
        if Instant::now() >= give_up || !may_pass(&error) {
            return Err(match error {
                TakeError::Locked => OpenError::Locked { place },
                TakeError::Server(error) => OpenError::Unreachable { place, reason: error.to_string() },
            });
        }
        sleep(about(PAUSE)).await;
    };
    check(&mut conn, &place).await?;
    migrate(&mut conn).await.map_err(|reason| OpenError::Migration { place, reason })?;
    Ok(conn)
}

/// True for what may be over in a moment: a server that starts, and a lock that a dead process left.
fn may_pass(error: &TakeError) -> bool {
    match error {
        TakeError::Locked | TakeError::Server(sqlx::Error::Io(_)) => true,
        TakeError::Server(error) => matches!(code(error), Some("57P03" | "53300" | "57P01")),
    }
}

/// Looks at the database before anything is changed.
async fn check(conn: &mut PgConnection, place: &str) -> Result<(), OpenError> {
    let unusable = |reason: String| OpenError::Unusable { place: place.to_owned(), reason };
    let facts = sqlx::query_as(FACTS).fetch_one(&mut *conn).await;
    let (encoding, fsync, tables, ours): (String, String, i64, bool) =
        facts.map_err(|error| unusable(error.to_string()))?;
    if encoding != "UTF8" {
        return Err(unusable(format!("its encoding is {encoding} and not UTF8")));
    }
    if tables > 0 && !ours {
        return Err(unusable("it holds another program's tables".to_owned()));
    }
    if fsync != "on" {
        tracing::warn!("the PostgreSQL server does not sync (fsync = off): a power cut may lose messages");
    }
    if ours {
        let found = sqlx::query_scalar(SCHEMA).fetch_one(conn).await;
        let found: i64 = found.map_err(|error| unusable(error.to_string()))?;
        let known = known_schema();
        if found > known {
            return Err(OpenError::Newer { place: place.to_owned(), found, known });
        }
    }
    Ok(())
}

async fn migrate(conn: &mut PgConnection) -> Result<(), String> {
    let migrated = async {
        // A step over large tables takes what it takes.
        sqlx::query("SET statement_timeout = 0").execute(&mut *conn).await?;
        MIGRATIONS.run(&mut *conn).await?;
        sqlx::query(NAME_LOG).bind(Uuid::now_v7().to_string()).execute(&mut *conn).await?;
        renumber(conn).await?;
        sqlx::query("RESET statement_timeout").execute(conn).await?;
        Ok::<_, sqlx::migrate::MigrateError>(())
    };
    migrated.await.map_err(|error| error.to_string())
}

/// The schema of this version.
pub fn known_schema() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}
