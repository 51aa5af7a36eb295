//! Guests whom the hotel has named.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::verified::{Admitted, IdentityKey, Named, SealedKey, Verified};

use super::fault::Fault;
use super::{PostgresStore, guests, locks, rows};

const KEY: &str = "SELECT * FROM identity_keys WHERE property = $1";
const KEYS: &str = "SELECT * FROM identity_keys";
const PUT_KEY: &str = "
    INSERT INTO identity_keys (property, id, secret, old_id, old_secret, old_until, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (property) DO UPDATE
       SET id = excluded.id, secret = excluded.secret, old_id = excluded.old_id, old_secret = excluded.old_secret,
           old_until = excluded.old_until, created_at = excluded.created_at";
const REMOVE_KEY: &str = "DELETE FROM identity_keys WHERE property = $1";
const FORGET_USED: &str = "
    DELETE FROM used_identity_tokens
     WHERE digest IN (SELECT digest FROM used_identity_tokens WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)";
/// Of two with the same token, the second waits for the first and then adds nothing.
const USE: &str = "
    INSERT INTO used_identity_tokens (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
const FIND: &str = "
    SELECT guests.id, guests.property, guests.profile, conversations.id AS conversation
      FROM guest_identities
      JOIN guests ON guests.id = guest_identities.guest
      JOIN conversations ON conversations.guest = guests.id
     WHERE guest_identities.property = $1 AND guest_identities.subject = $2 LIMIT 1";
const NAME: &str = "
    INSERT INTO guest_identities (property, subject, guest, created_at) VALUES ($1, $2, $3, $4)";
const NAMED_AS: &str = "SELECT subject FROM guest_identities WHERE guest = $1";

#[async_trait]
impl Verified for PostgresStore {
    async fn identity_key(&self, property: PropertyId) -> Result<Option<IdentityKey>, StoreError> {
        let query = sqlx::query_as(KEY).bind(property.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn identity_keys(&self) -> Result<Vec<IdentityKey>, StoreError> {
        Ok(sqlx::query_as(KEYS).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn put_identity_key(&self, key: IdentityKey) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let (old, until) = key.old.unzip();
                sqlx::query(PUT_KEY)
                    .bind(key.property.0)
                    .bind(key.key.id)
                    .bind(key.key.secret)
                    .bind(old.as_ref().map(|old| old.id))
                    .bind(old.map(|old| old.secret))
                    .bind(until.map(|until| until.0))
                    .bind(key.created_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn remove_identity_key(&self, property: PropertyId) -> Result<bool, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(REMOVE_KEY).bind(property.0).execute(conn).await?;
                Ok(done.rows_affected() > 0)
            })
        });
        Ok(write.await?)
    }

    async fn admit_named(&self, named: Named, at: Timestamp) -> Result<Admitted, StoreError> {
        Ok(self.write(move |conn| Box::pin(admit(conn, named, at))).await?)
    }

    async fn named_as(&self, guest: GuestId) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar(NAMED_AS).bind(guest.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }
}

pub(super) async fn admit(conn: &mut PgConnection, named: Named, at: Timestamp) -> Result<Admitted, Fault> {
    let Named { subject, token, expires_at, fresh, session } = named;
    let subject = rows::plain(&subject);
    sqlx::query(FORGET_USED).bind(at.0).execute(&mut *conn).await?;
    let used = sqlx::query(USE).bind(token.as_slice()).bind(expires_at.0).execute(&mut *conn).await?;
    if used.rows_affected() == 0 {
        return Ok(Admitted::Replayed);
    }
    // Two tokens of one guest who is new make one guest.
    locks::take(&mut *conn, locks::SUBJECT, &format!("{} {subject}", fresh.property)).await?;
    let find = sqlx::query(FIND).bind(fresh.property.0).bind(&*subject);
    let known = find.fetch_optional(&mut *conn).await?;
    let known = known.as_ref().map(guests::row).transpose()?;
    let guest = known.as_ref().unwrap_or(&fresh);
    if known.is_none() {
        // The conversation knows its guest by the id in the profile.
        let profile = GuestProfile { id: Some(fresh.id), ..fresh.profile.clone() };
        let conversation = Conversation::new(fresh.conversation, fresh.property, Channel::Web, profile, at);
        guests::insert(&mut *conn, conversation.snapshot()).await?;
        let name = sqlx::query(NAME).bind(fresh.property.0).bind(&*subject).bind(fresh.id.0).bind(at.0);
        name.execute(&mut *conn).await?;
    }
    guests::insert_session(&mut *conn, session, guest, at).await?;
    Ok(known.map_or(Admitted::New(fresh), Admitted::Known))
}

impl FromRow<'_, PgRow> for IdentityKey {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let until: Option<i64> = row.try_get("old_until")?;
        let old = match until {
            None => None,
            Some(until) => {
                let key = SealedKey { id: row.try_get("old_id")?, secret: row.try_get("old_secret")? };
                Some((key, Timestamp(until)))
            }
        };
        Ok(Self {
            property: PropertyId(row.try_get("property")?),
            key: SealedKey { id: row.try_get("id")?, secret: row.try_get("secret")? },
            old,
            created_at: rows::time_at(row, "created_at")?,
        })
    }
}
