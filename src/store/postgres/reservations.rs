//! Reservations, and whose they are.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::reservations::{Reservation, ReservationSource, Reservations, Stay, Untold};

use super::fault::Fault;
use super::{PostgresStore, rows};

const SOURCE: &str = "SELECT * FROM reservation_sources WHERE property = $1";
const SOURCE_BY_ID: &str = "SELECT * FROM reservation_sources WHERE id = $1";
const REMOVE_SOURCE: &str = "DELETE FROM reservation_sources WHERE property = $1";
const SOURCES: &str = "SELECT * FROM reservation_sources";
const PUT_SOURCE: &str = "
    INSERT INTO reservation_sources (property, id, secret, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (property) DO UPDATE
       SET id = excluded.id, secret = excluded.secret, created_at = excluded.created_at";

/// A guest who was named stays, as does one who was found. Of two versions that come at once, the second waits for
/// the first.
const PUT: &str = "
    INSERT INTO reservations AS known (property, reference, version, guest, sure, status, name, email, phone, room,
                                       arrival, departure, locale, untold, updated_at)
    VALUES ($1, $2, $3, (SELECT id FROM guests WHERE id = $4 AND property = $1), $4 IS NOT NULL, $5, $6, $7, $8, $9,
            $10, $11, $12, TRUE, $13)
        ON CONFLICT (property, reference) DO UPDATE
       SET version = excluded.version, guest = coalesce(excluded.guest, known.guest),
           sure = known.sure OR excluded.guest IS NOT NULL,
           status = excluded.status, name = excluded.name, email = excluded.email, phone = excluded.phone,
           room = excluded.room, arrival = excluded.arrival, departure = excluded.departure,
           locale = excluded.locale, untold = TRUE, updated_at = excluded.updated_at
     WHERE excluded.version > known.version";

/// The guest whose number WhatsApp vouches for.
const BY_NUMBER: &str = "
    UPDATE reservations
       SET guest = found.guest, sure = TRUE, untold = TRUE
      FROM (SELECT DISTINCT ON (one.property, one.reference) one.property, one.reference, guest_aliases.guest
              FROM reservations AS one
              JOIN guest_aliases ON guest_aliases.property = one.property
               AND guest_aliases.kind IN ('phone', 'wa_id') AND guest_aliases.value = one.phone
             WHERE one.guest IS NULL AND one.status IN ('booked', 'in_house')
             ORDER BY one.property, one.reference, guest_aliases.kind LIMIT 100) AS found
     WHERE reservations.property = found.property AND reservations.reference = found.reference
       AND reservations.guest IS NULL";

/// The newest guest who gave this address, or this number, or this room together with this name.
const BY_WORD: &str = "
    UPDATE reservations
       SET guest = found.guest, sure = FALSE, untold = TRUE
      FROM (SELECT DISTINCT ON (one.property, one.reference) one.property, one.reference, guests.id AS guest
              FROM reservations AS one
              JOIN guests ON guests.property = one.property
               AND (guests.claimed_email = one.email OR guests.claimed_phone = one.phone
                    OR (guests.claimed_room = lower(one.room COLLATE \"C\") AND one.status = 'in_house'
                        AND guests.claimed_name = lower(one.name COLLATE \"C\")))
             WHERE one.guest IS NULL AND one.status IN ('booked', 'in_house')
             ORDER BY one.property, one.reference, guests.id DESC LIMIT 100) AS found
     WHERE reservations.property = found.property AND reservations.reference = found.reference
       AND reservations.guest IS NULL";

const UNTOLD: &str = "SELECT * FROM reservations WHERE untold AND guest IS NOT NULL LIMIT 100";
const CONVERSATIONS: &str = "SELECT id FROM conversations WHERE guest = $1 ORDER BY id";
const TOLD: &str = "
    UPDATE reservations SET untold = FALSE WHERE property = $1 AND reference = $2 AND version = $3";
const PRUNE: &str = "DELETE FROM reservations WHERE updated_at < $1";

#[async_trait]
impl Reservations for PostgresStore {
    async fn reservation_source(
        &self,
        property: PropertyId,
    ) -> Result<Option<ReservationSource>, StoreError> {
        let query = sqlx::query_as(SOURCE).bind(property.0);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn reservation_source_by_id(&self, id: Uuid) -> Result<Option<ReservationSource>, StoreError> {
        let query = sqlx::query_as(SOURCE_BY_ID).bind(id);
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn put_reservation_source(&self, source: ReservationSource) -> Result<(), StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(PUT_SOURCE)
                    .bind(source.property.0)
                    .bind(source.id)
                    .bind(source.secret)
                    .bind(source.created_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn remove_reservation_source(&self, property: PropertyId) -> Result<bool, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(REMOVE_SOURCE).bind(property.0).execute(conn).await?;
                Ok(done.rows_affected() > 0)
            })
        });
        Ok(write.await?)
    }

    async fn reservation_sources(&self) -> Result<Vec<ReservationSource>, StoreError> {
        Ok(sqlx::query_as(SOURCES).fetch_all(&self.readers).await.map_err(Fault::from)?)
    }

    async fn put_reservations(&self, reservations: Vec<Reservation>) -> Result<Vec<bool>, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let mut newer = vec![false; reservations.len()];
                let mut ordered: Vec<(usize, &Reservation)> = reservations.iter().enumerate().collect();
                // Two who store the same ones at once wait for each other in one order, and so not for ever.
                ordered.sort_by_key(|(_, one)| (one.property, &one.reference));
                for (place, one) in ordered {
                    newer[place] = put(&mut *conn, one).await?;
                }
                Ok(newer)
            })
        });
        Ok(write.await?)
    }

    async fn match_reservations(&self) -> Result<u64, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(async move {
                let sure = sqlx::query(BY_NUMBER).execute(&mut *conn).await?.rows_affected();
                Ok(sure + sqlx::query(BY_WORD).execute(conn).await?.rows_affected())
            })
        });
        Ok(write.await?)
    }

    async fn untold_reservations(&self) -> Result<Vec<Untold>, StoreError> {
        let found = sqlx::query(UNTOLD).fetch_all(&self.readers).await.map_err(Fault::from)?;
        let mut untold = Vec::with_capacity(found.len());
        for row in &found {
            let reservation = Reservation::from_row(row).map_err(Fault::from)?;
            let sure = row.try_get("sure").map_err(Fault::from)?;
            let Some(guest) = reservation.guest else { continue };
            let query = sqlx::query_scalar(CONVERSATIONS).bind(guest.0);
            let ids: Vec<Uuid> = query.fetch_all(&self.readers).await.map_err(Fault::from)?;
            let conversations = ids.into_iter().map(ConversationId).collect();
            untold.push(Untold { reservation, conversations, sure });
        }
        Ok(untold)
    }

    async fn told_reservation(
        &self,
        property: PropertyId,
        reference: &str,
        version: i64,
    ) -> Result<(), StoreError> {
        let reference = rows::plain(reference).into_owned();
        let write = self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(TOLD).bind(property.0).bind(reference).bind(version).execute(conn).await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }

    async fn prune_reservations(&self, before: Timestamp) -> Result<u64, StoreError> {
        let write = self.write(move |conn| {
            Box::pin(
                async move { Ok(sqlx::query(PRUNE).bind(before.0).execute(conn).await?.rows_affected()) },
            )
        });
        Ok(write.await?)
    }
}

async fn put(conn: &mut PgConnection, one: &Reservation) -> Result<bool, Fault> {
    let plain = |text: &Option<String>| text.as_deref().map(|text| rows::plain(text).into_owned());
    let done = sqlx::query(PUT)
        .bind(one.property.0)
        .bind(rows::plain(&one.reference))
        .bind(one.version)
        .bind(one.guest.map(|guest| guest.0))
        .bind(one.status.name())
        .bind(plain(&one.name))
        .bind(plain(&one.email))
        .bind(plain(&one.phone))
        .bind(plain(&one.room))
        .bind(plain(&one.arrival))
        .bind(plain(&one.departure))
        .bind(plain(&one.locale))
        .bind(one.updated_at.0)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

impl FromRow<'_, PgRow> for Reservation {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            property: PropertyId(row.try_get("property")?),
            reference: row.try_get("reference")?,
            version: row.try_get("version")?,
            guest: row.try_get::<Option<_>, _>("guest")?.map(GuestId),
            status: Stay::of_name(row.try_get("status")?),
            name: row.try_get("name")?,
            email: row.try_get("email")?,
            phone: row.try_get("phone")?,
            room: row.try_get("room")?,
            arrival: row.try_get("arrival")?,
            departure: row.try_get("departure")?,
            locale: row.try_get("locale")?,
            updated_at: rows::time_at(row, "updated_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for ReservationSource {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            property: PropertyId(row.try_get("property")?),
            id: row.try_get("id")?,
            secret: row.try_get("secret")?,
            created_at: rows::time_at(row, "created_at")?,
        })
    }
}
