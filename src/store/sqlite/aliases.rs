//! Who is who on WhatsApp: guests by their names there.

use sqlx::{Row, SqliteConnection};

use frontdesk_actors::ports::{Acquainted, Person, StoreError};
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::{Alias, AliasKind};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use super::fault::Fault;
use super::{SqliteStore, guests, rows};

const BY_ALIAS: &str = "
    SELECT guest_aliases.guest, guests.profile, conversations.id AS conversation
      FROM guest_aliases
      JOIN guests ON guests.id = guest_aliases.guest
      JOIN conversations ON conversations.guest = guests.id AND conversations.channel = 'whatsapp'
     WHERE guest_aliases.property = ?1 AND guest_aliases.kind = ?2 AND guest_aliases.value = ?3";

const INSERT: &str = "
    INSERT INTO guest_aliases (property, kind, value, guest, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";

/// What came in, and what went out.
const MESSAGE_OF: &str = "
    SELECT conversation, seq FROM whatsapp_messages WHERE wamid = ?1
     UNION ALL SELECT conversation, seq FROM deliveries WHERE wamid = ?1 LIMIT 1";

/// What the names of a person say.
struct Known {
    /// The guest of the surest name.
    found: Option<Acquainted>,
    /// Names that are nobody's yet.
    new: Vec<Alias>,
}

/// The guest with these names, as the store knows it; made if there is none and `make` says so.
pub(super) async fn acquaint(
    store: &SqliteStore,
    person: Person,
    make: bool,
) -> Result<Option<Acquainted>, StoreError> {
    let mut reader = store.readers.acquire().await.map_err(Fault::from)?;
    let known = look_up(&mut reader, person.property, &person.aliases).await?;
    drop(reader);
    match &known.found {
        Some(_) if known.new.is_empty() => return Ok(known.found),
        None if !make => return Ok(None),
        _ => {}
    }
    let write = store.write(move |conn| {
        Box::pin(async move {
            // Again, as the writer sees it: another webhook may have been quicker.
            let known = look_up(&mut *conn, person.property, &person.aliases).await?;
            let found = match known.found {
                Some(found) => found,
                None => add(&mut *conn, &person).await?,
            };
            for alias in &known.new {
                insert(&mut *conn, person.property, alias, found.guest, person.at).await?;
            }
            Ok(Some(found))
        })
    });
    Ok(write.await?)
}

/// Notes more names of a guest.
pub(super) async fn learn(
    store: &SqliteStore,
    guest: GuestId,
    property: PropertyId,
    aliases: Vec<Alias>,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            let mut contested = 0;
            for alias in &aliases {
                match owner(&mut *conn, property, alias).await? {
                    None => insert(&mut *conn, property, alias, guest, at).await?,
                    Some(owner) if owner.guest == guest => {}
                    Some(_) => contested += 1,
                }
            }
            Ok(contested)
        })
    });
    Ok(write.await?)
}

async fn look_up(
    conn: &mut SqliteConnection,
    property: PropertyId,
    aliases: &[Alias],
) -> Result<Known, Fault> {
    let mut known = Known { found: None, new: Vec::new() };
    for alias in aliases {
        match (owner(&mut *conn, property, alias).await?, &mut known.found) {
            (None, _) => known.new.push(alias.clone()),
            (Some(owner), None) => known.found = Some(owner),
            (Some(owner), Some(found)) if owner.guest != found.guest => found.contested += 1,
            (Some(_), Some(_)) => {}
        }
    }
    Ok(known)
}

async fn owner(
    conn: &mut SqliteConnection,
    property: PropertyId,
    alias: &Alias,
) -> Result<Option<Acquainted>, Fault> {
    let row = sqlx::query(BY_ALIAS)
        .bind(rows::key(&property.0))
        .bind(kind(alias.kind))
        .bind(&alias.value)
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let profile: GuestProfile = rows::json_at(&row, "profile")?;
    Ok(Some(Acquainted {
        guest: GuestId(rows::id_at(&row, "guest")?),
        name: profile.name,
        conversation: ConversationId(rows::id_at(&row, "conversation")?),
        is_new: false,
        contested: 0,
    }))
}

async fn insert(
    conn: &mut SqliteConnection,
    property: PropertyId,
    alias: &Alias,
    guest: GuestId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(rows::key(&property.0))
        .bind(kind(alias.kind))
        .bind(&alias.value)
        .bind(rows::key(&guest.0))
        .bind(at.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// A guest whom nobody knew, with an empty conversation.
async fn add(conn: &mut SqliteConnection, person: &Person) -> Result<Acquainted, Fault> {
    let profile = person.profile.clone();
    let guest = profile.id.ok_or(Fault::NotFound)?;
    let name = profile.name.clone();
    let conversation =
        Conversation::new(person.conversation, person.property, Channel::Whatsapp, profile, person.at);
    guests::insert(conn, conversation.snapshot()).await?;
    Ok(Acquainted { guest, name, conversation: person.conversation, is_new: true, contested: 0 })
}

fn kind(kind: AliasKind) -> &'static str {
    match kind {
        AliasKind::Bsuid => "bsuid",
        AliasKind::WaId => "wa_id",
        AliasKind::Phone => "phone",
    }
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
