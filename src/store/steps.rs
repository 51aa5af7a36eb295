//! The steps from an empty database to the tables of this version: files inside the binary, one folder for each kind.

use std::borrow::Cow;
use std::str;

use rust_embed::RustEmbed;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

#[derive(RustEmbed)]
#[folder = "migrations/"]
#[include = "*.sql"]
struct Files;

/// The steps of the kind of database that has this folder, in their order.
pub(super) fn of(folder: &str) -> Migrator {
    Migrator::with_migrations(Files::iter().filter_map(|path| step(folder, &path)).collect())
}

/// `sqlite/0001_first_words.sql` is step 1 of SQLite, by the name of "first words". What was run once is known by
/// its number and the hash of its text: neither may ever change.
fn step(folder: &str, path: &str) -> Option<Migration> {
    let name = path.strip_prefix(folder)?.strip_prefix('/')?;
    let (number, words) = name.strip_suffix(".sql")?.split_once('_')?;
    let text = match Files::get(path)?.data {
        Cow::Borrowed(text) => str::from_utf8(text).ok()?.into_sql_str(),
        Cow::Owned(text) => AssertSqlSafe(String::from_utf8(text).ok()?).into_sql_str(),
    };
    let words = words.replace('_', " ").into();
    Some(Migration::new(number.parse().ok()?, words, MigrationType::Simple, text, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_a_step_and_each_number_stands_once() {
        let (sqlite, postgres) = (of("sqlite"), of("postgres"));
        assert_eq!(sqlite.iter().count() + postgres.iter().count(), Files::iter().count());
        for steps in [sqlite, postgres] {
            let numbers: Vec<i64> = steps.iter().map(|step| step.version).collect();
            assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?}");
            assert_eq!(numbers.first(), Some(&1));
            assert!(steps.iter().all(|step| step.sql.as_str().ends_with(";\n")), "whole files");
        }
    }

    /// A step that has been released is what databases out there were made by.
    #[test]
    fn the_first_step_is_the_one_that_old_databases_know() {
        let steps = of("sqlite");
        let first = steps.iter().next().expect("a step");
        assert_eq!(&*first.description, "initial");
        let hash: String = first.checksum.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "3c01d7231cf3d921");
    }
}
