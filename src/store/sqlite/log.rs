//! The log of all conversations: the actors' port.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use frontdesk_actors::ports::{
    Acquainted, Commit, DueFile, FileFate, ModelCall, OddNames, PassedNumber, Person, Span, Store, StoreError,
};
use frontdesk_domain::conversation::{CommandKey, Conversation, FoundFile, Receipt, Snapshot};
use frontdesk_domain::event::Event;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId, Seq};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::people::{AgentRef, Audience};
use frontdesk_domain::pool::Spent;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::fault::Fault;
use super::{SqliteStore, aliases, attachments, books, redact, rows};

/// All that the tables say of a conversation in one statement, so that its parts are of one moment.
const LOAD: &str = "
    SELECT conversations.snapshot,
           turns.turn, turns.opened_at, turns.restarts, turns.recoveries, turns.after_seq, turns.through_seq,
           (SELECT max(through_seq) FROM ended_turns
             WHERE ended_turns.conversation = conversations.id AND NOT carried) AS settled,
           (SELECT json_group_array(json_array(author_kind, lower(nullif(hex(author_id), '')), client_id,
                                               places.seq, fingerprint) ORDER BY places.seq)
              FROM places JOIN events USING (position)
             WHERE places.conversation = conversations.id
               AND client_id IS NOT NULL AND fingerprint IS NOT NULL) AS receipts
      FROM conversations LEFT JOIN turns ON turns.conversation = conversations.id
     WHERE conversations.id = ?1";

const EVENTS_AFTER: &str = "
    SELECT places.seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
      FROM places JOIN events USING (position)
     WHERE places.conversation = ?1 AND places.seq > ?2 AND places.seq < ?3 AND (guest_visible OR ?4)
     ORDER BY places.seq
     LIMIT ?5";

const EVENTS_BEFORE: &str = "
    SELECT places.seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
      FROM places JOIN events USING (position)
     WHERE places.conversation = ?1 AND places.seq > ?2 AND places.seq < ?3 AND (guest_visible OR ?4)
     ORDER BY places.seq DESC
     LIMIT ?5";

/// Looks at the whole conversation: asked only about ids that are probably in there.
const RECEIPT: &str = "
    SELECT places.seq, fingerprint
      FROM places JOIN events USING (position)
     WHERE places.conversation = ?1 AND client_id = ?2 AND author_kind = ?3 AND author_id IS ?4
       AND fingerprint IS NOT NULL
     LIMIT 1";

const OPEN_TURNS: &str = "SELECT conversation AS id FROM turns ORDER BY opened_at";

/// Those that stand before all who wait, see `rows::waits_since`.
const ALARMS: &str = "
    SELECT conversations.id, snapshot FROM conversations JOIN properties ON conversations.property = properties.id
     WHERE last_seq > 0 AND status <> 'closed' AND waits < 0";

const DUE_SNOOZES: &str = "
    SELECT id FROM conversations
     WHERE snoozed_until IS NOT NULL AND snoozed_until <= ?1
     ORDER BY snoozed_until
     LIMIT 1000";

const ASSIGNABLE: &str = "
    SELECT name FROM agents WHERE id = ?1 AND property = ?2 AND NOT disabled AND role <> 'viewer'";

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, conversation: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let newest = self.tail.part(conversation, 0);
        let row = sqlx::query(LOAD)
            .bind(rows::key(&conversation.0))
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        let decode = |row: &SqliteRow| rows::conversation(row, newest).map_err(Fault::from);
        Ok(row.as_ref().map(decode).transpose()?)
    }

    async fn receipt(
        &self,
        conversation: ConversationId,
        key: &CommandKey,
    ) -> Result<Option<Receipt>, StoreError> {
        let (author, id) = key;
        // First where the newest are: what goes from there is in the tables by then.
        let newest = self.tail.part(conversation, 0).map_or_else(Vec::new, |part| part.events);
        let mut newest = newest.iter().filter_map(|(_, event)| rows::receipt(event));
        if let Some((_, receipt)) = newest.find(|(known, _)| known == key) {
            return Ok(Some(receipt));
        }
        let found = sqlx::query(RECEIPT)
            .bind(rows::key(&conversation.0))
            .bind(id.as_str())
            .bind(rows::author_kind(author.kind))
            .bind(author.id.as_ref().map(rows::key))
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(found.as_ref().map(rows::stored_receipt).transpose().map_err(Fault::from)?)
    }

    async fn append(&self, commit: Commit) -> Result<(), StoreError> {
        self.commit(commit).await
    }

    async fn events(
        &self,
        conversation: ConversationId,
        audience: Audience,
        span: Span,
    ) -> Result<Vec<Event>, StoreError> {
        let (after, before, limit) = match span {
            Span::After { after, limit } => (after, Seq::MAX, limit as usize),
            Span::Newest { before, limit } => (0, before.unwrap_or(Seq::MAX), limit as usize),
        };
        // The newest from memory, and from the tables what is older than those.
        let newest = self.tail.part(conversation, after).map_or_else(Vec::new, |part| part.events);
        let older_than = newest.first().map_or(before, |(_, event)| event.seq.min(before));
        let seen = |(_, event): (i64, Event)| {
            Some(event).filter(|event| event.seq < before && event.kind.seen_by(audience))
        };
        let mut newest: Vec<Event> = newest.into_iter().filter_map(seen).collect();
        let older = async |statement: &'static str, limit: usize| {
            if limit == 0 || older_than.saturating_sub(after) < 2 {
                return Ok(Vec::new());
            }
            let found = sqlx::query(statement)
                .bind(rows::key(&conversation.0))
                .bind(rows::stored(after))
                .bind(rows::stored(older_than))
                .bind(audience == Audience::Agents)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(&self.readers)
                .await?;
            found.iter().map(|row| rows::event(conversation, row)).collect::<Result<Vec<_>, sqlx::Error>>()
        };
        match span {
            Span::After { .. } => {
                let mut events = older(EVENTS_AFTER, limit).await.map_err(Fault::from)?;
                newest.truncate(limit - events.len());
                events.append(&mut newest);
                Ok(events)
            }
            Span::Newest { .. } => {
                newest.drain(..newest.len().saturating_sub(limit));
                let mut events = older(EVENTS_BEFORE, limit - newest.len()).await.map_err(Fault::from)?;
                events.reverse();
                events.append(&mut newest);
                Ok(events)
            }
        }
    }

    async fn redact(&self, conversation: ConversationId, through: Seq) -> Result<(), StoreError> {
        redact::redact(self, conversation, through).await
    }

    async fn open_turns(&self) -> Result<Vec<ConversationId>, StoreError> {
        let found = sqlx::query(OPEN_TURNS).fetch_all(&self.readers).await.map_err(Fault::from)?;
        ids(&found)
    }

    async fn alarms(&self) -> Result<Vec<ConversationId>, StoreError> {
        self.settle().await;
        let found = sqlx::query(ALARMS).fetch_all(&self.readers).await.map_err(Fault::from)?;
        let mut ringing = Vec::new();
        for row in &found {
            let snapshot: Snapshot = rows::json_at(row, "snapshot").map_err(Fault::from)?;
            if snapshot.alarm.is_some() {
                ringing.push(snapshot.id);
            }
        }
        Ok(ringing)
    }

    async fn book(&self, calls: Vec<ModelCall>) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(books::add(conn, calls))).await?)
    }

    async fn spent(&self, since: Timestamp) -> Result<Spent, StoreError> {
        Ok(books::spent(&self.readers, since).await?)
    }

    async fn due_snoozes(&self, now: Timestamp) -> Result<Vec<ConversationId>, StoreError> {
        self.settle().await;
        let found =
            sqlx::query(DUE_SNOOZES).bind(now.0).fetch_all(&self.readers).await.map_err(Fault::from)?;
        ids(&found)
    }

    async fn files(&self, ids: Vec<Uuid>) -> Result<Vec<FoundFile>, StoreError> {
        attachments::files(self, ids).await
    }

    async fn message_of(&self, wamid: &str) -> Result<Option<(ConversationId, Seq)>, StoreError> {
        aliases::message_of(self, wamid).await
    }

    async fn acquaint(&self, person: Person, make: bool) -> Result<Option<Acquainted>, StoreError> {
        aliases::acquaint(self, person, make).await
    }

    async fn learn(
        &self,
        guest: GuestId,
        property: PropertyId,
        names: Vec<Alias>,
        at: Timestamp,
    ) -> Result<OddNames, StoreError> {
        aliases::learn(self, guest, property, names, at).await
    }

    async fn passed_numbers(&self, limit: u32) -> Result<Vec<PassedNumber>, StoreError> {
        aliases::passed_numbers(self, limit).await
    }

    async fn told_of(&self, number: PassedNumber) -> Result<(), StoreError> {
        aliases::told_of(self, number).await
    }

    async fn due_files(&self, now: Timestamp, limit: u32) -> Result<Vec<DueFile>, StoreError> {
        attachments::due(self, now, limit).await
    }

    async fn put_file(&self, id: Uuid, fate: FileFate) -> Result<(), StoreError> {
        attachments::put(self, id, fate).await
    }

    async fn assignable(&self, property: PropertyId, agent: AgentId) -> Result<Option<AgentRef>, StoreError> {
        let found = sqlx::query(ASSIGNABLE)
            .bind(rows::key(&agent.0))
            .bind(rows::key(&property.0))
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        let Some(row) = found else { return Ok(None) };
        Ok(Some(AgentRef { id: agent, name: row.try_get("name").map_err(Fault::from)? }))
    }
}

fn ids(found: &[SqliteRow]) -> Result<Vec<ConversationId>, StoreError> {
    let decode = |row| rows::id_at(row, "id").map(ConversationId).map_err(Fault::from);
    Ok(found.iter().map(decode).collect::<Result<_, _>>()?)
}
