//! The words of a conversation go; its events stay in their places.

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ConversationId, Seq};
use sqlx::{Row, SqliteConnection};

use super::fault::Fault;
use super::{SqliteStore, rows};

const EVENTS: &str = "
    SELECT position, places.seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
      FROM places JOIN events USING (position)
     WHERE places.conversation = ?1 AND places.seq > ?2 AND places.seq <= ?3
     ORDER BY places.seq
     LIMIT 500";
const REWRITE: &str = "UPDATE events SET author_name = ?2, fingerprint = ?3, body = ?4 WHERE position = ?1";

/// Writes the events up to `through` anew, without anybody's words.
pub(super) async fn redact(
    store: &SqliteStore,
    conversation: ConversationId,
    through: Seq,
) -> Result<(), StoreError> {
    // In the tables every event has its place, and none is in memory.
    store.fold().await?;
    let write = store.write(move |conn| {
        Box::pin(async move {
            let mut after = 0;
            while let Some(last) = page(&mut *conn, conversation, after, through).await? {
                after = last;
            }
            Ok(())
        })
    });
    Ok(write.await?)
}

async fn page(
    conn: &mut SqliteConnection,
    conversation: ConversationId,
    after: Seq,
    through: Seq,
) -> Result<Option<Seq>, Fault> {
    let found = sqlx::query(EVENTS)
        .bind(rows::key(&conversation.0))
        .bind(rows::stored(after))
        .bind(rows::stored(through))
        .fetch_all(&mut *conn)
        .await?;
    let mut last = None;
    for row in &found {
        let position: i64 = row.try_get("position")?;
        let whole = rows::event(conversation, row)?;
        last = Some(whole.seq);
        let left = whole.clone().erased();
        if left != whole {
            rewrite(conn, position, &left).await?;
        }
    }
    Ok(last)
}

async fn rewrite(conn: &mut SqliteConnection, position: i64, event: &Event) -> Result<(), Fault> {
    sqlx::query(REWRITE)
        .bind(position)
        .bind(event.by.name.as_deref())
        .bind(event.fingerprint.map(u64::cast_signed))
        .bind(rows::json(&event.kind)?)
        .execute(conn)
        .await?;
    Ok(())
}
