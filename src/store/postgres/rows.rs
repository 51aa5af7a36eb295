//! Rows and the domain's types, either way. An id is a `uuid`, JSON is the very text that was written.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use frontdesk_domain::conversation::{Conversation, Receipt, Receipts, Turn};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ClientId, ConversationId, Seq, TurnId};
use frontdesk_domain::people::Author;
use frontdesk_domain::timestamp::Timestamp;

pub(super) use crate::store::columns::*;

/// A column with JSON.
pub(super) fn json_at<T: DeserializeOwned>(row: &PgRow, column: &str) -> Decoded<T> {
    serde_json::from_str(row.try_get(column)?).map_err(undecodable)
}

/// A column with a number that counts.
pub(super) fn seq_at(row: &PgRow, column: &str) -> Decoded<Seq> {
    Seq::try_from(row.try_get::<i64, _>(column)?).map_err(undecodable)
}

/// A column with a small number.
pub(super) fn count_at<N>(row: &PgRow, column: &str) -> Decoded<N>
where
    N: TryFrom<i64, Error: std::fmt::Display>,
{
    N::try_from(row.try_get(column)?).map_err(undecodable)
}

/// A column with a time.
pub(super) fn time_at(row: &PgRow, column: &str) -> Decoded<Timestamp> {
    row.try_get(column).map(Timestamp)
}

/// A text that PostgreSQL takes: it knows no NUL.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A stored event of the conversation.
pub(super) fn event(conversation: ConversationId, row: &PgRow) -> Decoded<Event> {
    let client_id: Option<String> = row.try_get("client_id")?;
    Ok(Event {
        conversation,
        seq: seq_at(row, "seq")?,
        guest_prev: seq_at(row, "guest_prev")?,
        id: client_id.map(ClientId::try_from).transpose().map_err(undecodable)?,
        fingerprint: row.try_get::<Option<i64>, _>("fingerprint")?.map(i64::cast_unsigned),
        at: time_at(row, "at")?,
        by: Author {
            kind: author_kind_of(row.try_get("author_kind")?)?,
            id: row.try_get("author_id")?,
            name: row.try_get("author_name")?,
        },
        kind: json_at(row, "body")?,
    })
}

/// A conversation from the one row that holds all of it.
pub(super) fn conversation(row: &PgRow) -> Decoded<Conversation> {
    let rows: Vec<ReceiptRow> = json_at(row, "receipts")?;
    let receipts = rows.into_iter().map(receipt_of_row).collect::<Decoded<Receipts>>()?;
    Ok(Conversation::restore(Arc::new(json_at(row, "snapshot")?), turn(row)?, receipts))
}

/// A receipt that is a row.
pub(super) fn stored_receipt(row: &PgRow) -> Decoded<Receipt> {
    let fingerprint: i64 = row.try_get("fingerprint")?;
    Ok(Receipt { seq: seq_at(row, "seq")?, fingerprint: fingerprint.cast_unsigned() })
}

/// The open turn, if there is one. What it has shown is not stored: it died with its readers' sockets.
fn turn(row: &PgRow) -> Decoded<Option<Turn>> {
    let Some(turn) = row.try_get::<Option<Uuid>, _>("turn")? else { return Ok(None) };
    Ok(Some(Turn {
        restarts: count_at(row, "restarts")?,
        recoveries: count_at(row, "recoveries")?,
        after: seq_at(row, "after_seq")?,
        through: seq_at(row, "through_seq")?,
        ..Turn::new(TurnId(turn), time_at(row, "opened_at")?)
    }))
}
