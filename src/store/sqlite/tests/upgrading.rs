//! A database of an older schema: taken over whole, also if that is cut short at any write.

use std::fs;
use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use frontdesk_actors::ports::{Span, Store};
use frontdesk_domain::conversation::Conversation;
use frontdesk_domain::event::{Event, EventKind};
use frontdesk_domain::people::Audience;

use super::super::{open, rows, verify};
use super::{File, Place, change, conversation, hotel, say};

const ALL: Span = Span::After { after: 0, limit: 1_000 };
/// Of a write-ahead log, and of each page in it.
const WAL_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;

async fn number(conn: &mut SqliteConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(conn).await.expect("a number")
}

/// Three conversations as the first schema's version left them, made by its own statements.
async fn first_schema(place: &File) -> Vec<(Conversation, Vec<Event>)> {
    let mut conn =
        open::writer_options(&place.path()).create_if_missing(true).connect().await.expect("opens");
    let first: Vec<_> = open::MIGRATIONS.iter().take(1).cloned().collect();
    Migrator { migrations: first.into(), ..Migrator::DEFAULT }.run(&mut conn).await.expect("made");
    let epoch = "INSERT INTO meta VALUES ('epoch', '019ab000-0000-7000-8000-000000000000')";
    sqlx::raw_sql(epoch).execute(&mut conn).await.expect("named");
    let mut states = Vec::new();
    let other = File::new().await;
    let template = other.open().await;
    let property = hotel(&template).await;
    let row = "INSERT INTO properties VALUES (?, 'default', 'Hotel')";
    sqlx::query(row).bind(rows::key(&property.0)).execute(&mut conn).await.expect("written");
    for _ in 0..3 {
        let mut state = conversation(&template, property).await;
        let mut events = Vec::new();
        for n in 1..=3 {
            events.extend(say(&mut state, "old", n).events);
        }
        events.extend(change(&mut state, 4, EventKind::Note { text: "older".to_owned() }).events);
        let (id, guest) = (state.id(), state.guest_id().expect("a guest"));
        let row = "INSERT INTO guests VALUES (?, ?, '{}', 0)";
        let query = sqlx::query(row).bind(rows::key(&guest.0)).bind(rows::key(&property.0));
        query.execute(&mut conn).await.expect("written");
        let row = "INSERT INTO conversations (id, property, guest, channel, snapshot, last_seq, status, updated_at, search)
                   VALUES (?, ?, ?, 'web', ?, 4, 'open', 4, '')";
        let query =
            sqlx::query(row).bind(rows::key(&id.0)).bind(rows::key(&property.0)).bind(rows::key(&guest.0));
        let query = query.bind(rows::json(state.snapshot()).expect("JSON"));
        query.execute(&mut conn).await.expect("written");
        for event in &events {
            let row = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let query = sqlx::query(row)
                .bind(rows::key(&id.0))
                .bind(rows::stored(event.seq))
                .bind(event.at.0)
                .bind(rows::author_kind(event.by.kind))
                .bind(event.by.id.as_ref().map(rows::key))
                .bind(event.by.name.as_deref())
                .bind(event.id.as_ref().map(frontdesk_domain::ids::ClientId::as_str))
                .bind(event.fingerprint.map(u64::cast_signed))
                .bind(rows::stored(event.guest_prev))
                .bind(i64::from(event.kind.seen_by(Audience::Guest)))
                .bind(rows::json(&event.kind).expect("JSON"));
            query.execute(&mut conn).await.expect("written");
        }
        states.push((state, events));
    }
    conn.close().await.expect("closes");
    template.close().await;
    states
}

#[tokio::test]
async fn a_database_of_the_first_schema_is_taken_over_with_all_that_is_in_it() {
    let place = File::new().await;
    let mut states = first_schema(&place).await;
    let store = place.open().await;
    for (state, events) in &mut states {
        assert_eq!(store.load(state.id()).await.expect("reads").as_ref(), Some(&*state));
        assert_eq!(store.events(state.id(), Audience::Agents, ALL).await.expect("reads"), *events);
        let next = say(state, "new", 9);
        events.extend(next.events.clone());
        store.append(next).await.expect("stored");
        assert_eq!(store.events(state.id(), Audience::Agents, ALL).await.expect("reads"), *events);
    }
    store.close().await;
    let mut conn = open::options(&place.path()).connect().await.expect("opens");
    assert_eq!(number(&mut conn, "SELECT count(*) FROM places").await, 15);
    assert_eq!(number(&mut conn, "SELECT value + 0 FROM meta WHERE key = 'folded'").await, 15);
    conn.close().await.expect("closes");
    verify(&place.path()).await.expect("intact");
}

/// A kill leaves what was written before it: the file, and a part of the write-ahead log, the last page of it perhaps
/// in part.
fn killed(file: &[u8], log: &[u8], at: &Path) {
    fs::write(at, file).expect("written");
    fs::write(at.with_extension("db-wal"), log).expect("written");
}

#[tokio::test]
async fn a_kill_at_any_write_of_the_way_to_this_schema_loses_nothing() {
    let place = File::new().await;
    let states = first_schema(&place).await;
    let file = fs::read(place.path()).expect("the file");
    let mut conn = open::writer_options(&place.path()).connect().await.expect("opens");
    open::MIGRATIONS.run(&mut conn).await.expect("brought to this schema");
    let page = usize::try_from(number(&mut conn, "PRAGMA page_size").await).expect("a size");
    let log = fs::read(place.path().with_extension("db-wal")).expect("the log");
    assert_eq!(fs::read(place.path()).expect("the file"), file, "nothing has left the log yet");
    conn.close().await.expect("closes");
    let frame = FRAME_HEAD_BYTES + page;
    let frames = log.len().saturating_sub(WAL_HEAD_BYTES) / frame;
    assert!(frames > open::MIGRATIONS.iter().count(), "{frames} pages were written");
    let mut found = Vec::new();
    for n in 0..=frames {
        let place = File::new().await;
        let whole = WAL_HEAD_BYTES + n * frame;
        let part = if n % 2 == 0 { 0 } else { frame / 2 };
        killed(&file, &log[..(whole + part).min(log.len())], &place.path());
        let mut conn = open::options(&place.path()).connect().await.expect("opens");
        found.push(number(&mut conn, "SELECT max(version) FROM _sqlx_migrations").await);
        conn.close().await.expect("closes");
        // That has moved the log into the file; the next start finds what the kill left.
        killed(&file, &log[..(whole + part).min(log.len())], &place.path());
        let store = place.open().await;
        for (state, events) in &states {
            assert_eq!(store.load(state.id()).await.expect("reads").as_ref(), Some(state), "after {n} pages");
            let stored = store.events(state.id(), Audience::Agents, ALL).await.expect("reads");
            assert_eq!(&stored, events, "after {n} pages");
        }
        store.close().await;
        verify(&place.path()).await.expect("intact");
    }
    assert!(found.is_sorted(), "{found:?}");
    found.dedup();
    let steps: Vec<i64> = open::MIGRATIONS.iter().map(|step| step.version).collect();
    assert_eq!(found, steps, "a kill after each step, and in each");
}
