//! Guests' data as a whole.

use super::*;
use crate::store::Privacy;
use crate::store::privacy::{Erasure, PrivacySettings};
use crate::store::sqlite::personal::TABLES;

#[tokio::test]
async fn the_list_names_every_table_there_is() {
    let place = Place::new();
    let store = place.open().await;
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&store.readers)
    .await
    .expect("reads");
    for name in &there {
        let known = TABLES.iter().any(|table| table.name == name);
        assert!(known, "what of a guest is in {name}? Say it in src/store/sqlite/personal.rs");
    }
    for table in TABLES {
        assert!(!table.holds.is_empty());
        let twice = TABLES.iter().filter(|other| other.name == table.name).count();
        assert_eq!(twice, 1, "{}", table.name);
        assert!(there.iter().any(|name| name == table.name), "there is no table {}", table.name);
    }
    store.close().await;
}

#[tokio::test]
async fn who_has_not_been_heard_of() {
    let place = Place::new();
    let store = place.open().await;
    let property = hotel(&store).await;
    let (mut quiet, mut waits, mut late) = (
        conversation(&store, property).await,
        conversation(&store, property).await,
        conversation(&store, property).await,
    );
    let status = |status| EventKind::Status { status, until: None, reason: None };
    store.append(say(&mut quiet, "hello", 2_000)).await.expect("stored");
    store.append(say(&mut waits, "hello", 2_000)).await.expect("stored");
    store
        .append(change(&mut waits, 2_001, status(frontdesk_domain::event::Status::Waiting)))
        .await
        .expect("stored");
    store.append(say(&mut late, "hello", 9_000)).await.expect("stored");
    let past = store.guests_past(property, Timestamp(5_000)).await.expect("reads");
    assert_eq!(past, [quiet.guest_id().expect("a guest")]);
    let erasure =
        Erasure { guest: past[0], property, agent: None, asked_at: Timestamp(9_000), done_at: None };
    store.ask_erasure(erasure.clone()).await.expect("stored");
    assert_eq!(store.open_erasures().await.expect("reads"), [erasure]);
    assert!(store.guests_past(property, Timestamp(5_000)).await.expect("reads").is_empty(), "asked for once");
    let settings = PrivacySettings { conversation_days: Some(30), ..PrivacySettings::default() };
    store.put_privacy(property, settings.clone()).await.expect("stored");
    assert_eq!(store.privacy(property).await.expect("reads"), settings);
    assert_eq!(store.private_properties().await.expect("reads"), [property]);
    store.close().await;
}
