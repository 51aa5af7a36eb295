//! The log of all conversations: the actors' port.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;

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
use super::{PostgresStore, aliases, attachments, books, redact, rows};

/// All of a conversation in one statement, so that its parts are of one moment.
const LOAD: &str = "
    SELECT conversations.snapshot,
           turns.turn, turns.opened_at, turns.restarts, turns.recoveries, turns.after_seq, turns.through_seq,
           (SELECT coalesce(json_agg(json_build_array(author_kind, author_id, client_id, seq, fingerprint)
                                     ORDER BY seq), '[]')::text
              FROM events
             WHERE events.conversation = conversations.id
               AND client_id IS NOT NULL AND fingerprint IS NOT NULL) AS receipts
      FROM conversations LEFT JOIN turns ON turns.conversation = conversations.id
     WHERE conversations.id = $1";

const EVENTS_AFTER: &str = "
    SELECT seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
      FROM events
     WHERE conversation = $1 AND seq > $2 AND (guest_visible OR $3)
     ORDER BY seq
     LIMIT $4";

const EVENTS_BEFORE: &str = "
    SELECT seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev, body
      FROM events
     WHERE conversation = $1 AND seq < $2 AND (guest_visible OR $3)
     ORDER BY seq DESC
     LIMIT $4";

const RECEIPT: &str = "
    SELECT seq, fingerprint
      FROM events
     WHERE conversation = $1 AND client_id = $2 AND author_kind = $3 AND author_id IS NOT DISTINCT FROM $4
       AND fingerprint IS NOT NULL
     LIMIT 1";

const OPEN_TURNS: &str = "SELECT conversation FROM turns ORDER BY opened_at";

/// Those that stand before all who wait, see `columns::waits_since`.
const ALARMS: &str = "
    SELECT conversations.id, snapshot FROM conversations JOIN properties ON conversations.property = properties.id
     WHERE last_seq > 0 AND status <> 'closed' AND waits < 0";

const DUE_SNOOZES: &str = "
    SELECT id FROM conversations
     WHERE snoozed_until IS NOT NULL AND snoozed_until <= $1
     ORDER BY snoozed_until
     LIMIT 1000";

const ASSIGNABLE: &str = "
    SELECT name FROM agents WHERE id = $1 AND property = $2 AND NOT disabled AND role <> 'viewer'";

#[async_trait]
impl Store for PostgresStore {
    async fn load(&self, conversation: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let row = sqlx::query(LOAD).bind(conversation.0).fetch_optional(&self.readers).await;
        let row = row.map_err(Fault::from)?;
        Ok(row.as_ref().map(rows::conversation).transpose().map_err(Fault::from)?)
    }

    async fn receipt(
        &self,
        conversation: ConversationId,
        key: &CommandKey,
    ) -> Result<Option<Receipt>, StoreError> {
        let (author, id) = key;
        let found = sqlx::query(RECEIPT)
            .bind(conversation.0)
            .bind(id.as_str())
            .bind(rows::author_kind(author.kind))
            .bind(author.id)
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
        let (statement, from, limit) = match span {
            Span::After { after, limit } => (EVENTS_AFTER, after, limit),
            Span::Newest { before, limit } => (EVENTS_BEFORE, before.unwrap_or(Seq::MAX), limit),
        };
        let found = sqlx::query(statement)
            .bind(conversation.0)
            .bind(rows::stored(from))
            .bind(audience == Audience::Agents)
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(Fault::from)?;
        let events = found.iter().map(|row| rows::event(conversation, row));
        let mut events = events.collect::<Result<Vec<_>, _>>().map_err(Fault::from)?;
        if matches!(span, Span::Newest { .. }) {
            events.reverse();
        }
        Ok(events)
    }

    async fn redact(&self, conversation: ConversationId, through: Seq) -> Result<(), StoreError> {
        redact::redact(self, conversation, through).await
    }

    async fn open_turns(&self) -> Result<Vec<ConversationId>, StoreError> {
        let found = sqlx::query_scalar(OPEN_TURNS).fetch_all(&self.readers).await;
        Ok(conversations(found)?)
    }

    async fn alarms(&self) -> Result<Vec<ConversationId>, StoreError> {
        let found = sqlx::query(ALARMS).fetch_all(&self.readers).await.map_err(Fault::from)?;
        let decode = |row: &PgRow| rows::json_at::<Snapshot>(row, "snapshot");
        let found = found.iter().map(decode).collect::<Result<Vec<_>, _>>().map_err(Fault::from)?;
        Ok(found.into_iter().filter(|one| one.alarm.is_some()).map(|one| one.id).collect())
    }

    async fn book(&self, calls: Vec<ModelCall>) -> Result<(), StoreError> {
        Ok(self.write(move |conn| Box::pin(books::add(conn, calls))).await?)
    }

    async fn spent(&self, since: Timestamp) -> Result<Spent, StoreError> {
        Ok(books::spent(&self.readers, since).await?)
    }

    async fn due_snoozes(&self, now: Timestamp) -> Result<Vec<ConversationId>, StoreError> {
        let found = sqlx::query_scalar(DUE_SNOOZES).bind(now.0).fetch_all(&self.readers).await;
        Ok(conversations(found)?)
    }

    async fn files(&self, ids: Vec<Uuid>) -> Result<Vec<FoundFile>, StoreError> {
        attachments::files(self, &ids).await
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
            .bind(agent.0)
            .bind(property.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        let Some(row) = found else { return Ok(None) };
        Ok(Some(AgentRef { id: agent, name: row.try_get("name").map_err(Fault::from)? }))
    }
}

fn conversations(found: Result<Vec<Uuid>, sqlx::Error>) -> Result<Vec<ConversationId>, Fault> {
    Ok(found?.into_iter().map(ConversationId).collect())
}
