//! Guests and their sessions.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::{Conversation, Snapshot};
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::together::Lookup;
use crate::store::{GuestRow, Guests};

use super::fault::Fault;
use super::{SqliteStore, rows};

const INSERT_GUEST: &str = "INSERT INTO guests (id, property, profile, created_at) VALUES (?1, ?2, ?3, ?4)";

const INSERT_CONVERSATION: &str = "
    INSERT INTO conversations (id, property, guest, channel, snapshot, last_seq, status, updated_at, search)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8)";

const INSERT_SESSION: &str = "
    INSERT INTO guest_sessions (digest, guest, conversation, created_at) VALUES (?1, ?2, ?3, ?4)";

const UPDATE_GUEST: &str = "UPDATE guests SET profile = ?2 WHERE id = ?1";

/// The length of a session's digest, in bytes.
const DIGEST: usize = 32;

/// `?1`: where in `?2`, counted from 1, a digest begins.
const BY_SESSIONS: &str = "
    SELECT guest_sessions.digest, guests.id, guests.property, guests.profile, guest_sessions.conversation
      FROM json_each(?1) AS asked
     CROSS JOIN guest_sessions ON guest_sessions.digest = substr(?2, asked.value, 32)
      JOIN guests ON guests.id = guest_sessions.guest";

#[async_trait]
impl Guests for SqliteStore {
    async fn add_guest(
        &self,
        guest: GuestRow,
        channel: Channel,
        key: SessionKey,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        // The conversation knows its guest by the id in the profile.
        let profile = GuestProfile { id: Some(guest.id), ..guest.profile.clone() };
        let conversation = Conversation::new(guest.conversation, guest.property, channel, profile, at);
        let write = self.write(move |conn| {
            Box::pin(async move {
                insert(&mut *conn, conversation.snapshot()).await?;
                insert_session(&mut *conn, key, &guest, at).await
            })
        });
        Ok(write.await?)
    }

    async fn guest_session(&self, key: SessionKey) -> Result<Option<GuestRow>, StoreError> {
        self.together.find(key).await
    }

    async fn put_guest(&self, id: GuestId, profile: &GuestProfile) -> Result<(), StoreError> {
        let profile = GuestProfile { id: Some(id), ..profile.clone() };
        let stored = rows::json(&profile).map_err(Fault::from)?;
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(UPDATE_GUEST).bind(rows::key(&id.0)).bind(stored).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

/// Adds a guest and its still empty conversation.
pub(super) async fn insert(conn: &mut SqliteConnection, snapshot: &Snapshot) -> Result<(), Fault> {
    let guest = snapshot.guest.id.ok_or(Fault::NotFound)?;
    sqlx::query(INSERT_GUEST)
        .bind(rows::key(&guest.0))
        .bind(rows::key(&snapshot.property.0))
        .bind(rows::json(&snapshot.guest)?)
        .bind(snapshot.created_at.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query(INSERT_CONVERSATION)
        .bind(rows::key(&snapshot.id.0))
        .bind(rows::key(&snapshot.property.0))
        .bind(rows::key(&guest.0))
        .bind(rows::channel(snapshot.channel))
        .bind(rows::json(snapshot)?)
        .bind(rows::status(snapshot.status))
        .bind(snapshot.updated_at.0)
        .bind(rows::searched_of(snapshot))
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Adds a session of a guest.
pub(super) async fn insert_session(
    conn: &mut SqliteConnection,
    key: SessionKey,
    guest: &GuestRow,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT_SESSION)
        .bind(key.0.as_slice())
        .bind(rows::key(&guest.id.0))
        .bind(rows::key(&guest.conversation.0))
        .bind(at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// A guest and its conversation.
pub(super) fn row(row: &SqliteRow) -> Result<GuestRow, sqlx::Error> {
    Ok(GuestRow {
        id: GuestId(rows::id_at(row, "id")?),
        property: PropertyId(rows::id_at(row, "property")?),
        profile: rows::json_at(row, "profile")?,
        conversation: ConversationId(rows::id_at(row, "conversation")?),
    })
}

impl Lookup for SqlitePool {
    async fn guests(&self, keys: Vec<SessionKey>) -> Result<HashMap<Vec<u8>, GuestRow>, Fault> {
        let heap: Vec<u8> = keys.into_iter().flat_map(|key| key.0).collect();
        let places: Vec<usize> = (0..heap.len()).step_by(DIGEST).map(|at| at + 1).collect();
        let places = rows::json(&places)?;
        let rows = sqlx::query(BY_SESSIONS).bind(places).bind(heap).fetch_all(self).await?;
        let known = rows.iter().map(|found| Ok((found.try_get("digest")?, row(found)?)));
        Ok(known.collect::<Result<_, sqlx::Error>>()?)
    }
}
