//! Guests and their sessions.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::{Conversation, Snapshot};
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::claims::Claims;
use crate::store::together::Lookup;
use crate::store::{GuestRow, Guests};

use super::PostgresStore;
use super::fault::Fault;
use super::rows::{self, plain};

const INSERT_GUEST: &str = "
    INSERT INTO guests (id, profile, claimed_name, claimed_email, claimed_phone, claimed_room, property, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const INSERT_CONVERSATION: &str = "
    INSERT INTO conversations (id, property, guest, channel, snapshot, last_seq, status, updated_at, search)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8)";

const INSERT_SESSION: &str = "
    INSERT INTO guest_sessions (digest, guest, conversation, created_at) VALUES ($1, $2, $3, $4)";

const UPDATE_GUEST: &str = "
    UPDATE guests SET profile = $2, claimed_name = $3, claimed_email = $4, claimed_phone = $5, claimed_room = $6
     WHERE id = $1";

const BY_SESSIONS: &str = "
    SELECT guest_sessions.digest, guests.id, guests.property, guests.profile, guest_sessions.conversation
      FROM guest_sessions JOIN guests ON guests.id = guest_sessions.guest
     WHERE guest_sessions.digest = ANY($1)";

impl Lookup for PgPool {
    async fn guests(&self, keys: Vec<SessionKey>) -> Result<HashMap<Vec<u8>, GuestRow>, Fault> {
        let digests: Vec<&[u8]> = keys.iter().map(|key| key.0.as_slice()).collect();
        let rows = sqlx::query(BY_SESSIONS).bind(digests).fetch_all(self).await?;
        let known = rows.iter().map(|found| Ok((found.try_get("digest")?, row(found)?)));
        Ok(known.collect::<Result<_, sqlx::Error>>()?)
    }
}

#[async_trait]
impl Guests for PostgresStore {
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
        let write = self.write(move |conn| {
            Box::pin(async move {
                profiled(UPDATE_GUEST, id, &profile)?.execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}

type Query = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// A statement whose first six parameters are a guest's id and profile, and what the guest claims in it.
fn profiled(statement: &'static str, id: GuestId, profile: &GuestProfile) -> Result<Query, Fault> {
    let claims = Claims::of(profile);
    let claimed = |text: Option<String>| text.map(|text| plain(&text).into_owned());
    Ok(sqlx::query(statement)
        .bind(id.0)
        .bind(rows::json(profile)?)
        .bind(claimed(claims.name))
        .bind(claimed(claims.email))
        .bind(claimed(claims.phone))
        .bind(claimed(claims.room)))
}

/// Adds a guest and its still empty conversation.
pub(super) async fn insert(conn: &mut PgConnection, snapshot: &Snapshot) -> Result<(), Fault> {
    let guest = snapshot.guest.id.ok_or(Fault::NotFound)?;
    profiled(INSERT_GUEST, guest, &snapshot.guest)?
        .bind(snapshot.property.0)
        .bind(snapshot.created_at.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query(INSERT_CONVERSATION)
        .bind(snapshot.id.0)
        .bind(snapshot.property.0)
        .bind(guest.0)
        .bind(rows::channel(snapshot.channel))
        .bind(rows::json(snapshot)?)
        .bind(rows::status(snapshot.status))
        .bind(snapshot.updated_at.0)
        .bind(plain(&rows::searched_of(snapshot)))
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Adds a session of a guest.
pub(super) async fn insert_session(
    conn: &mut PgConnection,
    key: SessionKey,
    guest: &GuestRow,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT_SESSION)
        .bind(key.0.as_slice())
        .bind(guest.id.0)
        .bind(guest.conversation.0)
        .bind(at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// A guest and its conversation.
pub(super) fn row(row: &PgRow) -> Result<GuestRow, sqlx::Error> {
    Ok(GuestRow {
        id: GuestId(row.try_get("id")?),
        property: PropertyId(row.try_get("property")?),
        profile: rows::json_at(row, "profile")?,
        conversation: ConversationId(row.try_get("conversation")?),
    })
}
