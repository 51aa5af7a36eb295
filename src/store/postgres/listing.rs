//! The list of conversations.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::Snapshot;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::summary::Summary;

use crate::store::cursor::{self, Place};
use crate::store::{ConversationQuery, ListError, Listing, Page, PageRequest, View};

use super::PostgresStore;
use super::fault::Fault;
use super::rows;

/// The list with one view's condition. The conditions on `last_seq` and `status` are written as in the indexes:
/// a partial index is used only where its condition is found again.
macro_rules! list {
    ($view:literal) => {
        concat!(
            "SELECT snapshot, waits, age, id
               FROM conversations
              WHERE property = $1 AND last_seq > 0 AND ",
            $view,
            "   AND (waits, age, id) > ($2, $3, $4)
                AND ($5::text IS NULL OR $5 = ANY(tags))
                AND ($6::text IS NULL OR strpos(search, $6) > 0)
                AND ($8::uuid IS NULL OR assigned = $8)
              ORDER BY waits, age, id
              LIMIT $7"
        )
    };
}

const ALL: &str = list!("status <> 'closed'");
const MINE: &str = list!("status <> 'closed' AND assigned IS NOT NULL AND assigned = $8");
const UNASSIGNED: &str = list!("status <> 'closed' AND assigned IS NULL");
/// The bound on `waits` ends the search where those who wait end.
const WAITING: &str = list!("status <> 'closed' AND status = 'waiting' AND waits < 9223372036854775807");
const CLOSED: &str = list!("status = 'closed'");

const SUMMARY: &str = "SELECT snapshot FROM conversations WHERE id = $1 AND property = $2";

#[async_trait]
impl Listing for PostgresStore {
    async fn conversations(
        &self,
        property: PropertyId,
        query: ConversationQuery,
        page: PageRequest,
    ) -> Result<Page<Summary>, ListError> {
        let place = Place::decode(page.cursor.as_deref())?;
        let limit = cursor::clamp(page.limit);
        let (statement, agent) = match query.view {
            View::All => (ALL, None),
            View::Mine(agent) => (MINE, Some(agent)),
            View::Unassigned => (UNASSIGNED, None),
            View::Waiting => (WAITING, None),
            View::Closed => (CLOSED, None),
        };
        let found = sqlx::query(statement)
            .bind(property.0)
            .bind(place.waits)
            .bind(place.age)
            .bind(place.id)
            .bind(query.tag.as_deref().map(rows::plain))
            .bind(query.q.as_deref().map(|q| rows::plain(&rows::lower(q)).into_owned()))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .bind(agent.map(|agent| agent.0))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        let found = found.iter().map(placed).collect::<Result<Vec<_>, _>>().map_err(Fault::from)?;
        let page = cursor::page(found, limit, |(_, place)| place.encode());
        Ok(Page { items: page.items.into_iter().map(|(summary, _)| summary).collect(), next: page.next })
    }

    async fn summary(&self, property: PropertyId, id: ConversationId) -> Result<Option<Summary>, StoreError> {
        let found = sqlx::query(SUMMARY)
            .bind(id.0)
            .bind(property.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(found.as_ref().map(summary).transpose().map_err(Fault::from)?)
    }
}

pub(super) fn summary(row: &PgRow) -> Result<Summary, sqlx::Error> {
    rows::json_at::<Snapshot>(row, "snapshot").map(|snapshot| snapshot.summary())
}

fn placed(row: &PgRow) -> Result<(Summary, Place), sqlx::Error> {
    let place = Place { waits: row.try_get("waits")?, age: row.try_get("age")?, id: row.try_get("id")? };
    Ok((summary(row)?, place))
}
