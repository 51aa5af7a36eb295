//! The words of a conversation go; its events stay in their places.

use sqlx::PgConnection;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{ConversationId, Seq};

use super::fault::Fault;
use super::{PostgresStore, rows};

const EVENTS: &str = "
    SELECT seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
      FROM events
     WHERE conversation = $1 AND seq > $2 AND seq <= $3
     ORDER BY seq
     LIMIT 500";

const REWRITE: &str = "
    UPDATE events SET author_name = new.author_name, fingerprint = new.fingerprint, body = new.body
      FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[]) AS new (seq, author_name, fingerprint, body)
     WHERE events.conversation = $1 AND events.seq = new.seq";

/// Writes the events up to `through` anew, without anybody's words.
pub(super) async fn redact(
    store: &PostgresStore,
    conversation: ConversationId,
    through: Seq,
) -> Result<(), StoreError> {
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
    conn: &mut PgConnection,
    conversation: ConversationId,
    after: Seq,
    through: Seq,
) -> Result<Option<Seq>, Fault> {
    let found = sqlx::query(EVENTS)
        .bind(conversation.0)
        .bind(rows::stored(after))
        .bind(rows::stored(through))
        .fetch_all(&mut *conn)
        .await?;
    let mut last = None;
    let mut left = Vec::new();
    for row in &found {
        let whole = rows::event(conversation, row)?;
        last = Some(whole.seq);
        let erased = whole.clone().erased();
        if erased != whole {
            left.push(erased);
        }
    }
    if !left.is_empty() {
        rewrite(conn, conversation, &left).await?;
    }
    Ok(last)
}

async fn rewrite(
    conn: &mut PgConnection,
    conversation: ConversationId,
    events: &[Event],
) -> Result<(), Fault> {
    sqlx::query(REWRITE)
        .bind(conversation.0)
        .bind(events.iter().map(|event| rows::stored(event.seq)).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.by.name.as_deref()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.fingerprint.map(u64::cast_signed)).collect::<Vec<_>>())
        .bind(events.iter().map(|event| rows::json(&event.kind)).collect::<Result<Vec<_>, _>>()?)
        .execute(conn)
        .await?;
    Ok(())
}
