//! PostgreSQL that does not answer in time: what waits is given up and said, and goes on when it answers again.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::server;
use crate::support::cluster::Cluster;

/// The server itself ends what waits so long for a lock, and what runs so long (`src/store/postgres/open.rs`).
const LOCK: Duration = Duration::from_secs(10);
const STATEMENT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn what_takes_too_long_is_given_up_and_goes_on_afterwards() {
    let cluster = Cluster::new();
    let server = server(&cluster, cluster.port()).await;
    let (mut guest, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g0","text":"hello"})).await;
    let mut operator = cluster.connect("hotel").await;
    let mut run = async |statements: &[&'static str]| {
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(*statement)).execute(&mut operator).await.unwrap();
        }
    };
    let path = format!("/api/conversations/{}/events", guest.conversation);
    for (id, bound, slow, again) in [
        (
            "locked",
            LOCK,
            ["BEGIN", "LOCK TABLE events IN EXCLUSIVE MODE"].as_slice(),
            ["ROLLBACK"].as_slice(),
        ),
        (
            "slow",
            STATEMENT,
            &[
                "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_sleep(120); RETURN NEW; END $$",
                "CREATE TRIGGER slow BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION slow()",
            ],
            &["DROP TRIGGER slow ON events"],
        ),
    ] {
        run(slow).await;
        let began = Instant::now();
        let said = json!({"type":"send","id":id,"text":"Is there parking?"});
        page.send(said.clone()).await;
        // Who reads does not wait behind who writes.
        let (status, _) = guest.get(&path).await;
        assert!(status == 200 && began.elapsed() < Duration::from_secs(2), "{status} {:?}", began.elapsed());
        let refused = loop {
            let frame = page.next_within(bound + Duration::from_secs(10)).await.unwrap().expect("an answer");
            if frame["id"] == id {
                break frame;
            }
        };
        let waited = began.elapsed();
        println!("{id}: refused after {} ms", waited.as_millis());
        assert!(refused["type"] == "error" && refused["code"] == "unavailable", "{refused}");
        assert!(waited < bound + Duration::from_secs(5), "{waited:?}");
        run(again).await;
        server.ready().await;
        let give_up = Instant::now() + Duration::from_secs(10);
        let well = Instant::now();
        while page.ask(said.clone()).await["type"] != "ack" {
            assert!(Instant::now() < give_up, "never taken again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{id}: taken {} ms after the database was well", well.elapsed().as_millis());
    }
    let stored: Vec<(String, i64)> = sqlx::query_as(
        "SELECT client_id, count(*) FROM events WHERE client_id IN ('g0', 'locked', 'slow') GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&mut operator)
    .await
    .unwrap();
    let once = ["g0", "locked", "slow"].map(|id| (id.to_owned(), 1));
    assert_eq!(stored, once);
}
