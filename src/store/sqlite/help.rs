//! Translations, and what agents read in.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, ConversationId, Seq};

use crate::store::Helping;
use crate::store::help::Translation;

use super::fault::Fault;
use super::{SqliteStore, rows};

const LIST: &str = "
    SELECT conversation, seq, language, text, by_agent, at FROM translations
     WHERE conversation = ?1 AND language = ?2
     ORDER BY seq";

const ONE: &str = "
    SELECT conversation, seq, language, text, by_agent, at FROM translations
     WHERE conversation = ?1 AND seq = ?2 AND language = ?3";

const PUT: &str = "
    INSERT INTO translations (conversation, seq, language, text, by_agent, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (conversation, seq, language)
        DO UPDATE SET text = excluded.text, by_agent = excluded.by_agent, at = excluded.at
            WHERE excluded.by_agent IS NOT NULL OR translations.by_agent IS NULL";

const READS: &str = "SELECT reading_language FROM preferences WHERE agent = ?1";

const PUT_READS: &str = "
    INSERT INTO preferences (agent, reading_language) VALUES (?1, ?2)
        ON CONFLICT (agent) DO UPDATE SET reading_language = excluded.reading_language";

#[async_trait]
impl Helping for SqliteStore {
    async fn translations(
        &self,
        conversation: ConversationId,
        language: &str,
    ) -> Result<Vec<Translation>, StoreError> {
        let found = sqlx::query_as(LIST).bind(rows::key(&conversation.0)).bind(language);
        Ok(found.fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn translation(
        &self,
        conversation: ConversationId,
        seq: Seq,
        language: &str,
    ) -> Result<Option<Translation>, StoreError> {
        let found =
            sqlx::query_as(ONE).bind(rows::key(&conversation.0)).bind(rows::stored(seq)).bind(language);
        Ok(found.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn put_translation(&self, translation: Translation) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT)
                    .bind(rows::key(&translation.conversation.0))
                    .bind(rows::stored(translation.seq))
                    .bind(&translation.language)
                    .bind(&translation.text)
                    .bind(translation.by.as_ref().map(|by| rows::key(&by.0)))
                    .bind(translation.at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn reading_language(&self, agent: AgentId) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar(READS).bind(rows::key(&agent.0)).fetch_optional(&self.readers).await;
        Ok(found.map_err(Fault::from)?.flatten())
    }

    async fn put_reading_language(&self, agent: AgentId, language: Option<&str>) -> Result<(), StoreError> {
        let language = language.map(str::to_owned);
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT_READS).bind(rows::key(&agent.0)).bind(language).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

impl FromRow<'_, SqliteRow> for Translation {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let by: Option<Vec<u8>> = row.try_get("by_agent")?;
        Ok(Self {
            conversation: ConversationId(rows::id_at(row, "conversation")?),
            seq: rows::seq_at(row, "seq")?,
            language: row.try_get("language")?,
            text: row.try_get("text")?,
            by: by.map(|by| rows::id(&by).map(AgentId)).transpose()?,
            at: rows::time_at(row, "at")?,
        })
    }
}
