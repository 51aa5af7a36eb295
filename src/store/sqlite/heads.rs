//! Where each conversation stands, as the one writer knows it: what a commit must follow on.

use std::collections::{HashMap, HashSet};

use sqlx::{Row, SqliteConnection};

use frontdesk_actors::ports::{Commit, StoreError};
use frontdesk_domain::ids::{ConversationId, Seq};

use crate::store::jobs::begins_after;

use super::rows;

/// How many conversations are kept in mind. Beyond, all are forgotten when the tables have caught up: those
/// that are still written to are looked up again.
const KNOWN_MAX: usize = 65_536;

const LAST_SEQS: &str = "
    SELECT id, last_seq FROM conversations
     WHERE id IN (SELECT substr(?2, value, 16) FROM json_each(?1))";

/// The ends of the conversations and of the log. Right as long as nobody else writes to the file, which the
/// lock beside it sees to; made anew with every connection.
#[derive(Debug)]
pub(super) struct Heads {
    known: HashMap<ConversationId, Seq>,
    /// The last position of the log.
    position: i64,
}

impl Heads {
    /// Of a log that ends at `position` and with which the tables have caught up.
    pub(super) fn of_log(position: i64) -> Self {
        Self { known: HashMap::new(), position }
    }

    /// The last position of the log.
    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Looks those up that are not known yet. The tables are right about them: nothing of theirs is in the tail.
    ///
    /// # Errors
    /// What the database said.
    pub(super) async fn learn(
        &mut self,
        wanted: impl Iterator<Item = ConversationId>,
        conn: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        let mut keys = Vec::new();
        let mut places = String::new();
        for id in wanted.filter(|id| !self.known.contains_key(id)) {
            places.push(if places.is_empty() { '[' } else { ',' });
            places.push_str(&(keys.len() + 1).to_string());
            keys.extend_from_slice(rows::key(&id.0));
        }
        if places.is_empty() {
            return Ok(());
        }
        places.push(']');
        for row in sqlx::query(LAST_SEQS).bind(places).bind(keys).fetch_all(conn).await? {
            let id = ConversationId(rows::id_at(&row, "id")?);
            self.known.insert(id, row.try_get::<i64, _>("last_seq")?.cast_unsigned());
        }
        Ok(())
    }

    /// Takes over what was synced.
    pub(super) fn advance(&mut self, caught_up: bool, moved: HashMap<ConversationId, Seq>, position: i64) {
        if caught_up && self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
        self.known.extend(moved);
        self.position = position;
    }
}

/// The ends as they will be after a group.
pub(super) struct Ahead<'h> {
    heads: &'h Heads,
    moved: HashMap<ConversationId, Seq>,
    position: i64,
    /// Of which a commit was left out.
    refused: HashSet<ConversationId>,
}

impl<'h> Ahead<'h> {
    pub(super) fn of(heads: &'h Heads) -> Self {
        Self { heads, moved: HashMap::new(), position: heads.position, refused: HashSet::new() }
    }

    /// Puts a commit at the end of its conversation and of the log. Says the position before its first event.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it does not begin where its conversation ends, or leaves a hole, or there
    /// is no such conversation; and if one before it was refused: what was built on that must not stand on
    /// another one in its place.
    pub(super) fn follow(&mut self, commit: &Commit) -> Result<i64, StoreError> {
        if self.refused.contains(&commit.snapshot.id) {
            return Err(StoreError::Conflict);
        }
        let followed = self.try_follow(commit);
        if followed.is_err() {
            self.refuse(commit);
        }
        followed
    }

    fn try_follow(&mut self, commit: &Commit) -> Result<i64, StoreError> {
        let snapshot = &commit.snapshot;
        let known = self.moved.get(&snapshot.id).or_else(|| self.heads.known.get(&snapshot.id));
        if known != Some(&begins_after(commit)?) {
            return Err(StoreError::Conflict);
        }
        self.moved.insert(snapshot.id, snapshot.last_seq);
        let before = self.position;
        self.position += i64::try_from(commit.events.len()).unwrap_or(i64::MAX);
        Ok(before)
    }

    fn refuse(&mut self, commit: &Commit) {
        self.refused.insert(commit.snapshot.id);
    }

    /// Takes back the commit that was put at the end last.
    pub(super) fn take_back(&mut self, commit: &Commit) {
        self.moved.insert(commit.snapshot.id, commit.snapshot.last_seq - commit.events.len() as Seq);
        self.refuse(commit);
    }

    /// What is to be taken over once it is synced.
    pub(super) fn into_moved(self) -> (HashMap<ConversationId, Seq>, i64) {
        (self.moved, self.position)
    }
}
