//! Guests who write in two places.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::links::{Link, LinkCode, Links, TRIES_MAX};

use super::fault::Fault;
use super::{PostgresStore, rows};

const FORGET: &str = "
    DELETE FROM link_codes
     WHERE guest IN (SELECT guest FROM link_codes WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)";
const OWNER: &str = "
    SELECT conversations.id, conversations.guest
      FROM guest_aliases
      JOIN conversations ON conversations.guest = guest_aliases.guest AND conversations.channel = 'whatsapp'
     WHERE guest_aliases.property = $1 AND guest_aliases.kind IN ('phone', 'wa_id') AND guest_aliases.value = $2
     ORDER BY guest_aliases.kind LIMIT 1";
const PUT: &str = "
    INSERT INTO link_codes (guest, whatsapp, digest, tries, expires_at) VALUES ($1, $2, $3, 0, $4)
        ON CONFLICT (guest) DO UPDATE
       SET whatsapp = excluded.whatsapp, digest = excluded.digest, tries = 0, expires_at = excluded.expires_at";
/// Of two tries at once, the second waits for what the first has counted.
const TRY: &str = "
    UPDATE link_codes SET tries = tries + 1 WHERE guest = $1 AND expires_at > $2 AND tries < $3
        RETURNING digest, whatsapp";
const USE_UP: &str = "DELETE FROM link_codes WHERE guest = $1";
const LINK: &str = "
    INSERT INTO guest_links (guest, whatsapp, linked_at) VALUES ($1, $2, $3)
        ON CONFLICT (guest) DO UPDATE SET whatsapp = excluded.whatsapp, linked_at = excluded.linked_at";
/// `$1`: the guest, whichever of the two.
const LINKS: &str = "
    SELECT web.id AS web, whatsapp.id AS whatsapp, linked_at
      FROM guest_links
      JOIN conversations AS web ON web.guest = guest_links.guest
      JOIN conversations AS whatsapp ON whatsapp.guest = guest_links.whatsapp
     WHERE guest_links.guest IN (SELECT guest FROM guest_links WHERE guest = $1
                                  UNION ALL SELECT guest FROM guest_links WHERE whatsapp = $1)
     ORDER BY linked_at DESC LIMIT 20";
const GUEST: &str = "SELECT guest FROM conversations WHERE id = $1";

#[async_trait]
impl Links for PostgresStore {
    async fn put_link_code(
        &self,
        code: LinkCode,
        at: Timestamp,
    ) -> Result<Option<ConversationId>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(FORGET).bind(at.0).execute(&mut *conn).await?;
                let find = sqlx::query_as(OWNER).bind(code.property.0).bind(rows::plain(&code.number));
                let owner: Option<(Uuid, Uuid)> = find.fetch_optional(&mut *conn).await?;
                sqlx::query(PUT)
                    .bind(code.guest.0)
                    .bind(owner.map(|(_, guest)| guest))
                    .bind(code.digest.as_slice())
                    .bind(code.expires_at.0)
                    .execute(conn)
                    .await?;
                Ok(owner.map(|(conversation, _)| ConversationId(conversation)))
            })
        });
        Ok(write.await?)
    }

    async fn try_link_code(
        &self,
        guest: GuestId,
        digest: [u8; 32],
        at: Timestamp,
    ) -> Result<Option<Link>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let attempt = sqlx::query_as(TRY).bind(guest.0).bind(at.0).bind(TRIES_MAX);
                let kept: Option<(Vec<u8>, Option<Uuid>)> = attempt.fetch_optional(&mut *conn).await?;
                let whatsapp = kept.and_then(|(right, whatsapp)| whatsapp.filter(|_| right == digest));
                let Some(whatsapp) = whatsapp else { return Ok(None) };
                sqlx::query(USE_UP).bind(guest.0).execute(&mut *conn).await?;
                sqlx::query(LINK).bind(guest.0).bind(whatsapp).bind(at.0).execute(&mut *conn).await?;
                Ok(links(conn, guest.0).await?.into_iter().next())
            })
        });
        Ok(write.await?)
    }

    async fn links_of(&self, conversation: ConversationId) -> Result<Vec<Link>, StoreError> {
        let found = async {
            let mut conn = self.readers.acquire().await?;
            let query = sqlx::query_scalar(GUEST).bind(conversation.0);
            match query.fetch_optional(&mut *conn).await? {
                Some(guest) => links(&mut conn, guest).await,
                None => Ok(Vec::new()),
            }
        };
        Ok(found.await.map_err(Fault::from)?)
    }
}

async fn links(conn: &mut PgConnection, guest: Uuid) -> Result<Vec<Link>, sqlx::Error> {
    sqlx::query_as(LINKS).bind(guest).fetch_all(conn).await
}

impl FromRow<'_, PgRow> for Link {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            web: ConversationId(row.try_get("web")?),
            whatsapp: ConversationId(row.try_get("whatsapp")?),
            linked_at: Timestamp(row.try_get("linked_at")?),
        })
    }
}
