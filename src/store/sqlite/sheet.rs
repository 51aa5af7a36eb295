//! Many rows as two parameters of one statement.
//!
//! The driver's cost is per statement and per parameter, so a group is handed over whole: `?1` is a JSON
//! array with an array for each row, `?2` a heap of bytes that the rows point into. What is long or binary
//! goes to the heap, where nothing has to be escaped and nothing is parsed; a row names its first byte
//! (counted from 1, as `substr` does) and, for a text, how many there are.

use std::io::Write;

use serde::Serialize;
use sqlx::SqliteConnection;

use super::fault::Fault;

/// Rows for one statement.
#[derive(Default)]
pub(super) struct Sheet {
    rows: Vec<u8>,
    heap: Vec<u8>,
}

impl Sheet {
    /// Begins a row. Its cells follow.
    pub(super) fn row(&mut self) -> Row<'_> {
        self.rows.extend_from_slice(if self.rows.is_empty() { b"[[" } else { b",[" });
        Row { sheet: self, first: true }
    }

    /// Has `statement` store the rows. Says how many it touched.
    ///
    /// # Errors
    /// What the statement met with.
    pub(super) async fn run(
        mut self,
        statement: &'static str,
        conn: &mut SqliteConnection,
    ) -> Result<u64, Fault> {
        if self.rows.is_empty() {
            return Ok(0);
        }
        self.rows.push(b']');
        let rows = String::from_utf8(self.rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let done = sqlx::query(statement).bind(rows).bind(self.heap).execute(conn).await?;
        Ok(done.rows_affected())
    }
}

/// A row that is being written; complete when it is dropped.
pub(super) struct Row<'a> {
    sheet: &'a mut Sheet,
    first: bool,
}

impl Row<'_> {
    fn cell(&mut self) -> &mut Vec<u8> {
        if !self.first {
            self.sheet.rows.push(b',');
        }
        self.first = false;
        &mut self.sheet.rows
    }

    fn number(&mut self, number: impl std::fmt::Display) {
        // Writing to memory does not fail.
        let _ = write!(self.cell(), "{number}");
    }

    pub(super) fn int(&mut self, value: impl Into<Option<i64>>) -> &mut Self {
        match value.into() {
            Some(value) => self.number(value),
            None => self.cell().extend_from_slice(b"null"),
        }
        self
    }

    /// A short text that is known to need no escaping.
    pub(super) fn word(&mut self, word: Option<&str>) -> &mut Self {
        let cell = self.cell();
        match word {
            Some(word) => {
                cell.push(b'"');
                cell.extend_from_slice(word.as_bytes());
                cell.push(b'"');
            }
            None => cell.extend_from_slice(b"null"),
        }
        self
    }

    /// Bytes whose number is known to the statement: one cell.
    pub(super) fn bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => {
                self.number(self.sheet.heap.len() + 1);
                self.sheet.heap.extend_from_slice(bytes);
            }
            None => self.cell().extend_from_slice(b"null"),
        }
        self
    }

    fn span(&mut self, from: usize) {
        self.number(from + 1);
        self.number(self.sheet.heap.len() - from);
    }

    /// Any text: two cells.
    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => {
                let from = self.sheet.heap.len();
                self.sheet.heap.extend_from_slice(text.as_bytes());
                self.span(from);
            }
            None => self.cell().extend_from_slice(b"null,null"),
        }
        self
    }

    /// Anything as JSON: two cells.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<&mut Self, Fault> {
        let from = self.sheet.heap.len();
        serde_json::to_writer(&mut self.sheet.heap, value)
            .map_err(|error| sqlx::Error::Encode(error.into()))?;
        self.span(from);
        Ok(self)
    }
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        self.sheet.rows.push(b']');
    }
}
