//! The list of conversations.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::Snapshot;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::summary::Summary;

use crate::store::{ConversationQuery, ListError, Listing, Page, PageRequest, View};

use super::fault::Fault;
use super::{SqliteStore, rows};
use crate::store::cursor::{self, Place};

/// The list with one view's condition. The conditions on `last_seq` and `status` are written as in the
/// indexes: SQLite uses a partial index only where it finds its condition again.
macro_rules! list {
    ($view:literal) => {
        concat!(
            "SELECT snapshot, waits, age, id
               FROM conversations
              WHERE property = ?1 AND last_seq > 0 AND ",
            $view,
            "   AND (waits, age, id) > (?2, ?3, ?4)
                AND (?5 IS NULL OR ?5 IN (SELECT value FROM json_each(snapshot, '$.tags')))
                AND (?6 IS NULL OR instr(search, ?6) > 0)
              ORDER BY waits, age, id
              LIMIT ?7"
        )
    };
}

pub(super) const ALL: &str = list!("status <> 'closed'");
pub(super) const MINE: &str = list!("status <> 'closed' AND assigned IS NOT NULL AND assigned = ?8");
pub(super) const UNASSIGNED: &str = list!("status <> 'closed' AND assigned IS NULL");
/// The bound on `waits` ends the search where those who wait end.
pub(super) const WAITING: &str =
    list!("status <> 'closed' AND status = 'waiting' AND waits < 9223372036854775807");
pub(super) const CLOSED: &str = list!("status = 'closed'");

const SUMMARY: &str = "SELECT snapshot FROM conversations WHERE id = ?1 AND property = ?2";

#[async_trait]
impl Listing for SqliteStore {
    async fn conversations(
        &self,
        property: PropertyId,
        query: ConversationQuery,
        page: PageRequest,
    ) -> Result<Page<Summary>, ListError> {
        let place = Place::decode(page.cursor.as_deref())?;
        self.settle().await;
        let limit = cursor::clamp(page.limit);
        let (statement, agent) = match query.view {
            View::All => (ALL, None),
            View::Mine(agent) => (MINE, Some(agent)),
            View::Unassigned => (UNASSIGNED, None),
            View::Waiting => (WAITING, None),
            View::Closed => (CLOSED, None),
        };
        let found = sqlx::query(statement)
            .bind(rows::key(&property.0))
            .bind(place.waits)
            .bind(place.age)
            .bind(rows::key(&place.id))
            .bind(query.tag)
            .bind(query.q.as_deref().map(rows::lower))
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .bind(agent.as_ref().map(|agent| rows::key(&agent.0)))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        let found = found.iter().map(placed).collect::<Result<Vec<_>, _>>().map_err(Fault::from)?;
        let page = cursor::page(found, limit, |(_, place)| place.encode());
        Ok(Page { items: page.items.into_iter().map(|(summary, _)| summary).collect(), next: page.next })
    }

    async fn summary(&self, property: PropertyId, id: ConversationId) -> Result<Option<Summary>, StoreError> {
        if let Some(newest) = self.tail.snapshot(id) {
            return Ok(Some(newest.summary()).filter(|_| newest.property == property));
        }
        let found = sqlx::query(SUMMARY)
            .bind(rows::key(&id.0))
            .bind(rows::key(&property.0))
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(found.as_ref().map(summary).transpose().map_err(Fault::from)?)
    }
}

fn summary(row: &SqliteRow) -> Result<Summary, sqlx::Error> {
    rows::json_at::<Snapshot>(row, "snapshot").map(|snapshot| snapshot.summary())
}

fn placed(row: &SqliteRow) -> Result<(Summary, Place), sqlx::Error> {
    let place = Place { waits: row.try_get("waits")?, age: row.try_get("age")?, id: rows::id_at(row, "id")? };
    Ok((summary(row)?, place))
}
