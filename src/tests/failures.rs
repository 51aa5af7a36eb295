//! Whatever a model does, the guest has one visible outcome in time, and half an answer is never passed off as one.
//!
//! Each failure a few times; `make failures` asks a hundred times each. Between two of them the model answers well,
//! so that they reach the guest and not the breaker; in the end it fails for good.

use std::time::{Duration, Instant};

use frontdesk_bench::fake_openai::script::KEYS;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::server::binary;
use crate::support::{Ai, Caller};

const WHOLE: &str = "one two three four five six seven eight";

/// Every way in which the stand-in fails; `+` adds the words above.
const FAILURES: &[&str] = &[
    "status=401",
    "status=403,kind=auth",
    "status=404,body=html",
    "status=429,kind=rate,body=json",
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
    "finish=empty,text=",
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

/// What the stand-in can do besides: odd, and no failure.
const HARMLESS: &[&str] = &[
    "delta",
    "about-last",
    "reject",
    "whole",
    "done-twice",
    "packets",
    "crlf",
    "comments",
    "tool-if-offered",
    "tool-pieces",
    "tool-two",
    "tool-no-index",
    "usage",
    "reasoning",
    "echo",
    "azure",
    "odd",
];

/// How many servers run at once: two cores bear so many that are not optimised, and twice as many that are.
const AT_ONCE: usize = 6;
/// So often a failure is tried on one server: a model that hangs takes eight seconds of every guest, and more guests at
/// once would open the breaker.
const LANE: usize = 10;
/// So many guests ask at once: fewer than it takes to open the breaker.
const GUESTS: usize = 4;
/// An outcome comes within this …
const WITHIN: Duration = Duration::from_secs(15);
/// … and within this while the model is left alone; an unoptimised server, of which six share a machine, gets more.
const LEFT_ALONE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(8));

#[test]
fn nothing_that_the_stand_in_can_do_is_left_out() {
    let pairs = || FAILURES.iter().flat_map(|failure| failure.trim_end_matches('+').split(','));
    for (key, what) in KEYS {
        let tried = pairs().any(|pair| pair.split('=').next() == Some(key));
        let judged = *key == "text" || tried != HARMLESS.contains(key);
        assert!(judged, "{key} is either a failure or harmless");
        if ["kind", "body", "cut"].contains(key) {
            let values =
                what.split_once(": ").unwrap().1.split(", ").map(|word| word.split(' ').next().unwrap());
            for value in values {
                let pair = format!("{key}={value}");
                assert!(pairs().any(|tried| tried == pair), "{pair} is not tried");
            }
        }
    }
}

/// How long outcomes took, and how often the model was asked.
#[derive(Default)]
struct Tally {
    slowest: Duration,
    guests: usize,
    asked: usize,
    /// Guests while the model was left alone, and the slowest of their outcomes.
    alone: usize,
    slowest_alone: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_one_outcome_in_time() {
    let times: usize = std::env::var("FRONTDESK_FAILURES").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    // The same failure on several servers: side by side, and each with a breaker of its own.
    let lanes = times.div_ceil(LANE);
    let share = |nth: usize| times / lanes + usize::from(nth < times % lanes);
    let lanes: Vec<(&str, usize)> =
        (0..lanes).flat_map(|nth| FAILURES.iter().map(move |failure| (*failure, share(nth)))).collect();
    let played = stream::iter(lanes.clone()).map(|(failure, times)| tokio::spawn(fail(failure, times)));
    let played: Vec<Result<Tally, _>> =
        played.buffer_unordered(if is_released() { 2 * AT_ONCE } else { AT_ONCE }).collect().await;
    let tallies: Vec<&Tally> = played.iter().flatten().collect();
    assert_eq!(tallies.len(), lanes.len(), "see above for those that broke a promise");
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(|tally| of(tally)).sum::<usize>();
    let most = |of: fn(&Tally) -> Duration| tallies.iter().map(|tally| of(tally)).max().unwrap();
    println!(
        "{} failures, {times} times each: {} guests, the model was asked {} times, the slowest outcome after {:?}; \
         {} more guests while it was left alone, the slowest outcome after {:?}",
        FAILURES.len(),
        sum(|tally| tally.guests),
        sum(|tally| tally.asked),
        most(|tally| tally.slowest),
        sum(|tally| tally.alone),
        most(|tally| tally.slowest_alone),
    );
}

/// Whether the server is optimised.
fn is_released() -> bool {
    binary().1 || !cfg!(debug_assertions)
}

async fn fail(failure: &'static str, times: usize) -> Tally {
    let script = match failure.strip_suffix('+') {
        Some(script) => format!("delta=1,{script},text={WHOLE}"),
        None => format!("delta=1,{failure}"),
    };
    let ai = Ai::start("", &[("OPENAI_MODEL", "any")]).await;
    let requests = || ai.model.journal().totals().requests;
    let mut tally = Tally::default();
    let mut guests = Vec::new();
    while tally.guests < times {
        let many = GUESTS.min(times - tally.guests);
        ai.model.order(&script);
        let before = requests();
        for (guest, took) in join_all((0..many).map(|_| ask(&ai, failure))).await {
            assert!(took < WITHIN, "{failure}: {took:?}");
            tally.slowest = tally.slowest.max(took);
            guests.push(guest);
        }
        tally.guests += many;
        tally.asked += usize::try_from(requests() - before).unwrap();
        ai.model.order("");
        guests.push(ask(&ai, "nothing").await.0);
    }
    ai.model.order(&script);
    for nth in 0..5 {
        let before = requests();
        // The first few at once, to open the breaker; then one after the other.
        for (guest, took) in join_all((0..if nth == 0 { GUESTS } else { 1 }).map(|_| ask(&ai, failure))).await
        {
            let left_alone = if is_released() { LEFT_ALONE.0 } else { LEFT_ALONE.1 };
            let limit = if requests() == before { left_alone } else { WITHIN };
            assert!(took < limit, "{failure}: {took:?}, asked {}", requests() - before);
            if requests() == before {
                tally.alone += 1;
                tally.slowest_alone = tally.slowest_alone.max(took);
            }
            guests.push(guest);
        }
    }
    // By now whatever would come late has come.
    for mut guest in guests {
        judge(&guest.history(&guest.conversation.clone()).await, failure);
    }
    tally
}

/// A new guest asks; how long it took until there was an outcome.
async fn ask(ai: &Ai, failure: &str) -> (Caller, Duration) {
    let (mut guest, mut page) = ai.server.guest_page().await;
    let began = Instant::now();
    page.done(json!({"type":"send","id":"q","text":"When is breakfast served?"})).await;
    let end = |frame: &Value| {
        let whole = frame["kind"] == "message" && by_ai(frame) && frame.get("partial").is_none();
        frame["type"] == "event" && (whole || frame["status"] == "waiting")
    };
    page.find("an outcome", end).await;
    let took = began.elapsed();
    page.settle().await;
    judge(&guest.history(&guest.conversation.clone()).await, failure);
    (guest, took)
}

fn by_ai(event: &Value) -> bool {
    event["by"]["kind"] == "ai"
}

/// One answer, or one person; what is half is marked, and a person is asked.
fn judge(history: &[Value], failure: &str) {
    let people = history.iter().filter(|event| event["kind"] == "mode" && event["mode"] == "human").count();
    let said: Vec<&Value> =
        history.iter().filter(|event| by_ai(event) && event["kind"] == "message").collect();
    assert!(said.len() <= 1 && people <= 1 && said.len() + people >= 1, "{failure}: {history:?}");
    for event in said {
        let text = event["text"].as_str().unwrap().trim();
        let half = text.len() < WHOLE.len() && WHOLE.starts_with(text);
        assert!(!half || event["partial"] == true, "{failure}: half an answer: {event}");
        assert!(event.get("partial").is_none() || people == 1, "{failure}: half of it, and nobody: {event}");
    }
}
