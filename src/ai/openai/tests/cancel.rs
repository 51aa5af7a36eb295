//! Dropping the stream closes the connection; not reading it fills no memory; no flood is read to its end.

use frontdesk_actors::ports::Piece;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use super::*;

async fn closed_soon(rig: &Rig) {
    let dropped = rig.fake.journal().now_ms();
    let deadline = Instant::now() + Duration::from_millis(1_000);
    loop {
        let entries = rig.fake.journal().entries();
        if let Some(at) = entries.last().and_then(|entry| entry.client_closed_at_ms) {
            assert!(at - dropped < 250.0, "closed after {} ms", at - dropped);
            return;
        }
        assert!(Instant::now() < deadline, "never closed: {entries:?}");
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_dropped_stream_closes_its_connection() {
    let rig = Rig::new().await;
    for script in ["stall-headers", "stall-at=0", "stall-at=3", "delta=50", "endless", "endless,delta=5"] {
        let mut stream = rig.model(script).answer(prompt(vec![guest("When is breakfast?")]));
        let first = timeout(Duration::from_millis(150), stream.next()).await;
        let speaks = !matches!(script, "stall-headers" | "stall-at=0");
        assert_eq!(matches!(first, Ok(Some(Ok(Piece::Text(_))))), speaks, "{script}: {first:?}");
        drop(stream);
        closed_soon(&rig).await;
        assert_eq!(rig.report().outcome, Outcome::Cancelled, "{script}");
        assert!(rig.report().prompt_chars > 0, "{script}: what was sent must be booked");
    }
    assert_eq!(rig.fake.journal().totals().open, 0);
}

#[tokio::test]
async fn a_stream_that_was_never_read_asks_nothing() {
    let rig = Rig::new().await;
    drop(rig.model("").answer(prompt(vec![guest("hi")])));
    assert_eq!((rig.report().outcome, rig.report().requests), (Outcome::Cancelled, 0));
    assert!(rig.fake.journal().entries().is_empty());
}

#[tokio::test]
async fn an_endless_answer_ends_at_the_limit() {
    let rig = Rig::new().await;
    let heard = rig.ask("endless").await;
    assert_eq!(heard.text.chars().count(), 4_001);
    assert!(heard.citations().is_empty());
    closed_soon(&rig).await;
}

#[tokio::test]
async fn a_flood_that_nobody_reads_waits_outside() {
    let rig = Rig::new().await;
    let mut stream = rig.model("endless").answer(prompt(vec![guest("hi")]));
    assert!(stream.next().await.is_some());
    sleep(Duration::from_millis(700)).await;
    drop(stream);
    closed_soon(&rig).await;
    let deadline = Instant::now() + Duration::from_secs(1);
    let sent = loop {
        let entry = rig.fake.journal().entries().pop().expect("an entry");
        if entry.bytes_sent > 0 || Instant::now() > deadline {
            break entry.bytes_sent;
        }
        sleep(Duration::from_millis(5)).await;
    };
    // What the kernel's buffers on both sides hold, and not the flood.
    assert!(sent > 0 && sent < 8 * 1024 * 1024, "{sent} bytes");
}
