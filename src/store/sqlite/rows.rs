//! Rows and the domain's types, either way.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use frontdesk_domain::conversation::{Conversation, Receipt, Receipts, Turn};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, EntryId, PropertyId, Seq, TurnId};
use frontdesk_domain::people::{AgentRef, Author};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{Account, Entry, EntryVersion};

use super::tail::Part;

pub(super) use crate::store::columns::*;

/// An id as it is bound.
pub(super) fn key(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

/// An id as it is read.
pub(super) fn id(bytes: &[u8]) -> Decoded<Uuid> {
    Uuid::from_slice(bytes).map_err(undecodable)
}

/// A column with an id.
pub(super) fn id_at(row: &SqliteRow, column: &str) -> Decoded<Uuid> {
    id(row.try_get(column)?)
}

/// A column with JSON.
pub(super) fn json_at<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Decoded<T> {
    serde_json::from_str(row.try_get(column)?).map_err(undecodable)
}

pub(super) fn seq_at(row: &SqliteRow, column: &str) -> Decoded<Seq> {
    Seq::try_from(row.try_get::<i64, _>(column)?).map_err(undecodable)
}

pub(super) fn time_at(row: &SqliteRow, column: &str) -> Decoded<Timestamp> {
    row.try_get(column).map(Timestamp)
}

/// A stored event of the conversation.
pub(super) fn event(conversation: ConversationId, row: &SqliteRow) -> Decoded<Event> {
    let author_id: Option<&[u8]> = row.try_get("author_id")?;
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
            id: author_id.map(id).transpose()?,
            name: row.try_get("author_name")?,
        },
        kind: json_at(row, "body")?,
    })
}

/// A conversation from the one row that holds all of it, but for what is newer.
pub(super) fn conversation(row: &SqliteRow, newer: Option<Part>) -> Decoded<Conversation> {
    let rows: Vec<ReceiptRow> = json_at(row, "receipts")?;
    let newest = newer.as_ref().map_or(&[][..], |newer| &newer.events);
    // The tables may have caught up since the newest were looked at: each receipt is taken once.
    let before = newest.first().map_or(Seq::MAX, |(_, event)| event.seq);
    let older = rows.into_iter().filter(|row| row.3 < before).map(receipt_of_row);
    let newest = newest.iter().filter_map(|(_, event)| receipt(event)).map(Ok);
    let receipts = older.chain(newest).collect::<Decoded<Receipts>>()?;
    let mut snapshot = match newer {
        None => Arc::new(json_at(row, "snapshot")?),
        Some(newer) => newer.snapshot,
    };
    // The snapshot may be of before the last turn's end; the turns' own rows never are.
    let settled: Option<i64> = row.try_get("settled")?;
    if let Some(settled) =
        settled.and_then(|seq| Seq::try_from(seq).ok()).filter(|seq| *seq > snapshot.settled)
    {
        Arc::make_mut(&mut snapshot).settled = settled;
    }
    Ok(Conversation::restore(snapshot, turn(row)?, receipts))
}

/// A receipt that is a row.
pub(super) fn stored_receipt(row: &SqliteRow) -> Decoded<Receipt> {
    let fingerprint: i64 = row.try_get("fingerprint")?;
    Ok(Receipt { seq: seq_at(row, "seq")?, fingerprint: fingerprint.cast_unsigned() })
}

/// The open turn, if there is one. What it has shown is not stored: it died with its readers' sockets.
fn turn(row: &SqliteRow) -> Decoded<Option<Turn>> {
    let Some(turn) = row.try_get::<Option<&[u8]>, _>("turn")? else { return Ok(None) };
    Ok(Some(Turn {
        restarts: row.try_get("restarts")?,
        recoveries: row.try_get("recoveries")?,
        after: seq_at(row, "after_seq")?,
        through: seq_at(row, "through_seq")?,
        ..Turn::new(TurnId(id(turn)?), time_at(row, "opened_at")?)
    }))
}

impl FromRow<'_, SqliteRow> for Account {
    fn from_row(row: &SqliteRow) -> Decoded<Self> {
        Ok(Self {
            id: AgentId(id_at(row, "id")?),
            property: PropertyId(id_at(row, "property")?),
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role: role_of(row.try_get("role")?)?,
            disabled: row.try_get("disabled")?,
            password_hash: row.try_get("password_hash")?,
            must_change: row.try_get("must_change")?,
            second_factor: row.try_get("second_factor")?,
            single_sign_on: row.try_get("single_sign_on")?,
            created_at: time_at(row, "created_at")?,
            updated_at: time_at(row, "updated_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Entry {
    fn from_row(row: &SqliteRow) -> Decoded<Self> {
        Ok(Self {
            id: EntryId(id_at(row, "id")?),
            property: PropertyId(id_at(row, "property")?),
            title: row.try_get("title")?,
            body: row.try_get("body")?,
            locale: row.try_get("locale")?,
            tags: json_at(row, "tags")?,
            aliases: json_at(row, "aliases")?,
            created_at: time_at(row, "created_at")?,
            updated_at: time_at(row, "updated_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for EntryVersion {
    fn from_row(row: &SqliteRow) -> Decoded<Self> {
        let by: Option<Vec<u8>> = row.try_get("by_id")?;
        let name: Option<String> = row.try_get("by_name")?;
        let by = by.map(|by| id(&by)).transpose()?;
        Ok(Self {
            version: row.try_get("version")?,
            title: row.try_get("title")?,
            body: row.try_get("body")?,
            locale: row.try_get("locale")?,
            tags: json_at(row, "tags")?,
            aliases: json_at(row, "aliases")?,
            removed: row.try_get("removed")?,
            by: by.map(|id| AgentRef { id: AgentId(id), name: name.unwrap_or_default() }),
            at: time_at(row, "at")?,
        })
    }
}
