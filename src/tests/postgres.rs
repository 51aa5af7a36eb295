//! PostgreSQL that is cut off, stopped, killed, slow, or another one by now, under a running server.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::Server;
use crate::support::cluster::Cluster;
use crate::support::proxy::{Cut, Proxy};
use crate::support::server::fails;

mod crowd;
mod slow;

use crowd::{Crowd, GUESTS};

/// How soon all is well after the database is.
const WELL_WITHIN: Duration = Duration::from_secs(10);

/// A server on a database of this cluster, by way of this port.
async fn server(cluster: &Cluster, port: u16) -> Server {
    cluster.make("hotel").await;
    Server::start(&[("DATABASE_URL", &cluster.url("hotel", port))]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn what_is_cut_off_at_its_commit_is_neither_lost_nor_doubled() {
    let cuts = std::env::var("FRONTDESK_POSTGRES_CUTS").map_or(20, |cuts| cuts.parse().unwrap());
    let cluster = Cluster::new();
    let proxy = Proxy::new(cluster.port()).await;
    let server = server(&cluster, proxy.port).await;
    let crowd = Crowd::new(&server).await;
    for n in 0..cuts {
        proxy.cut([Cut::Answered, Cut::After, Cut::Before][n % 3]).await;
        // Something comes through between two cuts, or nobody could ever say anything.
        server.ready().await;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..50))).await;
    }
    let acked = crowd.judge(&mut cluster.connect("hotel").await).await;
    println!("{cuts} cuts");
    assert!(acked > cuts);
    server.ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_database_that_is_stopped_or_killed_is_waited_for() {
    let cluster = Cluster::new();
    let server = server(&cluster, cluster.port()).await;
    let crowd = Crowd::new(&server).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for kill in [false, true] {
        if kill {
            cluster.kill();
        } else {
            cluster.stop();
        }
        let (status, body) = server.caller().get("/readyz").await;
        assert!(status == 503 && body["detail"] == "database", "{status} {body}");
        assert_eq!(server.caller().get("/healthz").await.0, 200, "no reason to kill it");
        tokio::time::sleep(Duration::from_secs(if kill { 1 } else { 5 })).await;
        cluster.start();
        let back = Instant::now();
        server.ready().await;
        println!("ready {} ms after the database", back.elapsed().as_millis());
        assert!(back.elapsed() < WELL_WITHIN);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let acked = crowd.judge(&mut cluster.connect("hotel").await).await;
    assert!(acked > GUESTS, "{acked}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_database_has_one_server() {
    let cluster = Cluster::new();
    let mut first = server(&cluster, cluster.port()).await;
    let url = cluster.url("hotel", cluster.port());
    let folder = TempDir::new().unwrap();
    let (code, line) = fails(&folder, &[("DATABASE_URL", &url)], &[]).await;
    assert!(code == 1 && line.contains("in use by another server"), "{code} {line}");
    let (_, mut page) = first.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"still here"})).await;
    // A dead one does not stand in the way of the next.
    first.crash().await;
    first.stop().await;
    let nowhere = cluster.url("nowhere", cluster.port());
    let (code, line) = fails(&folder, &[("DATABASE_URL", &nowhere)], &[]).await;
    assert!(code == 1 && line.contains("nowhere") && line.contains("check"), "{code} {line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_standby_takes_over() {
    let first = Cluster::new();
    let proxy = Proxy::new(first.port()).await;
    let server = server(&first, proxy.port).await;
    let standby = first.standby();
    // What is acknowledged is at the standby too: it is what takes over, and nothing else is left.
    let mut operator = first.connect("postgres").await;
    for statement in ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"] {
        sqlx::query(statement).execute(&mut operator).await.unwrap();
    }
    let crowd = Crowd::new(&server).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let gone = Instant::now();
    first.kill();
    first.stop();
    standby.promote();
    proxy.lead_to(standby.port());
    server.ready().await;
    println!("ready {} ms after the first one died", gone.elapsed().as_millis());
    assert!(gone.elapsed() < WELL_WITHIN);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let acked = crowd.judge(&mut standby.connect("hotel").await).await;
    assert!(acked > GUESTS, "{acked}");
}
