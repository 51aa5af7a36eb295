//! Webhooks and their deliveries as the tables have them.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::webhooks::{Webhook, WebhookDelivery, WebhookStep};

use super::super::rows;

impl FromRow<'_, SqliteRow> for Webhook {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let old: Option<Vec<u8>> = row.try_get("old_secret")?;
        let until: Option<i64> = row.try_get("old_until")?;
        Ok(Self {
            id: rows::id_at(row, "id")?,
            property: PropertyId(rows::id_at(row, "property")?),
            url: row.try_get("url")?,
            events: rows::json_at(row, "events")?,
            secret: row.try_get("secret")?,
            old_secret: old.zip(until.map(Timestamp)),
            enabled: row.try_get("enabled")?,
            fault: row.try_get("fault")?,
            created_at: rows::time_at(row, "created_at")?,
            updated_at: rows::time_at(row, "updated_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for WebhookDelivery {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let conversation: Option<&[u8]> = row.try_get("conversation")?;
        let seq: Option<i64> = row.try_get("seq")?;
        let tried: Option<i64> = row.try_get("tried_at")?;
        Ok(Self {
            id: rows::id_at(row, "id")?,
            webhook: rows::id_at(row, "webhook")?,
            conversation: conversation.map(rows::id).transpose()?.map(ConversationId),
            seq: seq.map(i64::cast_unsigned),
            kind: row.try_get("kind")?,
            step: WebhookStep::of_name(row.try_get("step")?),
            tries: row.try_get("tries")?,
            due_at: rows::time_at(row, "due_at")?,
            status: row.try_get("status")?,
            error: row.try_get("error")?,
            created_at: rows::time_at(row, "created_at")?,
            tried_at: tried.map(Timestamp),
        })
    }
}
