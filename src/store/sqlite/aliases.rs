//! Who is who on WhatsApp: guests by their names there.

mod owners;
mod passed;

use sqlx::{Row, SqliteConnection};

use frontdesk_actors::ports::{Acquainted, OddNames, Person, StoreError};
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::known::{Known, Shown, look_up};

use super::fault::Fault;
use super::{SqliteStore, guests, rows};
pub(super) use passed::{all as passed_numbers, remove as told_of};

/// A name that is nobody's, or from now on another guest's, or noted anew.
const PUT: &str = "
    INSERT INTO guest_aliases (property, kind, value, guest, user_id, created_at, seen_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (property, kind, value) DO UPDATE
       SET user_id = CASE WHEN guest = excluded.guest THEN coalesce(excluded.user_id, user_id)
                          ELSE excluded.user_id END,
           guest = excluded.guest,
           seen_at = max(seen_at, excluded.seen_at)";

/// When the guest's newest messages were sent.
const HEARD_AT: &str = "
    SELECT max(body ->> '$.sent_at')
      FROM (SELECT body FROM events
             WHERE conversation = (SELECT id FROM conversations WHERE guest = ?1 AND channel = 'whatsapp')
               AND author_kind = 'guest'
             ORDER BY seq DESC LIMIT 20)";

/// The name that a guest goes by is the newest still.
const KEEP_NEWEST: &str = "
    UPDATE guest_aliases SET seen_at = max(seen_at, ?3)
     WHERE guest = ?1 AND kind = ?2
       AND seen_at = (SELECT max(seen_at) FROM guest_aliases WHERE guest = ?1 AND kind = ?2)";

/// What came in, and what went out.
const MESSAGE_OF: &str = "
    SELECT conversation, seq FROM whatsapp_messages WHERE wamid = ?1
     UNION ALL SELECT conversation, seq FROM deliveries WHERE wamid = ?1 LIMIT 1";

/// The guest with these names, as the store knows it; made if there is none and `make` says so.
pub(super) async fn acquaint(
    store: &SqliteStore,
    person: Person,
    make: bool,
) -> Result<Option<Acquainted>, StoreError> {
    let mut reader = store.readers.acquire().await.map_err(Fault::from)?;
    let known = who(&mut reader, &person).await?;
    drop(reader);
    let is_old = known.is_old();
    match known.found {
        Some(found) if is_old => {
            return Ok(Some(Acquainted { odd: known.odd, ..found }));
        }
        None if !make => return Ok(None),
        _ => {}
    }
    let write = store.write(move |conn| {
        Box::pin(async move {
            // Again, as the writer sees it: another webhook may have been quicker.
            let mut known = who(&mut *conn, &person).await?;
            if !make {
                // Only what somebody says takes a number from another.
                known.odd.taken.clear();
            }
            let found = match known.found.take() {
                Some(found) => found,
                None => add(&mut *conn, &person).await?,
            };
            let shown = Shown { property: person.property, aliases: &person.aliases, at: person.seen_at };
            note(&mut *conn, shown, found.guest, &known, person.at).await?;
            Ok(Some(Acquainted { odd: known.odd, ..found }))
        })
    });
    Ok(write.await?)
}

/// By the names, or by those that the guest goes by since.
async fn who(conn: &mut SqliteConnection, person: &Person) -> Result<Known, Fault> {
    let shown = Shown { property: person.property, aliases: &person.aliases, at: person.seen_at };
    let known = look_up(&mut *conn, shown, None).await?;
    if known.found.is_some() || person.heir.is_empty() {
        return Ok(known);
    }
    let since = Shown { aliases: &person.heir, ..shown };
    Ok(Known { found: look_up(conn, since, None).await?.found, ..known })
}

/// Notes more names of a guest.
pub(super) async fn learn(
    store: &SqliteStore,
    guest: GuestId,
    property: PropertyId,
    aliases: Vec<Alias>,
    at: Timestamp,
) -> Result<OddNames, StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            let shown = Shown { property, aliases: &aliases, at };
            let known = look_up(&mut *conn, shown, Some(guest)).await?;
            keep_newest(&mut *conn, shown, guest).await?;
            note(&mut *conn, shown, guest, &known, at).await?;
            Ok(known.odd)
        })
    });
    Ok(write.await?)
}

/// Where the guest has written since the names changed, a name that was in use then is newer than these.
async fn keep_newest(conn: &mut SqliteConnection, shown: Shown<'_>, guest: GuestId) -> Result<(), Fault> {
    let heard: Option<String> =
        sqlx::query_scalar(HEARD_AT).bind(rows::key(&guest.0)).fetch_one(&mut *conn).await?;
    let heard = heard.as_deref().and_then(Timestamp::parse).filter(|heard| *heard > shown.at);
    let Some(heard) = heard else { return Ok(()) };
    for alias in shown.aliases {
        let keep = sqlx::query(KEEP_NEWEST)
            .bind(rows::key(&guest.0))
            .bind(rows::alias_kind(alias.kind))
            .bind(heard.0);
        keep.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Writes what is new of a guest's names.
async fn note(
    conn: &mut SqliteConnection,
    shown: Shown<'_>,
    guest: GuestId,
    known: &Known,
    now: Timestamp,
) -> Result<(), Fault> {
    let taken = known.odd.taken.iter().map(|(alias, _)| alias);
    for alias in known.new.iter().chain(&known.renewed).chain(taken) {
        sqlx::query(PUT)
            .bind(rows::key(&shown.property.0))
            .bind(rows::alias_kind(alias.kind))
            .bind(&alias.value)
            .bind(rows::key(&guest.0))
            .bind(shown.user_id().filter(|_| alias.kind.is_number()))
            .bind(now.0)
            .bind(shown.at.0)
            .execute(&mut *conn)
            .await?;
    }
    passed::add(conn, &known.odd.taken, guest, shown.at).await
}

/// A guest whom nobody knew, with an empty conversation.
async fn add(conn: &mut SqliteConnection, person: &Person) -> Result<Acquainted, Fault> {
    let profile = person.profile.clone();
    let guest = profile.id.ok_or(Fault::NotFound)?;
    let name = profile.name.clone();
    let conversation =
        Conversation::new(person.conversation, person.property, Channel::Whatsapp, profile, person.at);
    guests::insert(conn, conversation.snapshot()).await?;
    let odd = OddNames::default();
    Ok(Acquainted { guest, name, conversation: person.conversation, is_new: true, odd })
}

/// Where the message with this WhatsApp id is.
pub(super) async fn message_of(
    store: &SqliteStore,
    wamid: &str,
) -> Result<Option<(ConversationId, u64)>, StoreError> {
    let row =
        sqlx::query(MESSAGE_OF).bind(wamid).fetch_optional(&store.readers).await.map_err(Fault::from)?;
    let Some(row) = row else { return Ok(None) };
    let conversation = ConversationId(rows::id_at(&row, "conversation").map_err(Fault::from)?);
    let seq: i64 = row.try_get("seq").map_err(Fault::from)?;
    Ok(Some((conversation, seq.cast_unsigned())))
}
