//! Outgoing webhooks. Their deliveries are read off the log, from where each webhook left off: so none is lost,
//! whenever the server dies, and commits know nothing of webhooks.

mod row;

use async_trait::async_trait;
use sqlx::{Row, SqliteConnection};
use tokio::sync::watch;
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::cursor;
use crate::store::webhooks::{
    DELIVERIES_CURSOR, Tried, WEBHOOKS_MAX, Webhook, WebhookDelivery, WebhookStep, Webhooks,
};
use crate::store::{ListError, Page, PageRequest, WriteError};

use super::fault::{Fault, some};
use super::{SqliteStore, rows};

const ENABLED: &str = "SELECT * FROM webhooks WHERE enabled ORDER BY id";
const OF_PROPERTY: &str = "SELECT * FROM webhooks WHERE property = ?1 ORDER BY id";
const ONE: &str = "SELECT * FROM webhooks WHERE property = ?1 AND id = ?2";
const ALL: &str = "SELECT * FROM webhooks";
const COUNT: &str = "SELECT count(*) FROM webhooks WHERE property = ?1";
const LOG_END: &str = "SELECT coalesce(max(position), 0) FROM events";

const INSERT: &str = "
    INSERT INTO webhooks (id, property, url, events, secret, old_secret, old_until, enabled, fault, position,
                          created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// What happened while it was off is passed over.
const UPDATE: &str = "
    UPDATE webhooks
       SET url = ?3, events = ?4, secret = ?5, old_secret = ?6, old_until = ?7,
           position = CASE WHEN ?8 AND NOT enabled THEN ?10 ELSE position END,
           enabled = ?8, fault = ?9, updated_at = ?11
     WHERE id = ?1 AND property = ?2";

const DELETE: &str = "DELETE FROM webhooks WHERE id = ?1 AND property = ?2";
const FAIL: &str = "UPDATE webhooks SET enabled = 0, fault = ?2, updated_at = ?3 WHERE id = ?1";
const RESEAL: &str = "UPDATE webhooks SET secret = ?2, old_secret = ?3 WHERE id = ?1";

const STANDS_AT: &str = "SELECT property, events, position FROM webhooks WHERE id = ?1 AND enabled";
const MOVE: &str = "UPDATE webhooks SET position = ?2 WHERE id = ?1";
const READ_ON: &str = "
    SELECT position, conversation, seq, events.body ->> '$.kind' AS kind,
           (SELECT property FROM conversations WHERE id = events.conversation) AS property
      FROM events
     WHERE position > ?1
     ORDER BY position
     LIMIT ?2";
const ADD: &str = "
    INSERT INTO webhook_deliveries (id, webhook, conversation, seq, kind, due_at, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";

const DUE: &str = "
    SELECT * FROM webhook_deliveries AS one
     WHERE webhook = ?1 AND step = 'waiting' AND due_at <= ?2
       AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS earlier
                        WHERE earlier.webhook = one.webhook AND earlier.conversation = one.conversation
                          AND earlier.seq < one.seq AND earlier.step = 'waiting')
     ORDER BY due_at, id
     LIMIT ?3";
const NEXT: &str = "
    SELECT min(due_at) FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook AND enabled
     WHERE step = 'waiting' AND due_at > ?1";
const PUT: &str = "
    UPDATE webhook_deliveries
       SET step = ?2, due_at = ?3, status = ?4, error = ?5, tried_at = ?6, tries = tries + 1
     WHERE id = ?1 AND step = 'waiting'";
const LIST: &str = "
    SELECT * FROM webhook_deliveries
     WHERE webhook = ?1 AND id < ?2 AND (?3 IS NULL OR step = ?3)
     ORDER BY id DESC
     LIMIT ?4";
const AGAIN: &str = "
    UPDATE webhook_deliveries SET step = 'waiting', tries = 0, due_at = ?3 WHERE webhook = ?1 AND id = ?2";
const PRUNE: &str = "
    DELETE FROM webhook_deliveries
     WHERE id IN (SELECT id FROM webhook_deliveries
                   WHERE step <> 'waiting' AND created_at < ?1 ORDER BY created_at LIMIT 5000)";

#[async_trait]
impl Webhooks for SqliteStore {
    fn log_moves(&self) -> watch::Receiver<()> {
        self.moves.clone()
    }

    async fn enabled_webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        Ok(sqlx::query_as(ENABLED).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn webhooks(&self, property: PropertyId) -> Result<Vec<Webhook>, StoreError> {
        let found = sqlx::query_as(OF_PROPERTY).bind(rows::key(&property.0)).fetch_all(&self.readers).await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn webhook(&self, property: PropertyId, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        let query = sqlx::query_as(ONE).bind(rows::key(&property.0)).bind(rows::key(&id));
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn add_webhook(&self, webhook: Webhook) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let property = rows::key(&webhook.property.0);
                let count: i64 = sqlx::query_scalar(COUNT).bind(property).fetch_one(&mut *conn).await?;
                if count >= i64::try_from(WEBHOOKS_MAX).unwrap_or(i64::MAX) {
                    return Err(Fault::Taken);
                }
                let end: i64 = sqlx::query_scalar(LOG_END).fetch_one(&mut *conn).await?;
                let (old, until) = webhook.old_secret.unzip();
                sqlx::query(INSERT)
                    .bind(rows::key(&webhook.id))
                    .bind(property)
                    .bind(webhook.url)
                    .bind(rows::json(&webhook.events)?)
                    .bind(webhook.secret)
                    .bind(old)
                    .bind(until.map(|at| at.0))
                    .bind(webhook.enabled)
                    .bind(webhook.fault)
                    .bind(end)
                    .bind(webhook.created_at.0)
                    .bind(webhook.updated_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn put_webhook(&self, webhook: Webhook) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let end: i64 = sqlx::query_scalar(LOG_END).fetch_one(&mut *conn).await?;
                let (old, until) = webhook.old_secret.unzip();
                let done = sqlx::query(UPDATE)
                    .bind(rows::key(&webhook.id))
                    .bind(rows::key(&webhook.property.0))
                    .bind(webhook.url)
                    .bind(rows::json(&webhook.events)?)
                    .bind(webhook.secret)
                    .bind(old)
                    .bind(until.map(|at| at.0))
                    .bind(webhook.enabled)
                    .bind(webhook.fault)
                    .bind(end)
                    .bind(webhook.updated_at.0)
                    .execute(conn)
                    .await?;
                some(done.rows_affected())
            })
        });
        Ok(write.await?)
    }

    async fn remove_webhook(&self, property: PropertyId, id: Uuid) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let query = sqlx::query(DELETE).bind(rows::key(&id)).bind(rows::key(&property.0));
                some(query.execute(conn).await?.rows_affected())
            })
        });
        Ok(write.await?)
    }

    async fn fail_webhook(&self, id: Uuid, fault: &str, at: Timestamp) -> Result<(), StoreError> {
        let fault = fault.to_owned();
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(FAIL).bind(rows::key(&id)).bind(fault).bind(at.0).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn sealed_webhook_secrets(&self) -> Result<Vec<Webhook>, StoreError> {
        Ok(sqlx::query_as(ALL).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn put_sealed_webhook_secrets(&self, webhooks: Vec<Webhook>) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                for webhook in webhooks {
                    let old = webhook.old_secret.map(|(old, _)| old);
                    let query =
                        sqlx::query(RESEAL).bind(rows::key(&webhook.id)).bind(webhook.secret).bind(old);
                    query.execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn gather_deliveries(&self, webhook: Uuid, at: Timestamp, limit: u32) -> Result<bool, StoreError> {
        Ok(self.write(move |conn| Box::pin(gather(conn, webhook, at, limit))).await?)
    }

    async fn due_deliveries(
        &self,
        webhook: Uuid,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        let query = sqlx::query_as(DUE).bind(rows::key(&webhook)).bind(now.0).bind(limit);
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn next_delivery(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let next: Option<i64> =
            sqlx::query_scalar(NEXT).bind(after.0).fetch_one(&self.readers).await.map_err(Fault::from)?;
        Ok(next.map(Timestamp))
    }

    async fn put_delivery(&self, id: Uuid, tried: Tried) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT)
                    .bind(rows::key(&id))
                    .bind(tried.step.name())
                    .bind(tried.due_at.0)
                    .bind(tried.status)
                    .bind(tried.error)
                    .bind(tried.at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn ping_webhook(&self, webhook: Uuid, delivery: Uuid, at: Timestamp) -> Result<(), StoreError> {
        let write =
            self.write(move |conn| Box::pin(add(conn, webhook, delivery, None, "ping".to_owned(), at)));
        Ok(write.await?)
    }

    async fn deliveries(
        &self,
        webhook: Uuid,
        wanted: Option<WebhookStep>,
        page: PageRequest,
    ) -> Result<Page<WebhookDelivery>, ListError> {
        let before = match page.cursor.as_deref() {
            None => Uuid::max(),
            Some(text) => cursor::id_of(text, DELIVERIES_CURSOR)?,
        };
        let limit = cursor::clamp(page.limit);
        let found: Vec<WebhookDelivery> = sqlx::query_as(LIST)
            .bind(rows::key(&webhook))
            .bind(rows::key(&before))
            .bind(wanted.map(WebhookStep::name))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(cursor::page(found, limit, |last| cursor::of_id(last.id, DELIVERIES_CURSOR)))
    }

    async fn redeliver(&self, webhook: Uuid, delivery: Uuid, at: Timestamp) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let query =
                    sqlx::query(AGAIN).bind(rows::key(&webhook)).bind(rows::key(&delivery)).bind(at.0);
                some(query.execute(conn).await?.rows_affected())
            })
        });
        Ok(write.await?)
    }

    async fn prune_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(
                async move { Ok(sqlx::query(PRUNE).bind(before.0).execute(conn).await?.rows_affected()) },
            )
        });
        Ok(write.await?)
    }
}

async fn gather(
    conn: &mut SqliteConnection,
    webhook: Uuid,
    at: Timestamp,
    limit: u32,
) -> Result<bool, Fault> {
    let found = sqlx::query(STANDS_AT).bind(rows::key(&webhook)).fetch_optional(&mut *conn).await?;
    let Some(row) = found else { return Ok(false) };
    let (property, mut position) = (rows::id_at(&row, "property")?, row.try_get::<i64, _>("position")?);
    let wanted: Vec<String> = rows::json_at(&row, "events")?;
    let found = sqlx::query(READ_ON).bind(position).bind(limit).fetch_all(&mut *conn).await?;
    if found.is_empty() {
        return Ok(false);
    }
    for row in &found {
        position = row.try_get("position")?;
        let kind: String = row.try_get("kind")?;
        // A conversation that was removed is nobody's.
        let owner = row.try_get::<Option<&[u8]>, _>("property")?.map(rows::id).transpose()?;
        if owner != Some(property) || !wanted.contains(&kind) {
            continue;
        }
        let place = (ConversationId(rows::id_at(row, "conversation")?), row.try_get::<i64, _>("seq")?);
        add(conn, webhook, Uuid::now_v7(), Some(place), kind, at).await?;
    }
    sqlx::query(MOVE).bind(rows::key(&webhook)).bind(position).execute(conn).await?;
    Ok(found.len() == limit as usize)
}

async fn add(
    conn: &mut SqliteConnection,
    webhook: Uuid,
    delivery: Uuid,
    place: Option<(ConversationId, i64)>,
    kind: String,
    at: Timestamp,
) -> Result<(), Fault> {
    let (conversation, seq) = place.unzip();
    sqlx::query(ADD)
        .bind(rows::key(&delivery))
        .bind(rows::key(&webhook))
        .bind(conversation.as_ref().map(|id| rows::key(&id.0)))
        .bind(seq)
        .bind(kind)
        .bind(at.0)
        .execute(conn)
        .await?;
    Ok(())
}
