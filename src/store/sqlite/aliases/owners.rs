//! Whose a name is.

use sqlx::{Row, SqliteConnection};

use frontdesk_actors::ports::{Acquainted, OddNames};
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::people::GuestProfile;

use crate::store::known::{Owner, Owners};

use super::super::fault::Fault;
use super::super::rows;

/// Whose a name is, and since when the guest's newest of its kind is known.
const OWNER: &str = "
    SELECT a.guest, a.user_id, a.seen_at, guests.profile, conversations.id AS conversation,
           (SELECT max(o.seen_at) FROM guest_aliases o WHERE o.guest = a.guest AND o.kind = a.kind) AS newest_at
      FROM guest_aliases a
      JOIN guests ON guests.id = a.guest
      JOIN conversations ON conversations.guest = guests.id AND conversations.channel = 'whatsapp'
     WHERE a.property = ?1 AND a.kind = ?2 AND a.value = ?3";

impl Owners for SqliteConnection {
    async fn owner(&mut self, property: PropertyId, alias: &Alias) -> Result<Option<Owner>, Fault> {
        let row = sqlx::query(OWNER)
            .bind(rows::key(&property.0))
            .bind(rows::alias_kind(alias.kind))
            .bind(&alias.value)
            .fetch_optional(self)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let profile: GuestProfile = rows::json_at(&row, "profile")?;
        Ok(Some(Owner {
            guest: Acquainted {
                guest: GuestId(rows::id_at(&row, "guest")?),
                name: profile.name,
                conversation: ConversationId(rows::id_at(&row, "conversation")?),
                is_new: false,
                odd: OddNames::default(),
            },
            user_id: row.try_get("user_id")?,
            seen_at: rows::time_at(&row, "seen_at")?,
            newest_at: rows::time_at(&row, "newest_at")?,
        }))
    }
}
