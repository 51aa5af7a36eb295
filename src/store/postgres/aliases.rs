//! Who is who on WhatsApp: guests by their names there.

mod owners;
mod passed;

use sqlx::{PgConnection, Row};

use frontdesk_actors::ports::{Acquainted, OddNames, Person, StoreError};
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::{Channel, EventKind};
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::Alias;
use frontdesk_domain::timestamp::Timestamp;

use crate::store::known::{Known, Shown, look_up};

use super::fault::Fault;
use super::{PostgresStore, guests, locks, rows};
pub(super) use passed::{all as passed_numbers, remove as told_of};

/// A name that is nobody's, or from now on another guest's, or noted anew.
const PUT: &str = "
    INSERT INTO guest_aliases AS known (property, kind, value, guest, user_id, created_at, seen_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (property, kind, value) DO UPDATE
       SET user_id = CASE WHEN known.guest = excluded.guest THEN coalesce(excluded.user_id, known.user_id)
                          ELSE excluded.user_id END,
           guest = excluded.guest,
           seen_at = greatest(known.seen_at, excluded.seen_at)";

/// The guest's newest messages.
const HEARD: &str = "
    SELECT body FROM events
     WHERE conversation = (SELECT id FROM conversations WHERE guest = $1 AND channel = 'whatsapp')
       AND author_kind = 'guest'
     ORDER BY seq DESC LIMIT 20";

/// The name that a guest goes by is the newest still.
const KEEP_NEWEST: &str = "
    UPDATE guest_aliases SET seen_at = greatest(seen_at, $3)
     WHERE guest = $1 AND kind = $2
       AND seen_at = (SELECT max(seen_at) FROM guest_aliases WHERE guest = $1 AND kind = $2)";

/// What came in, and what went out.
const MESSAGE_OF: &str = "
    SELECT conversation, seq FROM whatsapp_messages WHERE wamid = $1
     UNION ALL SELECT conversation, seq FROM deliveries WHERE wamid = $1 LIMIT 1";

/// The guest with these names, as the store knows it; made if there is none and `make` says so.
pub(super) async fn acquaint(
    store: &PostgresStore,
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
            one_at_a_time(&mut *conn, person.property).await?;
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
async fn who(conn: &mut PgConnection, person: &Person) -> Result<Known, Fault> {
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
    store: &PostgresStore,
    guest: GuestId,
    property: PropertyId,
    aliases: Vec<Alias>,
    at: Timestamp,
) -> Result<OddNames, StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            one_at_a_time(&mut *conn, property).await?;
            let shown = Shown { property, aliases: &aliases, at };
            let known = look_up(&mut *conn, shown, Some(guest)).await?;
            keep_newest(&mut *conn, shown, guest).await?;
            note(&mut *conn, shown, guest, &known, at).await?;
            Ok(known.odd)
        })
    });
    Ok(write.await?)
}

/// Whoever decides by names what to write about them goes one after another within a property.
async fn one_at_a_time(conn: &mut PgConnection, property: PropertyId) -> Result<(), Fault> {
    Ok(locks::take(conn, locks::NAMES, &property.0.to_string()).await?)
}

/// Where the guest has written since the names changed, a name that was in use then is newer than these.
async fn keep_newest(conn: &mut PgConnection, shown: Shown<'_>, guest: GuestId) -> Result<(), Fault> {
    let bodies: Vec<String> = sqlx::query_scalar(HEARD).bind(guest.0).fetch_all(&mut *conn).await?;
    let sent_at = |body: &String| match serde_json::from_str(body) {
        Ok(EventKind::Message(message)) => message.sent_at,
        _ => None,
    };
    let heard = bodies.iter().filter_map(sent_at).max().filter(|heard| *heard > shown.at);
    let Some(heard) = heard else { return Ok(()) };
    for alias in shown.aliases {
        let keep = sqlx::query(KEEP_NEWEST).bind(guest.0).bind(rows::alias_kind(alias.kind)).bind(heard.0);
        keep.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Writes what is new of a guest's names.
async fn note(
    conn: &mut PgConnection,
    shown: Shown<'_>,
    guest: GuestId,
    known: &Known,
    now: Timestamp,
) -> Result<(), Fault> {
    let taken = known.odd.taken.iter().map(|(alias, _)| alias);
    for alias in known.new.iter().chain(&known.renewed).chain(taken) {
        sqlx::query(PUT)
            .bind(shown.property.0)
            .bind(rows::alias_kind(alias.kind))
            .bind(&alias.value)
            .bind(guest.0)
            .bind(shown.user_id().filter(|_| alias.kind.is_number()))
            .bind(now.0)
            .bind(shown.at.0)
            .execute(&mut *conn)
            .await?;
    }
    passed::add(conn, &known.odd.taken, guest, shown.at).await
}

/// A guest whom nobody knew, with an empty conversation.
async fn add(conn: &mut PgConnection, person: &Person) -> Result<Acquainted, Fault> {
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
    store: &PostgresStore,
    wamid: &str,
) -> Result<Option<(ConversationId, u64)>, StoreError> {
    let row = sqlx::query(MESSAGE_OF).bind(rows::plain(wamid)).fetch_optional(&store.readers).await;
    let Some(row) = row.map_err(Fault::from)? else { return Ok(None) };
    let conversation = row.try_get("conversation").map_err(Fault::from)?;
    let seq = rows::seq_at(&row, "seq").map_err(Fault::from)?;
    Ok(Some((ConversationId(conversation), seq)))
}
