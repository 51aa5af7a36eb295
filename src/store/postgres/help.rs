//! Translations, and what agents read in.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, Seq};

use super::fault::Fault;
use crate::store::Helping;
use crate::store::help::Translation;

use super::{PostgresStore, rows};

const LIST: &str = "SELECT * FROM translations WHERE conversation = $1 AND language = $2 ORDER BY seq";

const ONE: &str = "SELECT * FROM translations WHERE conversation = $1 AND seq = $2 AND language = $3";

const PUT: &str = "
    INSERT INTO translations (conversation, seq, language, text, by_agent, at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (conversation, seq, language)
        DO UPDATE SET text = excluded.text, by_agent = excluded.by_agent, at = excluded.at
            WHERE excluded.by_agent IS NOT NULL OR translations.by_agent IS NULL";

const READS: &str = "SELECT reading_language FROM preferences WHERE agent = $1";

const PUT_READS: &str = "
    INSERT INTO preferences (agent, reading_language) VALUES ($1, $2)
        ON CONFLICT (agent) DO UPDATE SET reading_language = excluded.reading_language";

#[async_trait]
impl Helping for PostgresStore {
    async fn translations(
        &self,
        conversation: ConversationId,
        language: &str,
    ) -> Result<Vec<Translation>, StoreError> {
        let query = sqlx::query_as(LIST).bind(conversation.0).bind(rows::plain(language));
        Ok(query.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn translation(
        &self,
        conversation: ConversationId,
        seq: Seq,
        language: &str,
    ) -> Result<Option<Translation>, StoreError> {
        let query =
            sqlx::query_as(ONE).bind(conversation.0).bind(rows::stored(seq)).bind(rows::plain(language));
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn put_translation(&self, translation: Translation) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT)
                    .bind(translation.conversation.0)
                    .bind(rows::stored(translation.seq))
                    .bind(rows::plain(&translation.language))
                    .bind(rows::plain(&translation.text))
                    .bind(translation.by.map(|by| by.0))
                    .bind(translation.at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn reading_language(&self, agent: AgentId) -> Result<Option<String>, StoreError> {
        let found: Option<Option<String>> = sqlx::query_scalar(READS)
            .bind(agent.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(Fault::from)?;
        Ok(found.flatten())
    }

    async fn put_reading_language(&self, agent: AgentId, language: Option<&str>) -> Result<(), StoreError> {
        let language = language.map(|language| rows::plain(language).into_owned());
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT_READS).bind(agent.0).bind(language).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

impl FromRow<'_, PgRow> for Translation {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            conversation: ConversationId(row.try_get("conversation")?),
            seq: rows::seq_at(row, "seq")?,
            language: row.try_get("language")?,
            text: row.try_get("text")?,
            by: row.try_get::<Option<_>, _>("by_agent")?.map(AgentId),
            at: rows::time_at(row, "at")?,
        })
    }
}
