//! Files: what they are, whose, and which message names them. The bytes are elsewhere.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::ports::{Commit, DueFile, FileFate, StoreError};
use frontdesk_domain::conversation::FoundFile;
use frontdesk_domain::event::Attachment;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use frontdesk_domain::people::AuthorKey;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::{Attachments, FileRow, FileState, Upload};

use super::PostgresStore;
use super::fault::Fault;
use super::rows::{self, plain};

const INSERT: &str = "
    INSERT INTO attachments (id, property, owner_kind, owner, name, media_type, size, state, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8)";

/// One that WhatsApp has.
const EXPECT: &str = "
    INSERT INTO attachments (id, property, owner_kind, owner, name, media_type, size, state, created_at,
                             conversation, seq, media, sha256, next_try_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11, $12, $8)";

const INSERT_WAMIDS: &str = "
    INSERT INTO whatsapp_messages (wamid, conversation, seq)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[])";

/// Only what no message names yet.
const ENCLOSE: &str = "
    UPDATE attachments SET conversation = named.conversation, seq = named.seq
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS named (id, conversation, seq)
     WHERE attachments.id = named.id AND attachments.conversation IS NULL AND attachments.state = 'ready'";

const SOME: &str = "
    SELECT id, property, owner_kind, owner, name, media_type, size, state, conversation
      FROM attachments WHERE id = ANY($1)";

const DUE: &str = "
    SELECT id, conversation, name, media, media_type, sha256, tries, created_at FROM attachments
     WHERE state = 'pending' AND next_try_at <= $1
     ORDER BY next_try_at LIMIT $2";

const KEPT: &str = "
    UPDATE attachments SET state = 'ready', media = NULL, sha256 = NULL, next_try_at = NULL, media_type = $2,
           size = $3
     WHERE id = $1 AND state = 'pending'";

const LATER: &str = "
    UPDATE attachments SET tries = tries + 1, next_try_at = $2 WHERE id = $1 AND state = 'pending'";

const LOST: &str = "
    UPDATE attachments SET state = 'lost', media = NULL, sha256 = NULL, next_try_at = NULL
     WHERE id = $1 AND state = 'pending'";

const SWEEP: &str = "
    DELETE FROM attachments WHERE id IN (
        SELECT id FROM attachments WHERE conversation IS NULL AND created_at < $1 ORDER BY created_at LIMIT 500)
    RETURNING id";

/// Writes what commits say of files and of WhatsApp's ids, within the caller's transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if an upload is named by another message by now, or a WhatsApp id is here already.
pub(super) async fn store(conn: &mut PgConnection, commits: &[&Commit]) -> Result<(), Fault> {
    let enclosed = commits.iter().flat_map(|one| one.enclosed.iter().map(|file| (one.snapshot.id, file)));
    let enclosed: Vec<_> = enclosed.collect();
    if !enclosed.is_empty() {
        let done = sqlx::query(ENCLOSE)
            .bind(enclosed.iter().map(|(_, file)| file.attachment).collect::<Vec<_>>())
            .bind(enclosed.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
            .bind(enclosed.iter().map(|(_, file)| rows::stored(file.seq)).collect::<Vec<_>>())
            .execute(&mut *conn)
            .await?;
        if done.rows_affected() != enclosed.len() as u64 {
            return Err(StoreError::Conflict.into());
        }
    }
    let inbound = commits.iter().filter_map(|one| Some((one.snapshot.id, one.inbound.as_ref()?)));
    let inbound: Vec<_> = inbound.collect();
    if inbound.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT_WAMIDS)
        .bind(inbound.iter().map(|(_, row)| row.wamid.as_str()).collect::<Vec<_>>())
        .bind(inbound.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind(inbound.iter().map(|(_, row)| rows::stored(row.seq)).collect::<Vec<_>>())
        .execute(&mut *conn)
        .await?;
    for commit in commits {
        expect(&mut *conn, commit).await?;
    }
    Ok(())
}

/// Notes the files that came with a message from WhatsApp, to be fetched.
async fn expect(conn: &mut PgConnection, commit: &Commit) -> Result<(), Fault> {
    let Some(inbound) = &commit.inbound else { return Ok(()) };
    let Some(event) = commit.events.iter().find(|event| event.seq == inbound.seq) else { return Ok(()) };
    for expected in &inbound.files {
        sqlx::query(EXPECT)
            .bind(expected.id)
            .bind(commit.snapshot.property.0)
            .bind(rows::author_kind(event.by.kind))
            .bind(event.by.id)
            .bind(plain(&expected.media.name))
            .bind(plain(&expected.media.media_type))
            .bind(0_i64)
            .bind(event.at.0)
            .bind(commit.snapshot.id.0)
            .bind(rows::stored(event.seq))
            .bind(plain(&expected.media.id))
            .bind(expected.media.sha256.as_ref().map(<[u8; 32]>::as_slice))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// The uploads with these ids, those that there are and that are in their place.
pub(super) async fn files(store: &PostgresStore, ids: &[Uuid]) -> Result<Vec<FoundFile>, StoreError> {
    let mut rows = some(store, ids).await?;
    // As they were asked for.
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.file.id));
    let ready = rows.into_iter().filter(|row| row.state == FileState::Ready);
    let found = |row: FileRow| FoundFile {
        property: row.property,
        by: row.by,
        used: row.conversation.is_some(),
        file: row.file,
    };
    Ok(ready.map(found).collect())
}

async fn some(store: &PostgresStore, ids: &[Uuid]) -> Result<Vec<FileRow>, Fault> {
    let found = sqlx::query(SOME).bind(ids).fetch_all(&store.readers).await?;
    Ok(found.iter().map(file).collect::<Result<_, _>>()?)
}

/// Files that are to be fetched now.
pub(super) async fn due(
    store: &PostgresStore,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueFile>, StoreError> {
    let found = sqlx::query(DUE).bind(now.0).bind(i64::from(limit)).fetch_all(&store.readers).await;
    let decode = |row: &PgRow| {
        Ok(DueFile {
            id: row.try_get("id")?,
            conversation: ConversationId(row.try_get("conversation")?),
            name: row.try_get("name")?,
            media: row.try_get("media")?,
            media_type: row.try_get("media_type")?,
            sha256: row.try_get::<Option<&[u8]>, _>("sha256")?.and_then(|digest| digest.try_into().ok()),
            tries: rows::count_at(row, "tries")?,
            since: rows::time_at(row, "created_at")?,
        })
    };
    let found = found.map_err(Fault::from)?;
    Ok(found.iter().map(decode).collect::<Result<_, sqlx::Error>>().map_err(Fault::from)?)
}

/// Notes what became of fetching a file.
pub(super) async fn put(store: &PostgresStore, id: Uuid, fate: FileFate) -> Result<(), StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            let query = match &fate {
                FileFate::Kept(kept) => sqlx::query(KEPT)
                    .bind(id)
                    .bind(plain(&kept.media_type))
                    .bind(i64::try_from(kept.size).unwrap_or(i64::MAX)),
                FileFate::Later(at) => sqlx::query(LATER).bind(id).bind(at.0),
                FileFate::Lost => sqlx::query(LOST).bind(id),
            };
            query.execute(conn).await?;
            Ok(())
        })
    });
    Ok(write.await?)
}

#[async_trait]
impl Attachments for PostgresStore {
    async fn add_attachment(&self, upload: Upload) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(INSERT)
                    .bind(upload.file.id)
                    .bind(upload.property.0)
                    .bind(rows::author_kind(upload.by.kind))
                    .bind(upload.by.id)
                    .bind(plain(&upload.file.name))
                    .bind(plain(&upload.file.media_type))
                    .bind(i64::try_from(upload.file.size).unwrap_or(i64::MAX))
                    .bind(upload.at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn attachment(&self, id: Uuid) -> Result<Option<FileRow>, StoreError> {
        Ok(some(self, &[id]).await?.pop())
    }

    async fn sweep_attachments(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move { Ok(sqlx::query_scalar(SWEEP).bind(before.0).fetch_all(conn).await?) })
        });
        Ok(write.await?)
    }
}

fn file(row: &PgRow) -> Result<FileRow, sqlx::Error> {
    let size: i64 = row.try_get("size")?;
    Ok(FileRow {
        file: Attachment {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            media_type: row.try_get("media_type")?,
            size: size.cast_unsigned(),
        },
        property: PropertyId(row.try_get("property")?),
        by: AuthorKey { kind: rows::author_kind_of(row.try_get("owner_kind")?)?, id: row.try_get("owner")? },
        state: match row.try_get("state")? {
            "pending" => FileState::Pending,
            "ready" => FileState::Ready,
            _ => FileState::Lost,
        },
        conversation: row.try_get::<Option<Uuid>, _>("conversation")?.map(ConversationId),
    })
}
