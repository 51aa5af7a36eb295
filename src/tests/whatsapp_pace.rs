//! Two hundred replies to one guest, and what other guests notice of them.

use std::time::{Duration, Instant};

use frontdesk_bench::fake_graph::Fault;
use serde_json::json;

use crate::support::line::{GUEST, Line};
use crate::support::server::PATIENCE;

/// What WhatsApp takes for one message, much like the real one.
const WIRE: Duration = Duration::from_millis(150);
/// Others, each with a few replies: nobody comes near the limit for one guest.
const OTHERS: usize = 4;
/// Replies to each of them, without the two hundred and again with them.
const EACH: usize = 10;

/// How long a reply to each of `conversations` in turn takes from its writing to WhatsApp.
async fn waits(line: &mut Line, conversations: &[String], name: &str) -> Vec<Duration> {
    let mut waits = Vec::new();
    for round in 0..EACH {
        for (n, conversation) in conversations.iter().enumerate() {
            let text = format!("{name}-{round}-{n}");
            let path = format!("/api/conversations/{conversation}/messages");
            let written = Instant::now();
            let (status, answer) = line.admin.post(&path, json!({"id": text, "text": text})).await;
            assert_eq!(status, 201, "{answer}");
            while line.graph.accepted().iter().all(|each| each.text != text) {
                assert!(written.elapsed() < PATIENCE, "{text} never went");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            waits.push(written.elapsed());
        }
    }
    waits.sort_unstable();
    waits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_replies_to_one_guest_keep_the_limit_and_delay_no_other() {
    let mut line = Line::open(&[]).await;
    let crowd = line.conversation.clone();
    for n in 0..OTHERS {
        assert!(line.graph.say(&format!("4917000000{n:02}"), "Hello, is anybody there?").await);
    }
    let give_up = Instant::now() + PATIENCE;
    let others: Vec<String> = loop {
        let (_, page) = line.admin.get("/api/conversations").await;
        let all = page["items"].as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap());
        let others: Vec<String> = all.filter(|id| *id != crowd).map(str::to_owned).collect();
        // The AI has given up to people everywhere, and its farewells are gone.
        if others.len() == OTHERS && line.graph.accepted().len() > OTHERS {
            break others;
        }
        assert!(Instant::now() < give_up, "not all are there");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    line.graph.always(Some(Fault::Delay(WIRE)));
    let alone = waits(&mut line, &others, "alone").await;
    for n in 0..200 {
        line.write(&format!("crowd-{n}"), &format!("crowd-{n}")).await;
    }
    let beside = waits(&mut line, &others, "beside").await;
    let at = |waits: &[Duration], share: usize| waits[(waits.len() - 1) * share / 100];
    println!(
        "a reply to another guest, alone: p50 {:?}, p90 {:?}; beside 200 to one: p50 {:?}, p90 {:?}",
        at(&alone, 50),
        at(&alone, 90),
        at(&beside, 50),
        at(&beside, 90)
    );
    assert!(at(&beside, 50) < at(&alone, 50).mul_f64(1.2), "{alone:?} {beside:?}");
    let totals = line.graph.totals();
    assert_eq!(totals.refused.get(&131_056), None, "WhatsApp's limit for one guest was not met: {totals:?}");
    let sent: Vec<String> = line
        .graph
        .accepted()
        .into_iter()
        .filter(|each| each.to == GUEST && each.text.starts_with("crowd"))
        .map(|each| each.text)
        .collect();
    assert!(!sent.is_empty() && sent.len() < 200, "they went at the pace that is allowed: {}", sent.len());
    assert!(sent.iter().enumerate().all(|(n, text)| *text == format!("crowd-{n}")), "in order");
}
