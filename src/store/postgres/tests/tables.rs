//! What of a guest is in which table.

use std::collections::HashMap;

use super::super::privacy::TABLES_THERE;
use super::{Fresh, Place};
use crate::store::personal::{PLACES, TABLES};

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn the_list_names_every_table_there_is() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let there: Vec<String> = sqlx::query_scalar(TABLES_THERE).fetch_all(&store.readers).await.expect("reads");
    for name in &there {
        let known = TABLES.iter().any(|table| table.name == name);
        assert!(known, "what of a guest is in {name}? Say it in src/store/personal.rs");
    }
    for table in TABLES.iter().filter(|table| table.name != PLACES) {
        assert!(there.iter().any(|name| name == table.name), "there is no table {}", table.name);
    }
    store.close().await;
}

/// What SQLite calls a column, PostgreSQL does as well: but for those of which each has its own.
#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn both_databases_have_the_same_columns() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let columns = "SELECT table_name::text, column_name::text FROM information_schema.columns
                    WHERE table_schema = current_schema()";
    let found: Vec<(String, String)> =
        sqlx::query_as(columns).fetch_all(&store.readers).await.expect("reads");
    let file = crate::store::sqlite::tests::File::new().await;
    let sqlite = file.open().await;
    let mut missing = sqlite.columns().await;
    missing.retain(|column| !found.contains(column));
    let mut by_table: HashMap<&str, Vec<&str>> = HashMap::new();
    for (table, column) in &missing {
        by_table.entry(table).or_default().push(column);
    }
    by_table.remove(PLACES);
    by_table.remove("_sqlx_migrations");
    assert!(by_table.is_empty(), "{by_table:?}");
    store.close().await;
}
