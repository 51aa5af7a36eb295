//! What goes out over WhatsApp, from the commit that makes it to the last report about it.

mod reports;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use frontdesk_actors::messages::DeliveryReport;
use frontdesk_actors::ports::whatsapp::{Deliveries, Delivery, News, Outcome};
use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::event::EventKind;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::outgoing::{DeliveryKey, Outgoing};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::recipient::{self, Newest};

use super::fault::Fault;
use super::{PostgresStore, rows};

const INSERT: &str = "
    INSERT INTO deliveries (conversation, seq, part, payload, quotes, created_at)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[])";

/// The first row of each conversation that is not done, with the address and the quoted message.
macro_rules! head {
    ($where:literal) => {
        concat!(
            "
    SELECT d.conversation, d.seq, d.part, d.payload, d.step, d.tries, d.due_at, d.begun_at,
           (SELECT json_build_array(value, user_id, seen_at)::text FROM guest_aliases a
             WHERE a.guest = c.guest AND a.kind = 'phone' ORDER BY a.seen_at DESC LIMIT 1) AS phone,
           (SELECT json_build_array(value, user_id, seen_at)::text FROM guest_aliases a
             WHERE a.guest = c.guest AND a.kind = 'wa_id' ORDER BY a.seen_at DESC LIMIT 1) AS wa_id,
           (SELECT json_build_array(value, user_id, seen_at)::text FROM guest_aliases a
             WHERE a.guest = c.guest AND a.kind = 'bsuid' ORDER BY a.seen_at DESC LIMIT 1) AS bsuid,
           coalesce(
               (SELECT wamid FROM whatsapp_messages w
                 WHERE w.conversation = d.conversation AND w.seq = d.quotes LIMIT 1),
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
     ORDER BY d.due_at, d.created_at LIMIT $1"
);

const HEAD: &str = head!("d.conversation = $1 ORDER BY d.seq, d.part LIMIT 1");

const WAITING: &str = "SELECT count(*) FROM deliveries WHERE step <> 'done'";

const BEGIN: &str = "
    UPDATE deliveries SET step = 'sending', tries = tries + 1, begun_at = $4, due_at = $5
     WHERE conversation = $1 AND seq = $2 AND part = $3 AND step <> 'done'";

/// A message failed if a part of it did; else it is as far as its last part.
const NEWS: &str = "
    SELECT conversation, seq, reached, error FROM (
        SELECT conversation, seq, CASE WHEN bool_or(state = 2) THEN 2 ELSE min(state) END AS reached,
               max(told) AS told, max(CASE state WHEN 2 THEN error END) AS error
          FROM deliveries
         WHERE (conversation, seq) IN (
                   SELECT conversation, seq FROM deliveries
                    WHERE state > told AND ($1::uuid IS NULL OR conversation = $1))
         GROUP BY conversation, seq) AS messages
     WHERE reached > told
     ORDER BY conversation, seq LIMIT 1000";

const TOLD: &str = "
    UPDATE deliveries SET told = greatest(told, $3) WHERE conversation = $1 AND seq = $2";

/// Of the guest: what the hotel's own phone sent has an id as well, and so has a change of number.
const NEWEST_INBOUND: &str = "
    SELECT wamid FROM whatsapp_messages JOIN events USING (conversation, seq)
     WHERE conversation = $1 AND seq <= $2 AND author_kind = 'guest' ORDER BY seq DESC LIMIT 1";

/// A message goes as a whole, once no part of it is open.
const FORGET: &str = "
    DELETE FROM deliveries WHERE (conversation, seq, part) IN (
        SELECT conversation, seq, part FROM deliveries d
         WHERE created_at < $1
           AND NOT EXISTS (SELECT 1 FROM deliveries o
                            WHERE o.conversation = d.conversation AND o.seq = d.seq AND o.step <> 'done')
         ORDER BY created_at LIMIT 500)";

/// Writes what commits' messages become, within the caller's transaction.
///
/// # Errors
/// What the statement met with.
pub(super) async fn store(conn: &mut PgConnection, commits: &[&Commit]) -> Result<(), Fault> {
    let outgoing = commits.iter().flat_map(|one| one.deliveries.iter().map(move |part| (*one, part)));
    let outgoing: Vec<_> = outgoing.collect();
    if outgoing.is_empty() {
        return Ok(());
    }
    let each = || outgoing.iter().map(|(_, part)| *part);
    sqlx::query(INSERT)
        .bind(outgoing.iter().map(|(commit, _)| commit.snapshot.id.0).collect::<Vec<_>>())
        .bind(each().map(|part| rows::stored(part.seq)).collect::<Vec<_>>())
        .bind(each().map(|part| i64::from(part.part)).collect::<Vec<_>>())
        .bind(each().map(|part| rows::json(&part.payload)).collect::<Result<Vec<_>, _>>()?)
        .bind(
            outgoing.iter().map(|(commit, part)| quotes(commit, part).map(rows::stored)).collect::<Vec<_>>(),
        )
        .bind(outgoing.iter().map(|(commit, _)| commit.snapshot.updated_at.0).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// The message that is answered; only the first part answers.
fn quotes(commit: &Commit, part: &Outgoing) -> Option<Seq> {
    let event = commit.events.iter().find(|event| event.seq == part.seq && part.part == 0)?;
    match &event.kind {
        EventKind::Message(message) => message.reply_to,
        _ => None,
    }
}

#[async_trait]
impl Deliveries for PostgresStore {
    async fn heads(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let found = sqlx::query(HEADS).bind(i64::from(limit)).fetch_all(&self.readers).await;
        let found = found.map_err(Fault::from)?;
        Ok(found.iter().map(delivery).collect::<Result<_, _>>().map_err(Fault::from)?)
    }

    async fn head(&self, conversation: ConversationId) -> Result<Option<Delivery>, StoreError> {
        let found = sqlx::query(HEAD).bind(conversation.0).fetch_optional(&self.readers).await;
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
        let found = sqlx::query(NEWS).bind(of.map(|id| id.0)).fetch_all(&self.readers).await;
        let found = found.map_err(Fault::from)?;
        let news = found.iter().filter_map(|row| news(row).transpose());
        Ok(news.collect::<Result<_, _>>().map_err(Fault::from)?)
    }

    async fn told(&self, news: News) -> Result<(), StoreError> {
        let told = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(TOLD)
                    .bind(news.conversation.0)
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
            .bind(conversation.0)
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

type Query = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// A statement whose first three parameters name a delivery.
fn named(statement: &'static str, key: &DeliveryKey) -> Query {
    sqlx::query(statement).bind(key.conversation.0).bind(rows::stored(key.seq)).bind(i64::from(key.part))
}

fn key_of(row: &PgRow) -> Result<DeliveryKey, sqlx::Error> {
    Ok(DeliveryKey {
        conversation: ConversationId(row.try_get("conversation")?),
        seq: rows::seq_at(row, "seq")?,
        part: u16::try_from(row.try_get::<i64, _>("part")?).map_err(rows::undecodable)?,
    })
}

fn delivery(row: &PgRow) -> Result<Delivery, sqlx::Error> {
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
        tries: rows::count_at(row, "tries")?,
        due_at: rows::time_at(row, "due_at")?,
        unclear_since: begun_at.filter(|_| sending).map(Timestamp),
    })
}

fn news(row: &PgRow) -> Result<Option<News>, sqlx::Error> {
    let Some(state) = rows::delivery_state(row.try_get("reached")?) else { return Ok(None) };
    Ok(Some(News {
        conversation: ConversationId(row.try_get("conversation")?),
        of: rows::seq_at(row, "seq")?,
        state,
        error: row.try_get("error")?,
    }))
}
