//! Fills a server's SQLite database with conversations, past the server.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use frontdesk_domain::conversation::{Conversation, Snapshot};
use frontdesk_domain::event::{Channel, Event, EventKind, Message};
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::{Author, GuestProfile};
use frontdesk_domain::timestamp::Timestamp;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use uuid::Uuid;

use crate::progress::bar;

/// Events in a transaction.
const BATCH: u64 = 50_000;

const GUEST: &str = "INSERT INTO guests (id, property, profile, created_at) VALUES (?, ?, ?, ?)";
const CONVERSATION: &str = "
    INSERT INTO conversations (id, property, guest, channel, snapshot, last_seq, status, updated_at, search)
    VALUES (?, ?, ?, 'web', ?, ?, 'open', ?, ?)";
/// All events of a conversation at once.
const EVENTS: &str = "
    INSERT INTO events (conversation, seq, at, author_kind, author_id, author_name, guest_prev, guest_visible, body)
    SELECT ?1, value ->> 0, value ->> 1, value ->> 2, iif(value ->> 3 IS NULL, NULL, ?2), value ->> 3,
           value ->> 4, 1, value ->> 5
      FROM json_each(?3)";
/// What the server makes of its log, in one go.
const FOLD: &str = "
    INSERT INTO places
    SELECT conversation, seq, position FROM events
     WHERE position > (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'folded')
     ORDER BY conversation, seq;
    UPDATE meta SET value = (SELECT max(position) FROM events) WHERE key = 'folded';
    PRAGMA wal_checkpoint(TRUNCATE)";

/// Adds `count` conversations of `each` events to the database's first property, the guest's and the AI's in
/// turn; answers their ids, oldest first.
pub(crate) async fn fill(database: &Path, count: u64, each: u64) -> anyhow::Result<Vec<ConversationId>> {
    // If it breaks off, the folder is thrown away: nothing needs to be synced.
    let options = SqliteConnectOptions::new().filename(database).synchronous(SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options.disable_statement_logging()).await?;
    let property = property(&mut connection).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = i64::try_from(now.as_millis())?;
    let progress = bar(count, "filling ");
    let batch = (BATCH / each.max(1)).clamp(1, 1_000);
    let (mut done, mut ids) = (0, Vec::new());
    while done < count {
        let mut transaction = connection.begin().await?;
        for nth in done..count.min(done + batch) {
            // One a minute, the newest now.
            let at = now.saturating_sub(i64::try_from(count - nth)?.saturating_mul(60_000));
            let thread = Thread::new(property, nth, each, Timestamp(at));
            add(&mut transaction, &thread).await?;
            ids.push(thread.snapshot.id);
        }
        transaction.commit().await?;
        done = count.min(done + batch);
        progress.set_position(done);
    }
    progress.finish_and_clear();
    // A server that stopped has done the same; without it the first start would do it.
    connection.execute(FOLD).await?;
    connection.close().await?;
    Ok(ids)
}

async fn property(connection: &mut SqliteConnection) -> anyhow::Result<PropertyId> {
    let row = sqlx::query("SELECT id FROM properties LIMIT 1").fetch_optional(&mut *connection).await?;
    if let Some(row) = row {
        return Ok(PropertyId(Uuid::from_slice(row.try_get(0)?)?));
    }
    let id = Uuid::now_v7();
    let insert = sqlx::query("INSERT INTO properties (id, slug, name) VALUES (?, 'bench', 'Bench')");
    insert.bind(id.as_bytes().to_vec()).execute(connection).await?;
    Ok(PropertyId(id))
}

struct Thread {
    guest: Uuid,
    snapshot: Snapshot,
    events: Vec<Event>,
}

impl Thread {
    fn new(property: PropertyId, nth: u64, each: u64, at: Timestamp) -> Self {
        let (guest, conversation) = (GuestId(Uuid::now_v7()), ConversationId(Uuid::now_v7()));
        let name = format!("Guest {nth}");
        let profile = GuestProfile {
            id: Some(guest),
            name: Some(name.clone()),
            room: Some((100 + nth % 400).to_string()),
            ..GuestProfile::default()
        };
        let begun = Conversation::new(conversation, property, Channel::Web, profile, at);
        let mut snapshot = Snapshot::clone(begun.snapshot());
        let mut events = Vec::new();
        for seq in 1..=each {
            let (by, text) = if seq % 2 == 1 {
                (
                    Author::guest(guest, Some(name.clone())),
                    "When is breakfast, and may we have it on the terrace?",
                )
            } else {
                (
                    Author::ai(),
                    "Breakfast is served from 7 to 10, on the terrace as well when the weather is fine.",
                )
            };
            let at = at.plus_millis(i64::try_from(seq).unwrap_or_default() * 5);
            let kind = EventKind::Message(Message::new(text, Channel::Web));
            let event =
                Event { conversation, seq, guest_prev: seq - 1, id: None, fingerprint: None, at, by, kind };
            snapshot.apply(&event, false);
            events.push(event);
        }
        Self { guest: guest.0, snapshot, events }
    }
}

async fn add(connection: &mut SqliteConnection, thread: &Thread) -> anyhow::Result<()> {
    let snapshot = &thread.snapshot;
    let bytes = |id: Uuid| id.as_bytes().to_vec();
    let (id, guest, property) = (bytes(snapshot.id.0), bytes(thread.guest), bytes(snapshot.property.0));
    let row = sqlx::query(GUEST).bind(&guest).bind(&property).bind(serde_json::to_string(&snapshot.guest)?);
    row.bind(snapshot.created_at.0).execute(&mut *connection).await?;
    let last = snapshot.last_message.as_ref().map_or("", |message| message.text.as_str());
    let search = format!("{}\n{last}", snapshot.guest.name.as_deref().unwrap_or_default()).to_lowercase();
    let row = sqlx::query(CONVERSATION).bind(&id).bind(&property).bind(&guest);
    let row = row.bind(serde_json::to_string(snapshot)?).bind(i64::try_from(snapshot.last_seq)?);
    row.bind(snapshot.updated_at.0).bind(search).execute(&mut *connection).await?;
    let mut rows = Vec::with_capacity(thread.events.len());
    for event in &thread.events {
        let (kind, body) = (serde_json::to_value(event.by.kind)?, serde_json::to_string(&event.kind)?);
        rows.push(json!([event.seq, event.at.0, kind, event.by.name, event.guest_prev, body]));
    }
    let rows = sqlx::query(EVENTS).bind(&id).bind(&guest).bind(serde_json::to_string(&rows)?);
    rows.execute(&mut *connection).await?;
    Ok(())
}
