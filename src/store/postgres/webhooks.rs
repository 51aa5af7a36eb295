//! Outgoing webhooks. Their deliveries are read off the log, from where each webhook left off ([`gather`]): so none
//! is lost, whenever the server dies, and commits know nothing of webhooks.

mod gather;
mod row;

use async_trait::async_trait;
use sqlx::PgConnection;
use tokio::sync::watch;
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::webhooks::{
    DELIVERIES_CURSOR, Tried, WEBHOOKS_MAX, Webhook, WebhookDelivery, WebhookStep, Webhooks,
};
use crate::store::{ListError, Page, PageRequest, WriteError, cursor};

use super::access::alone;
use super::fault::{Fault, some};
use super::{PostgresStore, rows};

const ENABLED: &str = "SELECT * FROM webhooks WHERE enabled ORDER BY id";
const OF_PROPERTY: &str = "SELECT * FROM webhooks WHERE property = $1 ORDER BY id";
const ONE: &str = "SELECT * FROM webhooks WHERE property = $1 AND id = $2";
const ALL: &str = "SELECT * FROM webhooks";
const COUNT: &str = "SELECT count(*) FROM webhooks WHERE property = $1";

/// It begins at the first transaction that is not over, and passes over those behind it that are.
const INSERT: &str = "
    INSERT INTO webhooks (id, property, url, events, secret, old_secret, old_until, enabled, fault, xact, position,
                          since, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0,
            pg_current_snapshot(), $10, $11)";

/// What happened while it was off is passed over.
const UPDATE: &str = "
    UPDATE webhooks
       SET url = $3, events = $4, secret = $5, old_secret = $6, old_until = $7,
           xact = CASE WHEN $8 AND NOT enabled THEN pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                       ELSE xact END,
           position = CASE WHEN $8 AND NOT enabled THEN 0 ELSE position END,
           since = CASE WHEN $8 AND NOT enabled THEN pg_current_snapshot() ELSE since END,
           enabled = $8, fault = $9, updated_at = $10
     WHERE id = $1 AND property = $2";

const DELETE: &str = "DELETE FROM webhooks WHERE id = $1 AND property = $2";
const FAIL: &str = "UPDATE webhooks SET enabled = FALSE, fault = $2, updated_at = $3 WHERE id = $1";
const RESEAL: &str = "UPDATE webhooks SET secret = $2, old_secret = $3 WHERE id = $1";

const ADD: &str = "
    INSERT INTO webhook_deliveries (id, webhook, conversation, seq, kind, due_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6)";
const DUE: &str = "
    SELECT * FROM webhook_deliveries AS one
     WHERE webhook = $1 AND step = 'waiting' AND due_at <= $2
       AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS earlier
                        WHERE earlier.webhook = one.webhook AND earlier.conversation = one.conversation
                          AND earlier.seq < one.seq AND earlier.step = 'waiting')
     ORDER BY due_at, id
     LIMIT $3";
const NEXT: &str = "
    SELECT min(due_at) FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook AND enabled
     WHERE step = 'waiting' AND due_at > $1";
const PUT: &str = "
    UPDATE webhook_deliveries
       SET step = $2, due_at = $3, status = $4, error = $5, tried_at = $6, tries = tries + 1
     WHERE id = $1 AND step = 'waiting'";
const LIST: &str = "
    SELECT * FROM webhook_deliveries
     WHERE webhook = $1 AND id < $2 AND ($3::text IS NULL OR step = $3)
     ORDER BY id DESC
     LIMIT $4";
const AGAIN: &str = "
    UPDATE webhook_deliveries SET step = 'waiting', tries = 0, due_at = $3 WHERE webhook = $1 AND id = $2";
const PRUNE: &str = "
    DELETE FROM webhook_deliveries
     WHERE id IN (SELECT id FROM webhook_deliveries
                   WHERE step <> 'waiting' AND created_at < $1
                   ORDER BY created_at LIMIT 5000 FOR UPDATE SKIP LOCKED)";

#[async_trait]
impl Webhooks for PostgresStore {
    fn log_moves(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    async fn enabled_webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        Ok(sqlx::query_as(ENABLED).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn webhooks(&self, property: PropertyId) -> Result<Vec<Webhook>, StoreError> {
        let query = sqlx::query_as(OF_PROPERTY).bind(property.0);
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn webhook(&self, property: PropertyId, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        let query = sqlx::query_as(ONE).bind(property.0).bind(id);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn add_webhook(&self, webhook: Webhook) -> Result<(), WriteError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                alone(conn, webhook.property).await?;
                let count = sqlx::query_scalar(COUNT).bind(webhook.property.0);
                let count: i64 = count.fetch_one(&mut *conn).await?;
                if count >= i64::try_from(WEBHOOKS_MAX).unwrap_or(i64::MAX) {
                    return Err(Fault::Taken);
                }
                let (old, until) = webhook.old_secret.unzip();
                sqlx::query(INSERT)
                    .bind(webhook.id)
                    .bind(webhook.property.0)
                    .bind(rows::plain(&webhook.url))
                    .bind(rows::json(&webhook.events)?)
                    .bind(webhook.secret)
                    .bind(old)
                    .bind(until.map(|at| at.0))
                    .bind(webhook.enabled)
                    .bind(webhook.fault.as_deref().map(rows::plain))
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
                let (old, until) = webhook.old_secret.unzip();
                let done = sqlx::query(UPDATE)
                    .bind(webhook.id)
                    .bind(webhook.property.0)
                    .bind(rows::plain(&webhook.url))
                    .bind(rows::json(&webhook.events)?)
                    .bind(webhook.secret)
                    .bind(old)
                    .bind(until.map(|at| at.0))
                    .bind(webhook.enabled)
                    .bind(webhook.fault.as_deref().map(rows::plain))
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
                some(sqlx::query(DELETE).bind(id).bind(property.0).execute(conn).await?.rows_affected())
            })
        });
        Ok(write.await?)
    }

    async fn fail_webhook(&self, id: Uuid, fault: &str, at: Timestamp) -> Result<(), StoreError> {
        let fault = rows::plain(fault).into_owned();
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(FAIL).bind(id).bind(fault).bind(at.0).execute(conn).await?;
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
                    let query = sqlx::query(RESEAL).bind(webhook.id).bind(webhook.secret).bind(old);
                    query.execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn gather_deliveries(&self, webhook: Uuid, at: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let gathered = self.write(move |conn| Box::pin(gather::gather(conn, webhook, at, limit))).await?;
        if gathered.is_held_up {
            self.look_again();
        }
        Ok(gathered.may_be_more)
    }

    async fn due_deliveries(
        &self,
        webhook: Uuid,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        let query = sqlx::query_as(DUE).bind(webhook).bind(now.0).bind(i64::from(limit));
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn next_delivery(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let query = sqlx::query_scalar(NEXT).bind(after.0);
        let next: Option<i64> = query.fetch_one(&self.readers).await.map_err(Fault::from)?;
        Ok(next.map(Timestamp))
    }

    async fn put_delivery(&self, id: Uuid, tried: Tried) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT)
                    .bind(id)
                    .bind(tried.step.name())
                    .bind(tried.due_at.0)
                    .bind(tried.status.map(i64::from))
                    .bind(tried.error.as_deref().map(rows::plain))
                    .bind(tried.at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn ping_webhook(&self, webhook: Uuid, delivery: Uuid, at: Timestamp) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(add(conn, webhook, delivery, None, "ping", at))).await?)
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
            .bind(webhook)
            .bind(before)
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
                let query = sqlx::query(AGAIN).bind(webhook).bind(delivery).bind(at.0);
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

/// Writes a delivery down.
async fn add(
    conn: &mut PgConnection,
    webhook: Uuid,
    delivery: Uuid,
    place: Option<(Uuid, i64)>,
    kind: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    let (conversation, seq) = place.unzip();
    sqlx::query(ADD)
        .bind(delivery)
        .bind(webhook)
        .bind(conversation)
        .bind(seq)
        .bind(kind)
        .bind(at.0)
        .execute(conn)
        .await?;
    Ok(())
}
