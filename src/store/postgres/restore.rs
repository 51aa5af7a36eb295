//! The way back: a copy takes the place of what is in the database, all of it or nothing.
//!
//! What is there is not removed: its schema gets another name. That, the copy's tables and all that makes them a log
//! of their own is one transaction of `psql`, which ends in nothing if anything fails.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::process::{ChildStdin, Stdio};

use secrecy::SecretString;
use sqlx::{Connection, PgConnection};
use tempfile::NamedTempFile;
use uuid::Uuid;

use frontdesk_domain::timestamp::Timestamp;

use crate::store::copy::{CopyError, Facts};

use super::dump::{blocking, quoted};
use super::open::{self, TakeError};
use super::tools::{self, PSQL, RESTORE};

/// Where the tables are, if they are there, and whether they know of erasures.
const THERE: &str = "
    SELECT current_schema()::text,
           EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema()),
           to_regclass('erasures') IS NOT NULL";

/// A login, an invitation or a token that was ended after the copy was taken must not come back to life with it.
const END_LOGINS: [&str; 3] = ["sessions", "invitations", "api_tokens"];

/// What is there, before anything is changed.
struct There {
    schema: String,
    /// The name that it gets.
    aside: Option<String>,
    erasures: bool,
}

/// Puts the copy `dump`, which holds these `facts`, in the place of what is in the database. The restored log gets a
/// name of its own; agents log in anew; guests who were erased since are to be erased again. Tells the schema that
/// what was there is in from now on.
///
/// # Errors
/// [`CopyError::InUse`], or what the database or its tools said. Nothing was changed then.
pub async fn restore(
    url: &SecretString,
    dump: &Path,
    facts: &Facts,
    now: Timestamp,
) -> Result<Option<String>, CopyError> {
    let options = open::options(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    // Held until all is over: no server starts meanwhile.
    let mut lock = open::take(&options, open::Lock::Alone).await.map_err(|error| match error {
        TakeError::Locked => CopyError::InUse,
        TakeError::Server(error) => CopyError::Database(error),
    })?;
    let there = look(&mut lock, now).await?;
    let (url, dump, facts) = (url.clone(), dump.to_owned(), facts.clone());
    let aside = blocking(move || {
        run(&url, &dump, &there, &facts)?;
        Ok(there.aside)
    })
    .await?;
    lock.close().await?;
    Ok(aside)
}

async fn look(conn: &mut PgConnection, now: Timestamp) -> Result<There, sqlx::Error> {
    let (schema, tables, erasures): (Option<String>, bool, bool) =
        sqlx::query_as(THERE).fetch_one(conn).await?;
    let aside = tables.then(|| format!("before_restore_{}", now.0));
    Ok(There { schema: schema.unwrap_or_else(|| "public".to_owned()), aside, erasures })
}

fn run(url: &SecretString, dump: &Path, there: &There, facts: &Facts) -> Result<(), CopyError> {
    let contents = contents(dump)?;
    let mut psql = tools::start(PSQL, Some(url), |command| {
        let command = command.args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]);
        command.stdin(Stdio::piped())
    })?;
    let Some(input) = psql.child.stdin.take() else {
        return Err(io::Error::other("psql takes nothing").into());
    };
    match feed(input, dump, contents.path(), there, facts) {
        Ok(()) => psql.end(),
        // It ended before it was told all: it says why.
        Err(CopyError::File(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            psql.end().and(Err(error.into()))
        }
        // Without the last statement its transaction comes to nothing.
        Err(error) => {
            psql.kill();
            Err(error)
        }
    }
}

fn feed(
    mut input: ChildStdin,
    dump: &Path,
    contents: &Path,
    there: &There,
    facts: &Facts,
) -> Result<(), CopyError> {
    input.write_all(before(there).as_bytes())?;
    let mut reading = tools::start(RESTORE, None, |command| {
        let command = command.args(["--no-owner", "--no-privileges", "--file=-", "--use-list"]);
        command.arg(contents).arg(dump).stdout(Stdio::piped())
    })?;
    if let Some(mut out) = reading.child.stdout.take()
        && let Err(error) = io::copy(&mut out, &mut input)
    {
        reading.kill();
        return Err(error.into());
    }
    reading.end()?;
    input.write_all(after(there, facts).as_bytes())?;
    Ok(())
}

/// What of a copy is restored: all but the schema itself, which is another server's business.
fn contents(dump: &Path) -> Result<NamedTempFile, CopyError> {
    let all = NamedTempFile::new()?;
    let listing =
        tools::start(RESTORE, None, |command| command.arg("--list").arg("--file").arg(all.path()).arg(dump))?;
    listing.end()?;
    let mut wanted = NamedTempFile::new()?;
    let is_of_schema = |line: &&str| line.contains(" SCHEMA - ") || line.contains(" COMMENT - SCHEMA ");
    for line in std::fs::read_to_string(all.path())?.lines().filter(|line| !is_of_schema(line)) {
        writeln!(wanted, "{line}")?;
    }
    Ok(wanted)
}

/// The statements before the copy's own.
fn before(there: &There) -> String {
    let schema = quoted(&there.schema);
    let aside =
        there.aside.as_deref().map(|aside| format!("ALTER SCHEMA {schema} RENAME TO {};\n", quoted(aside)));
    format!("BEGIN;\n{}CREATE SCHEMA IF NOT EXISTS {schema};\n", aside.unwrap_or_default())
}

/// The statements after them. Names are whole: `pg_restore` leaves no path to search.
fn after(there: &There, facts: &Facts) -> String {
    let schema = quoted(&there.schema);
    let Facts { conversations, events, .. } = facts;
    let mut text = format!(
        "
DO $$
BEGIN
    IF (SELECT count(*) FROM {schema}.conversations) <> {conversations}
       OR (SELECT count(*) FROM {schema}.events) <> {events} THEN
        RAISE EXCEPTION 'not all of the backup arrived';
    END IF;
END
$$;
UPDATE {schema}.meta SET value = '{}' WHERE key = 'epoch';
",
        Uuid::now_v7()
    );
    for table in END_LOGINS {
        let _ = writeln!(text, "DELETE FROM {schema}.{table};");
    }
    if let Some(aside) = there.aside.as_deref().filter(|_| there.erasures) {
        let _ = writeln!(
            text,
            "INSERT INTO {schema}.erasures (guest, property, agent, asked_at, done_at)
             SELECT guest, property, agent, asked_at, NULL FROM {}.erasures
              WHERE guest IN (SELECT id FROM {schema}.guests)
                 ON CONFLICT (guest) DO UPDATE SET done_at = NULL, asked_at = excluded.asked_at;",
            quoted(aside)
        );
    }
    text.push_str("COMMIT;\n");
    text
}
