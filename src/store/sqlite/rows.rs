//! Rows and the domain's types, either way.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use frontdesk_domain::conversation::{CommandKey, Conversation, Receipt, Receipts, Snapshot, Turn};
use frontdesk_domain::event::{Channel, Event, Status, Urgency};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, EntryId, PropertyId, Seq, TurnId};
use frontdesk_domain::people::{AgentRef, Author, AuthorKey, AuthorKind, Role};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{Account, Entry, EntryVersion};

use super::tail::Part;

type Decoded<T> = Result<T, sqlx::Error>;

fn undecodable(what: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(what.to_string().into())
}

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

/// JSON to be bound.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Decoded<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A position as SQLite counts it.
pub(super) fn stored(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub(super) fn seq_at(row: &SqliteRow, column: &str) -> Decoded<Seq> {
    Seq::try_from(row.try_get::<i64, _>(column)?).map_err(undecodable)
}

pub(super) fn time_at(row: &SqliteRow, column: &str) -> Decoded<Timestamp> {
    row.try_get(column).map(Timestamp)
}

pub(super) fn author_kind(kind: AuthorKind) -> &'static str {
    match kind {
        AuthorKind::Guest => "guest",
        AuthorKind::Agent => "agent",
        AuthorKind::Ai => "ai",
        AuthorKind::System => "system",
    }
}

pub(super) fn author_kind_of(text: &str) -> Decoded<AuthorKind> {
    match text {
        "guest" => Ok(AuthorKind::Guest),
        "agent" => Ok(AuthorKind::Agent),
        "ai" => Ok(AuthorKind::Ai),
        "system" => Ok(AuthorKind::System),
        other => Err(undecodable(format!("no kind of author: {other}"))),
    }
}

pub(super) fn role(role: Role) -> &'static str {
    role.name()
}

pub(super) fn role_of(text: &str) -> Decoded<Role> {
    match text {
        "viewer" => Ok(Role::Viewer),
        "agent" => Ok(Role::Agent),
        "supervisor" => Ok(Role::Supervisor),
        "admin" => Ok(Role::Admin),
        other => Err(undecodable(format!("no role: {other}"))),
    }
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Waiting => "waiting",
        Status::Snoozed => "snoozed",
        Status::Closed => "closed",
    }
}

pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "web",
        Channel::Whatsapp => "whatsapp",
    }
}

/// What a search looks at. A search for something that is not in there finds nothing.
pub(super) fn searched<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts {
        // The line break keeps a search from matching across two fields.
        text.push_str(part);
        text.push('\n');
    }
    lower(&text)
}

/// Lower case, quickly where the text is ASCII, as most are.
pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Since when a guest waits, as the list sorts by it: who must be looked at now stands before all who wait.
pub(super) fn waits_since(snapshot: &Snapshot) -> Option<i64> {
    match snapshot.urgency {
        Urgency::Normal => snapshot.waiting_since.map(|at| at.0),
        Urgency::Urgent => Some(snapshot.waiting_since.map_or(-1, |at| at.0.saturating_sub(i64::MAX / 2))),
    }
}

/// What a search for a conversation looks at.
pub(super) fn searched_of(snapshot: &Snapshot) -> String {
    let guest = &snapshot.guest;
    let fields = [&guest.name, &guest.email, &guest.phone, &guest.room];
    let said = snapshot.last_message.as_ref().map(|message| message.text.as_str());
    let tags = snapshot.tags.iter().map(String::as_str);
    searched(fields.into_iter().filter_map(Option::as_deref).chain(said).chain(tags))
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

/// A receipt as the loading statement writes it: kind and id of the author, client id, `seq`, fingerprint.
type ReceiptRow = (String, Option<Uuid>, ClientId, Seq, i64);

/// A conversation from the one row that holds all of it, but for what is newer.
pub(super) fn conversation(row: &SqliteRow, newer: Option<Part>) -> Decoded<Conversation> {
    let rows: Vec<ReceiptRow> = json_at(row, "receipts")?;
    let newest = newer.as_ref().map_or(&[][..], |newer| &newer.events);
    // The tables may have caught up since the newest were looked at: each receipt is taken once.
    let before = newest.first().map_or(Seq::MAX, |(_, event)| event.seq);
    let older =
        rows.into_iter().filter(|row| row.3 < before).map(|(kind, id, client_id, seq, fingerprint)| {
            let author = AuthorKey { kind: author_kind_of(&kind)?, id };
            Ok(((author, client_id), Receipt { seq, fingerprint: fingerprint.cast_unsigned() }))
        });
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

/// The receipt of the command that became this event, if it was one's own.
pub(super) fn receipt(event: &Event) -> Option<(CommandKey, Receipt)> {
    let receipt = Receipt { seq: event.seq, fingerprint: event.fingerprint? };
    Some(((event.by.key(), event.id.clone()?), receipt))
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
