//! Guests whom the hotel has named.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::verified::{Admitted, IdentityKey, Named, SealedKey, Verified};

use super::fault::Fault;
use super::{SqliteStore, guests, rows};

const KEY: &str = "SELECT * FROM identity_keys WHERE property = ?1";
const KEYS: &str = "SELECT * FROM identity_keys";
const PUT_KEY: &str = "
    INSERT OR REPLACE INTO identity_keys (property, id, secret, old_id, old_secret, old_until, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const REMOVE_KEY: &str = "DELETE FROM identity_keys WHERE property = ?1";
const FORGET_USED: &str = "DELETE FROM used_identity_tokens WHERE expires_at <= ?1";
const USE: &str = "INSERT OR IGNORE INTO used_identity_tokens (digest, expires_at) VALUES (?1, ?2)";
const FIND: &str = "
    SELECT guests.id, guests.property, guests.profile, conversations.id AS conversation
      FROM guest_identities
      JOIN guests ON guests.id = guest_identities.guest
      JOIN conversations ON conversations.guest = guests.id
     WHERE guest_identities.property = ?1 AND guest_identities.subject = ?2 LIMIT 1";
const NAME: &str = "
    INSERT INTO guest_identities (property, subject, guest, created_at) VALUES (?1, ?2, ?3, ?4)";
const NAMED_AS: &str = "SELECT subject FROM guest_identities WHERE guest = ?1";

#[async_trait]
impl Verified for SqliteStore {
    async fn identity_key(&self, property: PropertyId) -> Result<Option<IdentityKey>, StoreError> {
        let query = sqlx::query_as(KEY).bind(rows::key(&property.0));
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
                    .bind(rows::key(&key.property.0))
                    .bind(rows::key(&key.key.id))
                    .bind(key.key.secret)
                    .bind(old.as_ref().map(|old| rows::key(&old.id).to_vec()))
                    .bind(old.as_ref().map(|old| old.secret.clone()))
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
                let done = sqlx::query(REMOVE_KEY).bind(rows::key(&property.0)).execute(conn).await?;
                Ok(done.rows_affected() > 0)
            })
        });
        Ok(write.await?)
    }

    async fn admit_named(&self, named: Named, at: Timestamp) -> Result<Admitted, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let Named { subject, token, expires_at, fresh, session } = named;
                sqlx::query(FORGET_USED).bind(at.0).execute(&mut *conn).await?;
                let used =
                    sqlx::query(USE).bind(token.as_slice()).bind(expires_at.0).execute(&mut *conn).await?;
                if used.rows_affected() == 0 {
                    return Ok(Admitted::Replayed);
                }
                let find = sqlx::query(FIND).bind(rows::key(&fresh.property.0)).bind(&subject);
                let known = find.fetch_optional(&mut *conn).await?;
                let known = known.as_ref().map(guests::row).transpose()?;
                let guest = known.as_ref().unwrap_or(&fresh);
                if known.is_none() {
                    // The conversation knows its guest by the id in the profile.
                    let profile = GuestProfile { id: Some(fresh.id), ..fresh.profile.clone() };
                    let conversation =
                        Conversation::new(fresh.conversation, fresh.property, Channel::Web, profile, at);
                    guests::insert(&mut *conn, conversation.snapshot()).await?;
                    sqlx::query(NAME)
                        .bind(rows::key(&fresh.property.0))
                        .bind(&subject)
                        .bind(rows::key(&fresh.id.0))
                        .bind(at.0)
                        .execute(&mut *conn)
                        .await?;
                }
                guests::insert_session(&mut *conn, session, guest, at).await?;
                Ok(known.map_or(Admitted::New(fresh), Admitted::Known))
            })
        });
        Ok(write.await?)
    }

    async fn named_as(&self, guest: GuestId) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar(NAMED_AS).bind(rows::key(&guest.0));
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }
}

impl FromRow<'_, SqliteRow> for IdentityKey {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let until: Option<i64> = row.try_get("old_until")?;
        let old = match until {
            None => None,
            Some(until) => {
                let key = SealedKey { id: rows::id_at(row, "old_id")?, secret: row.try_get("old_secret")? };
                Some((key, Timestamp(until)))
            }
        };
        Ok(Self {
            property: PropertyId(rows::id_at(row, "property")?),
            key: SealedKey { id: rows::id_at(row, "id")?, secret: row.try_get("secret")? },
            old,
            created_at: Timestamp(row.try_get("created_at")?),
        })
    }
}
