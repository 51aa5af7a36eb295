//! Files: what they are, whose, and which message names them. The bytes are elsewhere.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use frontdesk_actors::ports::{Commit, DueFile, FileFate, StoreError};
use frontdesk_domain::conversation::FoundFile;
use frontdesk_domain::event::Attachment;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::people::AuthorKey;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{Attachments, FileRow, FileState, Upload};

use super::fault::Fault;
use super::{SqliteStore, rows};

const INSERT: &str = "
    INSERT INTO attachments (id, property, owner_kind, owner, name, media_type, size, state, conversation, seq,
                             media, sha256, next_try_at, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

const INSERT_WAMID: &str = "INSERT INTO whatsapp_messages (wamid, conversation, seq) VALUES (?1, ?2, ?3)";

/// Only what no message names yet.
const ENCLOSE: &str = "
    UPDATE attachments SET conversation = ?2, seq = ?3
     WHERE id = ?1 AND conversation IS NULL AND state = 'ready'";

const ONE: &str = "
    SELECT id, property, owner_kind, owner, name, media_type, size, state, conversation
      FROM attachments WHERE id = ?1";

const DUE: &str = "
    SELECT id, conversation, name, media, media_type, sha256, tries, created_at FROM attachments
     WHERE state = 'pending' AND next_try_at <= ?1
     ORDER BY next_try_at LIMIT ?2";

const KEPT: &str = "
    UPDATE attachments SET state = 'ready', media = NULL, sha256 = NULL, next_try_at = NULL, media_type = ?2,
           size = ?3
     WHERE id = ?1 AND state = 'pending'";

const LATER: &str = "
    UPDATE attachments SET tries = tries + 1, next_try_at = ?2 WHERE id = ?1 AND state = 'pending'";

const LOST: &str = "
    UPDATE attachments SET state = 'lost', media = NULL, sha256 = NULL, next_try_at = NULL
     WHERE id = ?1 AND state = 'pending'";

const SWEEP: &str = "
    DELETE FROM attachments WHERE id IN (
        SELECT id FROM attachments WHERE conversation IS NULL AND created_at < ?1 ORDER BY created_at LIMIT 500)
    RETURNING id";

/// Writes what commits say of files and of WhatsApp's ids, within the caller's transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if an upload is named by another message by now, or a WhatsApp id is here already.
pub(super) async fn store(conn: &mut SqliteConnection, commit: &Commit) -> Result<(), Fault> {
    let snapshot = &commit.snapshot;
    for enclosed in &commit.enclosed {
        let done = sqlx::query(ENCLOSE)
            .bind(rows::key(&enclosed.attachment))
            .bind(rows::key(&snapshot.id.0))
            .bind(rows::stored(enclosed.seq))
            .execute(&mut *conn)
            .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Conflict.into());
        }
    }
    let Some(inbound) = &commit.inbound else { return Ok(()) };
    sqlx::query(INSERT_WAMID)
        .bind(&inbound.wamid)
        .bind(rows::key(&snapshot.id.0))
        .bind(rows::stored(inbound.seq))
        .execute(&mut *conn)
        .await?;
    let event = commit.events.iter().find(|event| event.seq == inbound.seq);
    let Some(event) = event.filter(|_| !inbound.files.is_empty()) else { return Ok(()) };
    for expected in &inbound.files {
        sqlx::query(INSERT)
            .bind(rows::key(&expected.id))
            .bind(rows::key(&snapshot.property.0))
            .bind(rows::author_kind(event.by.kind))
            .bind(event.by.id.as_ref().map(rows::key))
            .bind(&expected.media.name)
            .bind(&expected.media.media_type)
            .bind(0_i64)
            .bind("pending")
            .bind(rows::key(&snapshot.id.0))
            .bind(rows::stored(event.seq))
            .bind(&expected.media.id)
            .bind(expected.media.sha256.as_ref().map(<[u8; 32]>::as_slice))
            .bind(event.at.0)
            .bind(event.at.0)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// The uploads with these ids, those that there are and that are in their place.
pub(super) async fn files(store: &SqliteStore, ids: Vec<Uuid>) -> Result<Vec<FoundFile>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(row) = store.attachment(id).await?.filter(|row| row.state == FileState::Ready) {
            found.push(FoundFile {
                property: row.property,
                by: row.by,
                used: row.conversation.is_some(),
                file: row.file,
            });
        }
    }
    Ok(found)
}

/// Files that are to be fetched now.
pub(super) async fn due(store: &SqliteStore, now: Timestamp, limit: u32) -> Result<Vec<DueFile>, StoreError> {
    let found =
        sqlx::query(DUE).bind(now.0).bind(limit).fetch_all(&store.readers).await.map_err(Fault::from)?;
    let decode = |row: &SqliteRow| {
        Ok(DueFile {
            id: rows::id_at(row, "id")?,
            conversation: ConversationId(rows::id_at(row, "conversation")?),
            name: row.try_get("name")?,
            media: row.try_get("media")?,
            media_type: row.try_get("media_type")?,
            sha256: row.try_get::<Option<&[u8]>, _>("sha256")?.and_then(|digest| digest.try_into().ok()),
            tries: row.try_get("tries")?,
            since: Timestamp(row.try_get("created_at")?),
        })
    };
    Ok(found.iter().map(decode).collect::<Result<_, sqlx::Error>>().map_err(Fault::from)?)
}

/// Notes what became of fetching a file.
pub(super) async fn put(store: &SqliteStore, id: Uuid, fate: FileFate) -> Result<(), StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            let query = match &fate {
                FileFate::Kept(kept) => sqlx::query(KEPT)
                    .bind(rows::key(&id))
                    .bind(&kept.media_type)
                    .bind(i64::try_from(kept.size).unwrap_or(i64::MAX)),
                FileFate::Later(at) => sqlx::query(LATER).bind(rows::key(&id)).bind(at.0),
                FileFate::Lost => sqlx::query(LOST).bind(rows::key(&id)),
            };
            query.execute(conn).await?;
            Ok(())
        })
    });
    Ok(write.await?)
}

#[async_trait]
impl Attachments for SqliteStore {
    async fn add_attachment(&self, upload: Upload) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(INSERT)
                    .bind(rows::key(&upload.file.id))
                    .bind(rows::key(&upload.property.0))
                    .bind(rows::author_kind(upload.by.kind))
                    .bind(upload.by.id.as_ref().map(rows::key))
                    .bind(&upload.file.name)
                    .bind(&upload.file.media_type)
                    .bind(i64::try_from(upload.file.size).unwrap_or(i64::MAX))
                    .bind("pending")
                    .bind(None::<&[u8]>)
                    .bind(None::<i64>)
                    .bind(None::<&str>)
                    .bind(None::<&[u8]>)
                    .bind(None::<i64>)
                    .bind(upload.at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn attachment(&self, id: Uuid) -> Result<Option<FileRow>, StoreError> {
        let found =
            sqlx::query(ONE).bind(rows::key(&id)).fetch_optional(&self.readers).await.map_err(Fault::from)?;
        Ok(found.as_ref().map(file).transpose().map_err(Fault::from)?)
    }

    async fn sweep_attachments(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let gone = sqlx::query(SWEEP).bind(before.0).fetch_all(conn).await?;
                Ok(gone.iter().map(|row| rows::id_at(row, "id")).collect::<Result<_, _>>()?)
            })
        });
        Ok(write.await?)
    }
}

fn file(row: &SqliteRow) -> Result<FileRow, sqlx::Error> {
    let owner: Option<&[u8]> = row.try_get("owner")?;
    let conversation: Option<&[u8]> = row.try_get("conversation")?;
    let size: i64 = row.try_get("size")?;
    Ok(FileRow {
        file: Attachment {
            id: rows::id_at(row, "id")?,
            name: row.try_get("name")?,
            media_type: row.try_get("media_type")?,
            size: size.cast_unsigned(),
        },
        property: PropertyId(rows::id_at(row, "property")?),
        by: AuthorKey {
            kind: rows::author_kind_of(row.try_get("owner_kind")?)?,
            id: owner.map(rows::id).transpose()?,
        },
        state: match row.try_get("state")? {
            "pending" => FileState::Pending,
            "ready" => FileState::Ready,
            _ => FileState::Lost,
        },
        conversation: conversation.map(rows::id).transpose()?.map(ConversationId),
    })
}
