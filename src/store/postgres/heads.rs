//! Where conversations stand, moved on by commits.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::conversation::Snapshot;
use frontdesk_domain::event::Status;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::letter::NodeId;

use crate::store::jobs::begins_after;

use super::fault::Fault;
use super::rows::{self, plain};

/// Only of those that still stand where their first commit begins, and that are this process's if it has a name.
const MOVE_ON: &str = "
    UPDATE conversations
       SET last_seq = new.last_seq,
           status = new.status,
           assigned = new.assigned,
           waiting_since = new.waiting_since,
           snoozed_until = new.snoozed_until,
           updated_at = new.updated_at,
           tags = ARRAY(SELECT json_array_elements_text(new.tags::json)),
           search = new.search,
           snapshot = new.snapshot
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[],
                  $8::bigint[], $9::text[], $10::text[], $11::text[])
           AS new (id, before, last_seq, status, assigned, waiting_since, snoozed_until, updated_at, tags, search,
                   snapshot)
     WHERE conversations.id = new.id AND conversations.last_seq = new.before
       AND ($12::uuid IS NULL OR conversations.owner = $12)
    RETURNING conversations.id";

/// What a group's commits do to each conversation: they form a chain.
#[derive(Default)]
pub(super) struct Chains<'a> {
    of: HashMap<ConversationId, Chain<'a>>,
    /// Of which a commit was left out.
    refused: HashSet<ConversationId>,
}

struct Chain<'a> {
    /// Where the first commit begins.
    before: Seq,
    /// As the last one leaves it.
    snapshot: &'a Snapshot,
}

impl<'a> Chains<'a> {
    /// Puts a commit at the end of its conversation's chain.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it does not begin where the one before it ends; and if that one was refused:
    /// what was built on it must not stand on another one in its place.
    pub(super) fn follow(&mut self, commit: &'a Commit) -> Result<(), StoreError> {
        let snapshot = &*commit.snapshot;
        let followed = begins_after(commit).and_then(|before| {
            if self.refused.contains(&snapshot.id) {
                return Err(StoreError::Conflict);
            }
            match self.of.entry(snapshot.id) {
                Entry::Vacant(none) => {
                    none.insert(Chain { before, snapshot });
                    Ok(())
                }
                Entry::Occupied(mut chain) if chain.get().snapshot.last_seq == before => {
                    chain.get_mut().snapshot = snapshot;
                    Ok(())
                }
                Entry::Occupied(_) => Err(StoreError::Conflict),
            }
        });
        if followed.is_err() {
            self.refused.insert(snapshot.id);
        }
        followed
    }

    /// Writes how the conversations stand after their chains. Says which of them stood where their chains begin, and
    /// are this process's; the others are left as they are.
    ///
    /// # Errors
    /// What the statement met with.
    pub(super) async fn store(
        self,
        conn: &mut PgConnection,
        me: Option<NodeId>,
    ) -> Result<HashSet<ConversationId>, Fault> {
        if self.of.is_empty() {
            return Ok(HashSet::new());
        }
        let mut chains: Vec<_> = self.of.into_values().collect();
        // In one order, whoever writes: two who write to the same ones wait for each other and not in a circle.
        chains.sort_unstable_by_key(|chain| chain.snapshot.id);
        let each = || chains.iter().map(|chain| chain.snapshot);
        let snoozed = |one: &Snapshot| one.until.filter(|_| one.status == Status::Snoozed).map(|at| at.0);
        let moved: Vec<Uuid> = sqlx::query_scalar(MOVE_ON)
            .bind(each().map(|one| one.id.0).collect::<Vec<_>>())
            .bind(chains.iter().map(|chain| rows::stored(chain.before)).collect::<Vec<_>>())
            .bind(each().map(|one| rows::stored(one.last_seq)).collect::<Vec<_>>())
            .bind(each().map(|one| rows::status(one.status)).collect::<Vec<_>>())
            .bind(each().map(|one| one.assigned.as_ref().map(|agent| agent.id.0)).collect::<Vec<_>>())
            .bind(each().map(rows::waits_since).collect::<Vec<_>>())
            .bind(each().map(snoozed).collect::<Vec<_>>())
            .bind(each().map(|one| one.updated_at.0).collect::<Vec<_>>())
            .bind(each().map(tags).collect::<Result<Vec<_>, _>>()?)
            .bind(each().map(|one| plain(&rows::searched_of(one)).into_owned()).collect::<Vec<_>>())
            .bind(each().map(rows::json).collect::<Result<Vec<_>, _>>()?)
            .bind(me.map(|me| me.0))
            .fetch_all(conn)
            .await?;
        Ok(moved.into_iter().map(ConversationId).collect())
    }
}

/// A JSON array: PostgreSQL takes no array of arrays of several lengths.
fn tags(snapshot: &Snapshot) -> Result<String, sqlx::Error> {
    rows::json(&snapshot.tags.iter().map(|tag| plain(tag)).collect::<Vec<_>>())
}
