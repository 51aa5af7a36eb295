//! Guests who write in two places.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::links::{Link, LinkCode, Links, TRIES_MAX};

use super::fault::Fault;
use super::{SqliteStore, rows};

const FORGET: &str = "DELETE FROM link_codes WHERE expires_at <= ?1";
const OWNER: &str = "
    SELECT conversations.id, conversations.guest
      FROM guest_aliases
      JOIN conversations ON conversations.guest = guest_aliases.guest AND conversations.channel = 'whatsapp'
     WHERE guest_aliases.property = ?1 AND guest_aliases.kind IN ('phone', 'wa_id') AND guest_aliases.value = ?2
     ORDER BY guest_aliases.kind LIMIT 1";
const PUT: &str = "
    INSERT OR REPLACE INTO link_codes (guest, whatsapp, digest, tries, expires_at) VALUES (?1, ?2, ?3, 0, ?4)";
const TRY: &str = "
    UPDATE link_codes SET tries = tries + 1 WHERE guest = ?1 AND expires_at > ?2 AND tries < ?3
        RETURNING digest, whatsapp";
const USE_UP: &str = "DELETE FROM link_codes WHERE guest = ?1";
const LINK: &str = "INSERT OR REPLACE INTO guest_links (guest, whatsapp, linked_at) VALUES (?1, ?2, ?3)";
/// `?1`: the guest, whichever of the two.
const LINKS: &str = "
    SELECT web.id AS web, whatsapp.id AS whatsapp, linked_at
      FROM guest_links
      JOIN conversations AS web ON web.guest = guest_links.guest
      JOIN conversations AS whatsapp ON whatsapp.guest = guest_links.whatsapp
     WHERE guest_links.guest IN (SELECT guest FROM guest_links WHERE guest = ?1
                                  UNION ALL SELECT guest FROM guest_links WHERE whatsapp = ?1)
     ORDER BY linked_at DESC LIMIT 20";
const GUEST: &str = "SELECT guest FROM conversations WHERE id = ?1";

#[async_trait]
impl Links for SqliteStore {
    async fn put_link_code(
        &self,
        code: LinkCode,
        at: Timestamp,
    ) -> Result<Option<ConversationId>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(FORGET).bind(at.0).execute(&mut *conn).await?;
                let find = sqlx::query(OWNER).bind(rows::key(&code.property.0)).bind(&code.number);
                let owner = find.fetch_optional(&mut *conn).await?;
                let guest = owner.as_ref().map(|row| rows::id_at(row, "guest")).transpose()?;
                sqlx::query(PUT)
                    .bind(rows::key(&code.guest.0))
                    .bind(guest.as_ref().map(|guest| rows::key(guest).to_vec()))
                    .bind(code.digest.as_slice())
                    .bind(code.expires_at.0)
                    .execute(conn)
                    .await?;
                Ok(owner.map(|row| rows::id_at(&row, "id").map(ConversationId)).transpose()?)
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
                let attempt = sqlx::query(TRY).bind(rows::key(&guest.0)).bind(at.0).bind(TRIES_MAX);
                let Some(kept) = attempt.fetch_optional(&mut *conn).await? else { return Ok(None) };
                let (right, whatsapp): (Vec<u8>, Option<Vec<u8>>) = (kept.try_get(0)?, kept.try_get(1)?);
                let Some(whatsapp) = whatsapp.filter(|_| right == digest) else { return Ok(None) };
                sqlx::query(USE_UP).bind(rows::key(&guest.0)).execute(&mut *conn).await?;
                let link = sqlx::query(LINK).bind(rows::key(&guest.0)).bind(whatsapp).bind(at.0);
                link.execute(&mut *conn).await?;
                Ok(links(conn, rows::key(&guest.0)).await?.into_iter().next())
            })
        });
        Ok(write.await?)
    }

    async fn links_of(&self, conversation: ConversationId) -> Result<Vec<Link>, StoreError> {
        let found = async {
            let mut conn = self.readers.acquire().await?;
            let query = sqlx::query_scalar(GUEST).bind(rows::key(&conversation.0));
            let Some(guest) = query.fetch_optional(&mut *conn).await? else { return Ok(Vec::new()) };
            let guest: Vec<u8> = guest;
            links(&mut conn, &guest).await
        };
        Ok(found.await.map_err(Fault::from)?)
    }
}

async fn links(conn: &mut SqliteConnection, guest: &[u8]) -> Result<Vec<Link>, sqlx::Error> {
    sqlx::query_as(LINKS).bind(guest).fetch_all(conn).await
}

impl FromRow<'_, SqliteRow> for Link {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            web: ConversationId(rows::id_at(row, "web")?),
            whatsapp: ConversationId(rows::id_at(row, "whatsapp")?),
            linked_at: Timestamp(row.try_get("linked_at")?),
        })
    }
}
