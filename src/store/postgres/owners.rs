//! Which process has which conversation.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use frontdesk_actors::ports::{Claim, Owners, Standing, StoreError};
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::letter::NodeId;
use frontdesk_domain::summary::Summary;
use frontdesk_domain::timestamp::Timestamp;

use super::fault::Fault;
use super::listing::summary;
use super::{PostgresStore, rows};

/// Whose a conversation is need not be on disk: a server that forgets it refuses the commits of who believes to
/// have it, and that one asks again.
const NO_SYNC: &str = "SET LOCAL synchronous_commit = off";

/// Says whose it is then.
const CLAIM: &str = "UPDATE conversations SET owner = coalesce(owner, $2) WHERE id = $1 RETURNING owner";
const OWNER: &str = "SELECT owner FROM conversations WHERE id = $1";
const SEIZE: &str = "
    UPDATE conversations SET owner = $2 WHERE id = $1 AND owner = $3
    RETURNING EXISTS (SELECT 1 FROM turns WHERE turns.conversation = conversations.id)";
const NOTE_TAKEN: &str = "
    INSERT INTO taken (conversation, owner) VALUES ($1, $2)
        ON CONFLICT (owner, conversation) DO UPDATE SET at = now()";
/// What processes that are gone were never told.
const PRUNE_TAKEN: &str = "DELETE FROM taken WHERE at < now() - interval '1 hour'";
const RELEASE: &str = "UPDATE conversations SET owner = NULL WHERE id = $1 AND owner = $2";
const LOST: &str = "SELECT conversation FROM taken WHERE owner = $1";
const FORGET_LOST: &str = "DELETE FROM taken WHERE owner = $1 AND conversation = ANY($2)";
const STANDING: &str = "SELECT id, owner, last_seq FROM conversations WHERE id = ANY($1)";
const CHANGED_SINCE: &str = "
    SELECT snapshot FROM conversations
     WHERE updated_at >= $1 AND last_seq > 0
     ORDER BY updated_at DESC
     LIMIT $2";

impl PostgresStore {
    /// As which process we are known. Alone we have no name, and none of this is asked.
    fn me(&self) -> Result<NodeId, StoreError> {
        self.node.ok_or_else(|| StoreError::Unavailable("this process is alone".to_owned()))
    }

    /// Claims, and otherwise says whose it is.
    async fn try_claim(&self, conversation: ConversationId) -> Result<Claim, Fault> {
        let me = self.me()?;
        let owner: Option<Option<Uuid>> =
            sqlx::query_scalar(OWNER).bind(conversation.0).fetch_optional(&self.readers).await?;
        match owner {
            None => return Ok(Claim::Nobodys),
            Some(Some(owner)) if owner == me.0 => return Ok(Claim::Ours { turn_open: false }),
            Some(Some(owner)) => return Ok(Claim::Theirs(NodeId(owner))),
            Some(None) => {}
        }
        let mut tx = self.readers.begin().await?;
        sqlx::query(NO_SYNC).execute(&mut *tx).await?;
        let owner: Uuid =
            sqlx::query_scalar(CLAIM).bind(conversation.0).bind(me.0).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(if owner == me.0 { Claim::Ours { turn_open: false } } else { Claim::Theirs(NodeId(owner)) })
    }

    async fn try_seize(&self, conversation: ConversationId, from: NodeId) -> Result<Claim, Fault> {
        let me = self.me()?;
        let mut tx = self.readers.begin().await?;
        let seized =
            sqlx::query_scalar(SEIZE).bind(conversation.0).bind(me.0).bind(from.0).fetch_optional(&mut *tx);
        let claim = match seized.await? {
            Some(turn_open) => {
                sqlx::query(NOTE_TAKEN).bind(conversation.0).bind(from.0).execute(&mut *tx).await?;
                sqlx::query(PRUNE_TAKEN).execute(&mut *tx).await?;
                Claim::Ours { turn_open }
            }
            // Somebody was quicker, or its owner let go of it: who asks again finds out.
            None => {
                let owner: Option<Option<Uuid>> =
                    sqlx::query_scalar(OWNER).bind(conversation.0).fetch_optional(&mut *tx).await?;
                owner.map_or(Claim::Nobodys, |owner| Claim::Theirs(NodeId(owner.unwrap_or_default())))
            }
        };
        tx.commit().await?;
        Ok(claim)
    }
}

#[async_trait]
impl Owners for PostgresStore {
    async fn claim(&self, conversation: ConversationId) -> Result<Claim, StoreError> {
        Ok(self.try_claim(conversation).await?)
    }

    async fn seize(&self, conversation: ConversationId, from: NodeId) -> Result<Claim, StoreError> {
        Ok(self.try_seize(conversation, from).await?)
    }

    async fn release(&self, conversation: ConversationId) -> Result<(), StoreError> {
        let me = self.me()?;
        let released = async {
            let mut tx = self.readers.begin().await?;
            sqlx::query(NO_SYNC).execute(&mut *tx).await?;
            sqlx::query(RELEASE).bind(conversation.0).bind(me.0).execute(&mut *tx).await?;
            tx.commit().await
        };
        Ok(released.await.map_err(Fault::from)?)
    }

    async fn lost(&self) -> Result<Vec<ConversationId>, StoreError> {
        let lost = sqlx::query_scalar(LOST).bind(self.me()?.0).fetch_all(&self.readers).await;
        Ok(lost.map_err(Fault::from)?.into_iter().map(ConversationId).collect())
    }

    async fn forget_lost(&self, conversations: Vec<ConversationId>) -> Result<(), StoreError> {
        let ids: Vec<_> = conversations.into_iter().map(|one| one.0).collect();
        let forgotten = sqlx::query(FORGET_LOST).bind(self.me()?.0).bind(ids).execute(&self.readers).await;
        forgotten.map_err(Fault::from)?;
        Ok(())
    }

    async fn standing(&self, conversations: Vec<ConversationId>) -> Result<Vec<Standing>, StoreError> {
        let ids: Vec<_> = conversations.into_iter().map(|one| one.0).collect();
        let rows = sqlx::query(STANDING).bind(ids).fetch_all(&self.readers).await.map_err(Fault::from)?;
        let standing: Result<Vec<_>, sqlx::Error> = rows.iter().map(standing_of).collect();
        Ok(standing.map_err(Fault::from)?)
    }

    async fn changed_since(&self, since: Timestamp, limit: u32) -> Result<Vec<Summary>, StoreError> {
        let found = sqlx::query(CHANGED_SINCE).bind(since.0).bind(i64::from(limit));
        let found = found.fetch_all(&self.readers).await.map_err(Fault::from)?;
        let summaries: Result<Vec<_>, sqlx::Error> = found.iter().map(summary).collect();
        Ok(summaries.map_err(Fault::from)?)
    }
}

fn standing_of(row: &PgRow) -> Result<Standing, sqlx::Error> {
    Ok(Standing {
        conversation: ConversationId(row.try_get("id")?),
        owner: row.try_get::<Option<Uuid>, _>("owner")?.map(NodeId),
        last_seq: rows::seq_at(row, "last_seq")?,
    })
}
