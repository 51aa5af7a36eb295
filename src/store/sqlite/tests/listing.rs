use sqlx::Row;

use super::super::listing;
use super::{File, Place};

#[tokio::test]
async fn every_view_walks_an_index() {
    let place = File::new().await;
    let store = place.open().await;
    for (statement, index) in [
        (listing::ALL, "conversations_live"),
        (listing::MINE, "conversations_mine"),
        (listing::UNASSIGNED, "conversations_live"),
        (listing::WAITING, "conversations_live"),
        (listing::CLOSED, "conversations_closed"),
    ] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = sqlx::query(explain).fetch_all(&store.readers).await.expect("explains");
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan[0].contains(&format!("USING INDEX {index} (property=?")), "{plan:?}");
        assert!(plan[0].contains("waits,age,id)>"), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER")), "{plan:?}");
    }
}
