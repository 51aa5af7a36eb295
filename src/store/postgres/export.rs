//! Everything that is stored of a guest, as of one moment.

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sqlx::postgres::PgRow;
use sqlx::{Column, PgPool, Row, TypeInfo};
use uuid::Uuid;

use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::people::Audience;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::personal::TABLES;

use super::fault::Fault;
use super::privacy::{CONVERSATIONS, GUEST, TABLES_THERE, of_list};
use super::{beside, rows};

/// All statements see the database as the first one did.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const EVENTS: &str = "SELECT * FROM events WHERE conversation = $1 ORDER BY seq";

/// What the database says of a guest. The server may be running.
///
/// # Errors
/// What the database said.
pub async fn export_from(url: &SecretString, guest: GuestId) -> Result<Option<Value>, sqlx::Error> {
    let pool = beside::look(url).await?;
    let found = export(&pool, guest).await.map_err(Fault::into_sql);
    pool.close().await;
    found
}

/// Everything as of one moment.
pub(super) async fn export(readers: &PgPool, guest: GuestId) -> Result<Option<Value>, Fault> {
    let mut tx = readers.begin_with(BEGIN).await?;
    let owner: Option<Uuid> = sqlx::query_scalar(GUEST).bind(guest.0).fetch_optional(&mut *tx).await?;
    let Some(property) = owner else { return Ok(None) };
    let mut conversations = Vec::new();
    let ids: Vec<Uuid> = sqlx::query_scalar(CONVERSATIONS).bind(guest.0).fetch_all(&mut *tx).await?;
    for id in ids.into_iter().map(ConversationId) {
        let found = sqlx::query(EVENTS).bind(id.0).fetch_all(&mut *tx).await?;
        let events = found.iter().map(|row| rows::event(id, row)).collect::<Result<Vec<_>, _>>()?;
        let events: Vec<_> = events.iter().filter_map(|event| event.view(Audience::Agents)).collect();
        conversations.push(json!({"id": id, "events": events}));
    }
    let there: Vec<String> = sqlx::query_scalar(TABLES_THERE).fetch_all(&mut *tx).await?;
    let mut tables = Map::new();
    for table in TABLES.iter().filter(|table| there.iter().any(|name| name == table.name)) {
        let Some(statement) = table.export else { continue };
        let found = sqlx::query(of_list(statement)).bind(guest.0).fetch_all(&mut *tx).await?;
        let found = found.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
        tables.insert(table.name.to_owned(), Value::Array(found));
    }
    tx.rollback().await?;
    Ok(Some(json!({"guest": guest, "property": property, "conversations": conversations, "tables": tables})))
}

/// A row as people and programs read it: times and nested JSON in their usual forms.
fn plain(row: &PgRow) -> Result<Value, sqlx::Error> {
    let mut object = Map::new();
    for (at, column) in row.columns().iter().enumerate() {
        let is_time = column.name() == "at" || column.name().ends_with("_at");
        let value = match column.type_info().name() {
            "INT8" if is_time => row.try_get::<Option<i64>, _>(at)?.map(|time| json!(Timestamp(time))),
            "INT8" => row.try_get::<Option<i64>, _>(at)?.map(|number| json!(number)),
            "BOOL" => row.try_get::<Option<bool>, _>(at)?.map(|flag| json!(flag)),
            "UUID" => row.try_get::<Option<Uuid>, _>(at)?.map(|id| json!(id)),
            "TEXT" => row.try_get::<Option<&str>, _>(at)?.map(nested),
            // Digests say nothing to anybody.
            _ => None,
        };
        object.insert(column.name().to_owned(), value.unwrap_or(Value::Null));
    }
    Ok(Value::Object(object))
}

fn nested(text: &str) -> Value {
    let nested = text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten();
    nested.unwrap_or_else(|| json!(text))
}
