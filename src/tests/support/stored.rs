//! A server's database, opened beside it: the file in its data folder, or its own in PostgreSQL.

use std::process::Command;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use super::{Server, cluster};

pub enum Stored {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Stored {
    pub async fn of(server: &Server) -> Self {
        match cluster::database_of(&server.folder) {
            Some(url) => Self::Postgres(PgConnection::connect(&url).await.unwrap()),
            None => {
                let url = format!("sqlite://{}", server.data().join("frontdesk.db").display());
                Self::Sqlite(SqliteConnection::connect(&url).await.unwrap())
            }
        }
    }

    /// The statement as this database reads it: an id is written as `id'…'`, with its 32 digits.
    fn own(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(match self {
            Self::Sqlite(_) => statement.replace("id'", "x'"),
            Self::Postgres(_) => statement.replace("id'", "uuid '"),
        })
    }

    pub async fn execute(&mut self, statement: &str) {
        let own = self.own(statement);
        match self {
            Self::Sqlite(conn) => drop(sqlx::query(own).execute(conn).await.unwrap()),
            Self::Postgres(conn) => drop(sqlx::query(own).execute(conn).await.unwrap()),
        }
    }

    /// The one number that a statement finds.
    pub async fn number(&mut self, statement: &str) -> i64 {
        let own = self.own(statement);
        match self {
            Self::Sqlite(conn) => sqlx::query_scalar(own).fetch_one(conn).await.unwrap(),
            Self::Postgres(conn) => sqlx::query_scalar(own).fetch_one(conn).await.unwrap(),
        }
    }

    /// The texts and numbers that a statement finds.
    pub async fn pairs(&mut self, statement: &str) -> Vec<(String, i64)> {
        let own = self.own(statement);
        match self {
            Self::Sqlite(conn) => sqlx::query_as(own).fetch_all(conn).await.unwrap(),
            Self::Postgres(conn) => sqlx::query_as(own).fetch_all(conn).await.unwrap(),
        }
    }

    /// The names of all tables.
    pub async fn tables(&mut self) -> Vec<String> {
        let names = match self {
            Self::Sqlite(_) => {
                "SELECT name, 0 FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Self::Postgres(_) => {
                "SELECT tablename::text, 0::bigint FROM pg_tables WHERE schemaname = 'public'"
            }
        };
        self.pairs(names).await.into_iter().map(|(name, _)| name).collect()
    }
}

/// True if these bytes are anywhere in the server's tables.
pub fn holds(server: &Server, bytes: &[u8]) -> bool {
    let is_in = |all: &[u8], part: &[u8]| all.windows(part.len()).any(|window| window == part);
    match cluster::database_of(&server.folder) {
        None => is_in(&std::fs::read(server.data().join("frontdesk.db")).unwrap(), bytes),
        Some(url) => {
            let dump =
                Command::new("pg_dump").args(["--data-only", "--schema=public", &url]).output().unwrap();
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            // Bytes are written as hexadecimal digits.
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            is_in(&dump.stdout, bytes) || is_in(&dump.stdout, digits.as_bytes())
        }
    }
}
