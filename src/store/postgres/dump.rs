//! A whole copy of a database in a file, made by `pg_dump`, and looked over without a server.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use secrecy::SecretString;
use sqlx::Connection;

use crate::store::copy::{CopyError, Facts};

use super::tools::{self, DUMP, RESTORE};
use super::{beside, open};

/// The longest row of a copy, in bytes.
const ROW_MAX_BYTES: u64 = 256 << 20;

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// What others see who read at the same moment, by name; and where the tables are.
const SNAPSHOT: &str = "SELECT pg_export_snapshot(), current_schema()::text";

/// Copies the database into the new file `to`, synced. The server may go on writing: the copy is the database as it
/// stood when this began.
///
/// # Errors
/// What the database or `pg_dump` said.
pub async fn dump(url: &SecretString, to: &Path) -> Result<(), CopyError> {
    let options = open::options(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    // We hold the moment still for as long as it takes.
    let options = options.options([("idle_in_transaction_session_timeout", "0")]);
    let mut conn = beside::connect(&options).await?;
    let mut tx = conn.begin_with(BEGIN).await?;
    let (snapshot, schema): (String, String) = sqlx::query_as(SNAPSHOT).fetch_one(&mut *tx).await?;
    let (url, file) = (url.clone(), to.to_owned());
    let work = move || {
        let running = tools::start(DUMP, Some(&url), |command| {
            command
                .args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"])
                .arg(format!("--snapshot={snapshot}"))
                .arg(format!("--schema={}", quoted(&schema)))
                .arg("--file")
                .arg(&file)
        })?;
        running.end()?;
        File::open(&file)?.sync_all()?;
        Ok::<_, CopyError>(())
    };
    blocking(work).await?;
    tx.rollback().await?;
    conn.close().await?;
    Ok(())
}

/// Looks a copy over: that all of it can be read, and that it holds whole conversations.
///
/// # Errors
/// [`CopyError::NotIntact`] with the first thing that is wrong.
pub async fn verify_dump(path: &Path) -> Result<Facts, CopyError> {
    let path = path.to_owned();
    blocking(move || verify(&path)).await
}

fn verify(path: &Path) -> Result<Facts, CopyError> {
    let mut running = tools::start(RESTORE, None, |command| {
        command.args(["--data-only", "--file=-"]).arg(path).stdout(Stdio::piped())
    })?;
    let mut seen = Seen::default();
    let read = match running.child.stdout.take() {
        Some(out) => seen.read(BufReader::new(out)),
        None => Ok(()),
    };
    match read {
        Ok(()) => running.end().map_err(|error| CopyError::NotIntact(error.to_string()))?,
        Err(error) => {
            running.kill();
            return Err(error);
        }
    }
    seen.facts()
}

/// What was seen of a copy.
#[derive(Default)]
struct Seen {
    schema: i64,
    epoch: Option<String>,
    /// The last event of each conversation, by its row.
    conversations: HashMap<Box<str>, u64>,
    /// How many events it has, and which is the last.
    logged: HashMap<Box<str>, (u64, u64)>,
    events: i64,
}

impl Seen {
    /// Reads the tables as `pg_restore` writes them: a row is a line, its columns have tabs between them.
    fn read(&mut self, mut out: impl BufRead) -> Result<(), CopyError> {
        let (mut table, mut columns) = (String::new(), Vec::new());
        let mut line = Vec::new();
        loop {
            line.clear();
            out.by_ref().take(ROW_MAX_BYTES).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(());
            }
            if line.pop() != Some(b'\n') {
                return Err(CopyError::NotIntact("a row is cut off".to_owned()));
            }
            let text = std::str::from_utf8(&line);
            let text = text.map_err(|_| CopyError::NotIntact("a row is no text".to_owned()))?;
            if columns.is_empty() {
                if let Some((name, names)) = copied(text) {
                    (table, columns) = (name, names);
                }
            } else if text == "\\." {
                columns.clear();
            } else {
                self.row(&table, &columns, text)?;
            }
        }
    }

    fn row(&mut self, table: &str, columns: &[String], text: &str) -> Result<(), CopyError> {
        let cell = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            let found = place.and_then(|place| text.split('\t').nth(place));
            found.ok_or_else(|| CopyError::NotIntact(format!("a row of {table} lacks {name}")))
        };
        let number = |name: &str| {
            let number = cell(name)?.parse::<u64>();
            number.map_err(|_| CopyError::NotIntact(format!("{name} of {table} is no number")))
        };
        match table {
            "events" => {
                self.events += 1;
                let (count, last) = self.logged.entry(cell("conversation")?.into()).or_default();
                (*count, *last) = (*count + 1, (*last).max(number("seq")?));
            }
            "conversations" => {
                self.conversations.insert(cell("id")?.into(), number("last_seq")?);
            }
            "meta" if cell("key")? == "epoch" => self.epoch = Some(cell("value")?.to_owned()),
            "_sqlx_migrations" => {
                let version = i64::try_from(number("version")?).unwrap_or(i64::MAX);
                self.schema = self.schema.max(version);
            }
            _ => {}
        }
        Ok(())
    }

    /// Every conversation has its events 1 to the last one, and none is missing; the key sees to it that none is
    /// there twice.
    fn facts(self) -> Result<Facts, CopyError> {
        let holes = self
            .conversations
            .iter()
            .filter(|(id, last)| self.logged.get(*id).copied().unwrap_or_default() != (**last, **last));
        let holes =
            holes.count() + self.logged.keys().filter(|id| !self.conversations.contains_key(*id)).count();
        if holes > 0 {
            return Err(CopyError::NotIntact(format!("{holes} conversations with a hole")));
        }
        let epoch = self.epoch.ok_or_else(|| CopyError::NotIntact("its log has no name".to_owned()))?;
        let conversations = i64::try_from(self.conversations.len()).unwrap_or(i64::MAX);
        Ok(Facts { schema: self.schema, epoch, conversations, events: self.events })
    }
}

/// The table and the columns that the next lines hold: `COPY public.meta (key, value) FROM stdin;`.
fn copied(line: &str) -> Option<(String, Vec<String>)> {
    let (table, columns) = line.strip_prefix("COPY ")?.strip_suffix(") FROM stdin;")?.split_once(" (")?;
    let plain = |name: &str| name.trim_matches('"').to_owned();
    let table = table.rsplit('.').next().unwrap_or(table);
    Some((plain(table), columns.split(", ").map(plain).collect()))
}

/// A name within a statement, or within a pattern of `pg_dump`.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Does what waits for other processes beside the runtime's own threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CopyError> + Send + 'static,
) -> Result<T, CopyError> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: &str = "\
        COPY public._sqlx_migrations (version, description) FROM stdin;\n1\tfirst\n\\.\n\n\
        COPY public.conversations (id, snapshot, last_seq) FROM stdin;\na\t{\"x\":\"COPY y (z) FROM stdin;\"}\t2\nb\t{}\t0\n\\.\n\
        COPY public.events (conversation, seq) FROM stdin;\na\t1\na\t2\n\\.\n\
        COPY public.meta (key, value) FROM stdin;\nepoch\tthis\n\\.\n";

    fn facts(text: &str) -> Result<Facts, CopyError> {
        let mut seen = Seen::default();
        seen.read(text.as_bytes())?;
        seen.facts()
    }

    #[test]
    fn a_copy_is_counted() {
        let found = facts(COPY).expect("whole");
        assert_eq!(found, Facts { schema: 1, epoch: "this".to_owned(), conversations: 2, events: 2 });
    }

    #[test]
    fn a_hole_is_found() {
        for (from, to) in [
            ("a\t1\n", ""),
            ("a\t2\n", "a\t3\n"),
            ("a\t2\n", "a\t2\nc\t1\n"),
            ("epoch\tthis\n", ""),
            ("\t2\nb", "\t3\nb"),
        ] {
            let broken = COPY.replacen(from, to, 1);
            assert_ne!(broken, COPY);
            assert!(matches!(facts(&broken), Err(CopyError::NotIntact(_))), "{from} {to}");
        }
        assert!(matches!(facts(&COPY[..COPY.len() - 6]), Err(CopyError::NotIntact(_))), "cut off");
    }
}
