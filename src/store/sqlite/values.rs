//! Many rows as the parameters of one statement.
//!
//! The driver's cost is per statement, so a group is handed over whole. There are statements for 1, 2, 4 …
//! rows, each prepared once: what is missing to the next of these numbers is filled with nulls, which the
//! statement leaves out. Numbers and texts are bound as they are; as JSON, SQLite would parse them again,
//! which took three times as long.

use std::sync::LazyLock;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, Encode, Sqlite, SqliteConnection, Type};

use super::fault::Fault;

/// The most rows of one statement: 12 columns of them are within SQLite's 32,766 parameters.
const ROWS_MAX: usize = 1_024;

/// An `INSERT` of so many rows as are wanted. The first column must not be null.
pub(super) struct Insert {
    columns: usize,
    /// For 1, 2, 4 … rows.
    statements: Vec<String>,
}

impl Insert {
    /// `into` names the table. `OR FAIL`: whoever runs a statement that fails rolls back to before it, so
    /// SQLite need not keep a copy of every page to take back the one statement.
    fn new(into: &str, columns: usize) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let statement = |rows| {
            let rows = vec![row.as_str(); rows].join(",");
            format!("INSERT OR FAIL INTO {into} SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL")
        };
        let sizes = std::iter::successors(Some(1), |rows| (*rows < ROWS_MAX).then_some(rows * 2));
        Self { columns, statements: sizes.map(statement).collect() }
    }
}

pub(super) static EVENTS: LazyLock<Insert> = LazyLock::new(|| Insert::new("events", 12));
pub(super) static PLACES: LazyLock<Insert> = LazyLock::new(|| Insert::new("places", 3));

/// Rows for an [`Insert`].
pub(super) struct Values {
    into: &'static Insert,
    /// Complete statements' worth of rows, and the rows that are being gathered.
    full: Vec<SqliteArguments>,
    open: SqliteArguments,
    rows: usize,
}

impl Values {
    pub(super) fn new(into: &'static Insert) -> Self {
        Self { into, full: Vec::new(), open: SqliteArguments::default(), rows: 0 }
    }

    /// Begins a row. Its cells follow, as many as the table has columns.
    pub(super) fn row(&mut self) -> &mut Self {
        if self.rows == ROWS_MAX {
            self.full.push(std::mem::take(&mut self.open));
            self.rows = 0;
        }
        self.rows += 1;
        self
    }

    /// One cell.
    ///
    /// # Errors
    /// It cannot be bound.
    pub(super) fn cell<'v>(
        &mut self,
        value: impl Encode<'v, Sqlite> + Type<Sqlite>,
    ) -> Result<&mut Self, Fault> {
        self.open.add(value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }

    /// Inserts the rows.
    ///
    /// # Errors
    /// What the statement met with.
    pub(super) async fn run(mut self, conn: &mut SqliteConnection) -> Result<(), Fault> {
        for arguments in self.full {
            execute(self.into, ROWS_MAX, arguments, conn).await?;
        }
        if self.rows > 0 {
            let wanted = self.rows.next_power_of_two();
            for _ in 0..(wanted - self.rows) * self.into.columns {
                self.open.add(None::<i64>).map_err(sqlx::Error::Encode)?;
            }
            execute(self.into, wanted, self.open, conn).await?;
        }
        Ok(())
    }
}

async fn execute(
    into: &'static Insert,
    rows: usize,
    arguments: SqliteArguments,
    conn: &mut SqliteConnection,
) -> Result<(), Fault> {
    let statement = &into.statements[rows.ilog2() as usize];
    sqlx::query_with(statement.as_str(), arguments).execute(conn).await?;
    Ok(())
}
