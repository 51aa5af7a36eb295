//! Whatever a model does, the guest has one visible outcome in time, and half an answer is never passed off as one.
//!
//! Each failure three times; `make failures` asks a hundred times each.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};

use crate::support::Ai;

const WHOLE: &str = "one two three four five six seven eight";

/// Every way in which the stand-in fails; `+` adds the words above.
const FAILURES: &[&str] = &[
    "status=401",
    "status=403",
    "status=404,body=html",
    "status=429",
    "status=429,kind=tokens,retry-after=1",
    "status=429,kind=slow-down",
    "status=429,kind=quota",
    "status=429,kind=quota-code",
    "status=429,kind=spend",
    "status=429,kind=credit",
    "status=429,limits=absurd,retry-after-ms=200",
    "status=400,kind=too-long",
    "status=400,kind=filter",
    "status=400,body=vllm-old",
    "status=400,body=vllm-new",
    "status=500",
    "status=500,body=empty",
    "status=500,body=text",
    "status=502,body=html",
    "status=503,body=broken",
    "status=503,body=huge",
    "status=503,body=ollama",
    "html",
    "slow-headers=20000",
    "slow-first-token=20000",
    "stall-headers",
    "stall-at=0",
    "stall-at=4+",
    "cut-at=0,cut=reset",
    "cut-at=0,cut=chunk",
    "cut-at=4,cut=clean+",
    "cut-at=4,cut=chunk+",
    "cut-at=4,cut=reset+",
    "cut-at=4,cut=half+",
    "unchunked,cut-at=4+",
    "finish=none,no-done+",
    "finish=content_filter+",
    "finish=length+",
    "error-at=0",
    "error-at=4+",
    "garbage-at=0",
    "garbage-at=4+",
    "bad-utf8-at=0",
    "bad-utf8-at=4+",
    "huge-at=0",
    "huge-at=4+",
    "endless",
    "tool=pay_the_bill",
    "tool=hand_over,args=nonsense",
];

/// How many are tried at once: each has a server of its own.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_one_outcome_in_time() {
    let times = std::env::var("FRONTDESK_FAILURES").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let worst: Vec<(Duration, usize)> =
        stream::iter(FAILURES).map(|failure| fail(failure, times)).buffer_unordered(AT_ONCE).collect().await;
    let slowest = worst.iter().map(|(took, _)| *took).max().unwrap();
    let unasked: usize = worst.iter().map(|(_, unasked)| unasked).sum();
    println!(
        "{} failures, {times} times each: slowest outcome after {slowest:?}; {unasked} answered without asking",
        FAILURES.len()
    );
}

/// The slowest outcome, and how many were answered without asking the model (the breaker was open).
async fn fail(failure: &str, times: usize) -> (Duration, usize) {
    let script = match failure.strip_suffix('+') {
        Some(script) => format!("delta=1,{script},text={WHOLE}"),
        None => format!("delta=1,{failure}"),
    };
    let ai = Ai::start(&script, &[]).await;
    // Some at once, as in a hotel, and the last one alone, to see what the breaker makes of it.
    let guests = stream::iter(1..times).map(|_| one(&ai, failure)).buffer_unordered(16);
    let mut worst = guests.fold(Duration::ZERO, async |worst, took| worst.max(took)).await;
    let before = ai.model.journal().totals().requests;
    let last = one(&ai, failure).await;
    worst = worst.max(last);
    let unasked = ai.model.journal().totals().requests == before;
    if unasked {
        assert!(last < Duration::from_secs(3), "{failure}: {last:?} with an open breaker");
    }
    (worst, usize::from(unasked))
}

/// A guest asks; how long it took until there was an outcome.
async fn one(ai: &Ai, failure: &str) -> Duration {
    let (mut guest, mut page) = ai.server.guest_page().await;
    page.done(json!({"type":"send","id":"q","text":"When is breakfast served?"})).await;
    let began = Instant::now();
    let end = |frame: &Value| {
        let whole =
            frame["kind"] == "message" && frame["by"]["kind"] == "ai" && frame.get("partial").is_none();
        frame["type"] == "event" && (whole || frame["status"] == "waiting")
    };
    page.find("an outcome", end).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(15), "{failure}: {took:?}");
    page.settle().await;
    let history = guest.history(&guest.conversation.clone()).await;
    let people = history.iter().filter(|event| event["kind"] == "mode" && event["mode"] == "human").count();
    let said: Vec<&Value> =
        history.iter().filter(|event| event["by"]["kind"] == "ai" && event["kind"] == "message").collect();
    assert!(said.len() <= 2 && people <= 1 && !said.is_empty() | (people == 1), "{failure}: {history:?}");
    for event in said {
        let text = event["text"].as_str().unwrap().trim_end_matches('…').trim();
        let half = !text.is_empty() && text.len() < WHOLE.len() && WHOLE.starts_with(text);
        let cut = event["text"].as_str().unwrap().ends_with('…');
        assert!(!half || event["partial"] == true || cut, "{failure}: half an answer: {event}");
        assert!(
            event.get("partial").is_none() || people == 1,
            "{failure}: half an answer, and nobody: {event}"
        );
    }
    took
}
