//! Guests' data as a whole.

use super::*;
use crate::store::personal::{TABLES, TAKEN};

#[tokio::test]
async fn the_list_names_every_table_there_is() {
    let place = File::new().await;
    let store = place.open().await;
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&store.readers)
    .await
    .expect("reads");
    for name in &there {
        let known = TABLES.iter().any(|table| table.name == name);
        assert!(known, "what of a guest is in {name}? Say it in src/store/personal.rs");
    }
    for table in TABLES {
        assert!(!table.holds.is_empty());
        let twice = TABLES.iter().filter(|other| other.name == table.name).count();
        assert_eq!(twice, 1, "{}", table.name);
        assert!(
            table.name == TAKEN || there.iter().any(|name| name == table.name),
            "there is no {}",
            table.name
        );
    }
    store.close().await;
}

impl SqliteStore {
    /// Every table with each of its columns.
    pub(in crate::store) async fn columns(&self) -> Vec<(String, String)> {
        let columns = "SELECT tables.name, columns.name
                         FROM sqlite_schema AS tables JOIN pragma_table_xinfo(tables.name) AS columns
                        WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'";
        sqlx::query_as(columns).fetch_all(&self.readers).await.expect("reads")
    }
}
