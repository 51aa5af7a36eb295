//! A webhook that cannot be stored is not answered 200: WhatsApp comes again.

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::whatsapp::{SETTINGS, said, text};
use crate::support::{Meta, Server};

#[tokio::test]
async fn what_cannot_be_on_disk_is_answered_503_and_stored_when_it_comes_again() {
    let server = Server::start(SETTINGS).await;
    let (meta, mut admin) = (Meta::new(&server), server.admin().await);
    assert_eq!(meta.messages(json!([text("wamid.1", "15550000001", "known")])).await, 200);
    let url = format!("sqlite://{}", server.data().join("frontdesk.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    // Whoever else holds the database, the writer cannot: as on a disk that takes nothing any more.
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let items =
        json!([text("wamid.2", "15550000001", "again"), text("wamid.3", "15550000002", "a stranger")]);
    assert_eq!(meta.messages(items.clone()).await, 503);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(meta.messages(items.clone()).await, 200);
    assert_eq!(meta.messages(items).await, 200);
    let all = said(&mut admin).await;
    assert_eq!(all.len(), 2);
    let texts = all.iter().flat_map(|(_, history)| history.iter());
    let mut texts: Vec<&str> =
        texts.filter(|e| e["by"]["kind"] == "guest").filter_map(|e| e["text"].as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["a stranger", "again", "known"], "each once");
}
