//! What goes out over WhatsApp, from the commit that makes it to the last report about it.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use frontdesk_actors::messages::DeliveryReport;
use frontdesk_actors::ports::whatsapp::{Deliveries, Delivery, News, Outcome};
use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::event::EventKind;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::outgoing::DeliveryKey;
use frontdesk_domain::timestamp::Timestamp;

mod reports;

use crate::store::recipient::{self, Newest};

use super::fault::Fault;
use super::{SqliteStore, rows};

const INSERT: &str = "
    INSERT INTO deliveries (conversation, seq, part, payload, quotes, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// The first row of each conversation that is not done, with the address and the quoted message.
macro_rules! head {
    ($where:literal) => {
        concat!(
            "
    SELECT d.conversation, d.seq, d.part, d.payload, d.step, d.tries, d.due_at, d.begun_at,
           (SELECT json_array(value, user_id, seen_at) FROM guest_aliases a
             WHERE a.guest = c.guest AND a.kind = 'phone' ORDER BY a.seen_at DESC LIMIT 1) AS phone,
           (SELECT json_array(value, user_id, seen_at) FROM guest_aliases a
             WHERE a.guest = c.guest AND a.kind = 'wa_id' ORDER BY a.seen_at DESC LIMIT 1) AS wa_id,
           (SELECT json_array(value, user_id, seen_at) FROM guest_aliases a
             WHERE a.guest = c.guest AND a.kind = 'bsuid' ORDER BY a.seen_at DESC LIMIT 1) AS bsuid,
           coalesce(
               (SELECT wamid FROM whatsapp_messages w WHERE w.conversation = d.conversation AND w.seq = d.quotes),
               (SELECT wamid FROM deliveries q
                 WHERE q.conversation = d.conversation AND q.seq = d.quotes AND q.wamid IS NOT NULL
                 ORDER BY q.part LIMIT 1)) AS quote
      FROM deliveries d
      JOIN conversations c ON c.id = d.conversation
     WHERE d.step <> 'done' AND ",
            $where
        )
    };
}

const HEADS: &str = head!(
    "NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.conversation = d.conversation AND b.step <> 'done'
                    AND (b.seq, b.part) < (d.seq, d.part))
     ORDER BY d.due_at, d.created_at LIMIT ?1"
);

const HEAD: &str = head!("d.conversation = ?1 ORDER BY d.seq, d.part LIMIT 1");

const WAITING: &str = "SELECT count(*) FROM deliveries WHERE step <> 'done'";

const BEGIN: &str = "
    UPDATE deliveries SET step = 'sending', tries = tries + 1, begun_at = ?4, due_at = ?5
     WHERE conversation = ?1 AND seq = ?2 AND part = ?3 AND step <> 'done'";

/// A message failed if a part of it did; else it is as far as its last part.
const NEWS: &str = "
    SELECT conversation, seq, reached, error FROM (
        SELECT conversation, seq, CASE WHEN max(state = 2) THEN 2 ELSE min(state) END AS reached,
               max(told) AS told, max(CASE state WHEN 2 THEN error END) AS error
          FROM deliveries
         WHERE (conversation, seq) IN (
                   SELECT conversation, seq FROM deliveries
                    WHERE state > told AND (?1 IS NULL OR conversation = ?1))
         GROUP BY conversation, seq)
     WHERE reached > told
     ORDER BY conversation, seq LIMIT 1000";

const TOLD: &str = "
    UPDATE deliveries SET told = max(told, ?3) WHERE conversation = ?1 AND seq = ?2";

/// Of the guest: what the hotel's own phone sent has an id as well, and so has a change of number.
const NEWEST_INBOUND: &str = "
    SELECT wamid FROM whatsapp_messages JOIN events USING (conversation, seq)
     WHERE conversation = ?1 AND seq <= ?2 AND author_kind = 'guest' ORDER BY seq DESC LIMIT 1";

/// Rows lie in the order in which they were made, so only those before the first young one are looked at. A message goes as a whole, once no part of it is open.
const FORGET: &str = "
    DELETE FROM deliveries WHERE rowid IN (
        SELECT rowid FROM deliveries d
         WHERE rowid < coalesce(
                   (SELECT rowid FROM deliveries WHERE created_at >= ?1 ORDER BY rowid LIMIT 1),
                   9223372036854775807)
           AND created_at < ?1
           AND NOT EXISTS (SELECT 1 FROM deliveries o
                            WHERE o.conversation = d.conversation AND o.seq = d.seq AND o.step <> 'done')
         ORDER BY rowid LIMIT 500)";

/// Writes what a commit's messages become, within the caller's transaction.
///
/// # Errors
/// What the statements met with.
pub(super) async fn store(conn: &mut SqliteConnection, commit: &Commit) -> Result<(), Fault> {
    for outgoing in &commit.deliveries {
        let quotes = commit.events.iter().find_map(|event| match &event.kind {
            EventKind::Message(message) if event.seq == outgoing.seq => message.reply_to,
            _ => None,
        });
        sqlx::query(INSERT)
            .bind(rows::key(&commit.snapshot.id.0))
            .bind(rows::stored(outgoing.seq))
            .bind(i64::from(outgoing.part))
            .bind(rows::json(&outgoing.payload)?)
            // Only the first part answers.
            .bind(quotes.filter(|_| outgoing.part == 0).map(rows::stored))
            .bind(commit.snapshot.updated_at.0)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

#[async_trait]
impl Deliveries for SqliteStore {
    async fn heads(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let found = sqlx::query(HEADS).bind(limit).fetch_all(&self.readers).await.map_err(Fault::from)?;
        Ok(found.iter().map(delivery).collect::<Result<_, _>>().map_err(Fault::from)?)
    }

    async fn head(&self, conversation: ConversationId) -> Result<Option<Delivery>, StoreError> {
        let found = sqlx::query(HEAD).bind(rows::key(&conversation.0)).fetch_optional(&self.readers).await;
        let found = found.map_err(Fault::from)?;
        Ok(found.as_ref().map(delivery).transpose().map_err(Fault::from)?)
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(WAITING).fetch_one(&self.readers).await.map_err(Fault::from)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn begin(
        &self,
        key: DeliveryKey,
        at: Timestamp,
        settled_by: Timestamp,
    ) -> Result<bool, StoreError> {
        let begun = self.write(move |conn| {
            Box::pin(async move {
                let statement = named(BEGIN, &key).bind(at.0).bind(settled_by.0);
                Ok(statement.execute(conn).await?.rows_affected() > 0)
            })
        });
        Ok(begun.await?)
    }

    async fn end(&self, key: DeliveryKey, outcome: Outcome) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(async move { reports::end(conn, key, outcome).await })).await?)
    }

    async fn report(&self, report: DeliveryReport) -> Result<Option<ConversationId>, StoreError> {
        Ok(self.write(move |conn| Box::pin(async move { reports::take(conn, &report).await })).await?)
    }

    async fn news(&self, of: Option<ConversationId>) -> Result<Vec<News>, StoreError> {
        let found = sqlx::query(NEWS)
            .bind(of.as_ref().map(|id| rows::key(&id.0)))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(found
            .iter()
            .filter_map(|row| news(row).transpose())
            .collect::<Result<_, _>>()
            .map_err(Fault::from)?)
    }

    async fn told(&self, news: News) -> Result<(), StoreError> {
        let told = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(TOLD)
                    .bind(rows::key(&news.conversation.0))
                    .bind(rows::stored(news.of))
                    .bind(rows::delivery_rank(news.state))
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(told.await?)
    }

    async fn newest_inbound(
        &self,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar(NEWEST_INBOUND)
            .bind(rows::key(&conversation.0))
            .bind(rows::stored(seq))
            .fetch_optional(&self.readers)
            .await;
        Ok(found.map_err(Fault::from)?)
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let gone = self.write(move |conn| {
            Box::pin(
                async move { Ok(sqlx::query(FORGET).bind(before.0).execute(conn).await?.rows_affected()) },
            )
        });
        Ok(gone.await?)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// A statement whose first three parameters name a delivery.
fn named<'q>(statement: &'static str, key: &'q DeliveryKey) -> Query<'q> {
    sqlx::query(statement)
        .bind(rows::key(&key.conversation.0))
        .bind(rows::stored(key.seq))
        .bind(i64::from(key.part))
}

fn key_of(row: &SqliteRow) -> Result<DeliveryKey, sqlx::Error> {
    let undecodable = |error: std::num::TryFromIntError| sqlx::Error::Decode(error.into());
    Ok(DeliveryKey {
        conversation: ConversationId(rows::id_at(row, "conversation")?),
        seq: Seq::try_from(row.try_get::<i64, _>("seq")?).map_err(undecodable)?,
        part: u16::try_from(row.try_get::<i64, _>("part")?).map_err(undecodable)?,
    })
}

fn delivery(row: &SqliteRow) -> Result<Delivery, sqlx::Error> {
    let begun_at: Option<i64> = row.try_get("begun_at")?;
    let sending = row.try_get::<&str, _>("step")? == "sending";
    Ok(Delivery {
        key: key_of(row)?,
        payload: rows::json_at(row, "payload")?,
        to: recipient::of(Newest {
            phone: row.try_get("phone")?,
            wa_id: row.try_get("wa_id")?,
            bsuid: row.try_get("bsuid")?,
        })?,
        quote: row.try_get("quote")?,
        tries: row.try_get("tries")?,
        due_at: Timestamp(row.try_get("due_at")?),
        unclear_since: begun_at.filter(|_| sending).map(Timestamp),
    })
}

fn news(row: &SqliteRow) -> Result<Option<News>, sqlx::Error> {
    let Some(state) = rows::delivery_state(row.try_get("reached")?) else { return Ok(None) };
    let seq = Seq::try_from(row.try_get::<i64, _>("seq")?);
    Ok(Some(News {
        conversation: ConversationId(rows::id_at(row, "conversation")?),
        of: seq.map_err(|error| sqlx::Error::Decode(error.into()))?,
        state,
        error: row.try_get("error")?,
    }))
}
