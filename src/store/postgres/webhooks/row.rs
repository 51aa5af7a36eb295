//! Webhooks and their deliveries as the tables have them.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::postgres::rows;
use crate::store::webhooks::{Webhook, WebhookDelivery, WebhookStep};

impl FromRow<'_, PgRow> for Webhook {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let old: Option<Vec<u8>> = row.try_get("old_secret")?;
        let until: Option<i64> = row.try_get("old_until")?;
        Ok(Self {
            id: row.try_get("id")?,
            property: PropertyId(row.try_get("property")?),
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

impl FromRow<'_, PgRow> for WebhookDelivery {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let status: Option<i64> = row.try_get("status")?;
        Ok(Self {
            id: row.try_get("id")?,
            webhook: row.try_get("webhook")?,
            conversation: row.try_get::<Option<_>, _>("conversation")?.map(ConversationId),
            seq: row.try_get::<Option<i64>, _>("seq")?.map(i64::cast_unsigned),
            kind: row.try_get("kind")?,
            step: WebhookStep::of_name(row.try_get("step")?),
            tries: rows::count_at(row, "tries")?,
            due_at: rows::time_at(row, "due_at")?,
            status: status.map(u16::try_from).transpose().map_err(rows::undecodable)?,
            error: row.try_get("error")?,
            created_at: rows::time_at(row, "created_at")?,
            tried_at: row.try_get::<Option<i64>, _>("tried_at")?.map(Timestamp),
        })
    }
}
