//! Storing commits: their events, how their conversations stand, and what goes with them.

use sqlx::PgConnection;

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::ClientId;
use frontdesk_domain::letter::NodeId;
use frontdesk_domain::people::Audience;

use super::fault::Fault;
use super::heads::Chains;
use super::rows::{self, plain};
use super::{attachments, deliveries, turns};

const INSERT_EVENTS: &str = "
    INSERT INTO events (conversation, seq, at, author_kind, author_id, author_name, client_id, fingerprint,
                        guest_prev, guest_visible, kind, body)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::text[],
                         $8::bigint[], $9::bigint[], $10::boolean[], $11::text[], $12::text[])";

/// Stores commits, within the caller's transaction. Says of each if it was stored: one that does not begin where
/// its conversation ends, or is none of this process's, is left out, and so is what was built on it.
///
/// # Errors
/// [`StoreError::Conflict`] if what one of them names is taken; otherwise what the database said. Either way the
/// caller rolls back.
pub(super) async fn store(
    conn: &mut PgConnection,
    commits: &[&Commit],
    me: Option<NodeId>,
) -> Result<Vec<Result<(), StoreError>>, Fault> {
    let mut chains = Chains::default();
    let mut outcomes: Vec<_> = commits.iter().map(|commit| chains.follow(commit)).collect();
    let moved = chains.store(&mut *conn, me).await?;
    let mut stored = Vec::with_capacity(commits.len());
    for (commit, outcome) in commits.iter().zip(&mut outcomes) {
        if outcome.is_ok() && moved.contains(&commit.snapshot.id) {
            stored.push(*commit);
        } else {
            *outcome = Err(StoreError::Conflict);
        }
    }
    insert_events(&mut *conn, &stored).await?;
    turns::store(&mut *conn, &stored).await?;
    attachments::store(&mut *conn, &stored).await?;
    deliveries::store(conn, &stored).await?;
    Ok(outcomes)
}

async fn insert_events(conn: &mut PgConnection, commits: &[&Commit]) -> Result<(), Fault> {
    let events: Vec<&Event> = commits.iter().flat_map(|commit| &commit.events).collect();
    if events.is_empty() {
        return Ok(());
    }
    let each = || events.iter();
    sqlx::query(INSERT_EVENTS)
        .bind(each().map(|event| event.conversation.0).collect::<Vec<_>>())
        .bind(each().map(|event| rows::stored(event.seq)).collect::<Vec<_>>())
        .bind(each().map(|event| event.at.0).collect::<Vec<_>>())
        .bind(each().map(|event| rows::author_kind(event.by.kind)).collect::<Vec<_>>())
        .bind(each().map(|event| event.by.id).collect::<Vec<_>>())
        .bind(each().map(|event| event.by.name.as_deref().map(plain)).collect::<Vec<_>>())
        .bind(each().map(|event| event.id.as_ref().map(ClientId::as_str)).collect::<Vec<_>>())
        .bind(each().map(|event| event.fingerprint.map(u64::cast_signed)).collect::<Vec<_>>())
        .bind(each().map(|event| rows::stored(event.guest_prev)).collect::<Vec<_>>())
        .bind(each().map(|event| event.kind.seen_by(Audience::Guest)).collect::<Vec<_>>())
        .bind(each().map(|event| event.kind.name()).collect::<Vec<_>>())
        .bind(each().map(|event| rows::json(&event.kind)).collect::<Result<Vec<_>, _>>()?)
        .execute(conn)
        .await?;
    Ok(())
}
