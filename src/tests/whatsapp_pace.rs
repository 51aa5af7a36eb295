//! Two hundred replies to one guest, and what other guests notice of them.

use std::time::{Duration, Instant};

use frontdesk_bench::fake_graph::Fault;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::Caller;
use crate::support::line::{GUEST, Line};
use crate::support::server::PATIENCE;

/// What WhatsApp takes for one message: long enough that what else the machine does is less than the fifth by
/// which a reply may be delayed.
const WIRE: Duration = Duration::from_secs(1);
/// Others, each with a few replies: nobody comes near the limit for one guest.
const OTHERS: usize = 4;
/// Replies to each of them, at each of the two hotels: a hundred at each, so that there is a 99th percentile.
const EACH: usize = 25;
/// How often WhatsApp is asked whether a reply is there.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A hotel to which a few others have written as well.
struct Hotel {
    line: Line,
    /// Who writes in them, and where.
    others: Vec<(Caller, String)>,
    waits: Vec<Duration>,
}

impl Hotel {
    async fn open() -> Self {
        let mut line = Line::open(&[]).await;
        for n in 0..OTHERS {
            assert!(line.graph.say(&format!("4917000000{n:02}"), "Hello, is anybody there?").await);
        }
        let give_up = Instant::now() + PATIENCE;
        let others: Vec<String> = loop {
            let (_, page) = line.admin.get("/api/conversations").await;
            let all = page["items"].as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap());
            let others: Vec<String> = all.filter(|id| *id != line.conversation).map(str::to_owned).collect();
            // The AI has given up to people everywhere, and its farewells are gone.
            if others.len() == OTHERS && line.graph.accepted().len() > OTHERS {
                break others;
            }
            assert!(Instant::now() < give_up, "not all are there");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        line.graph.always(Some(Fault::Delay(WIRE)));
        let others = others.into_iter().map(|conversation| (line.admin.clone(), conversation)).collect();
        Self { line, others, waits: Vec::new() }
    }

    /// How long a reply to each of the others takes from its writing to WhatsApp.
    async fn reply_to_all(&mut self, round: usize) {
        let graph = &self.line.graph;
        let replies = self.others.iter_mut().enumerate().map(|(n, (agent, conversation))| async move {
            let text = format!("reply-{round}-{n}");
            let path = format!("/api/conversations/{conversation}/messages");
            let written = Instant::now();
            let (status, answer) = agent.post(&path, json!({"id": text, "text": text})).await;
            assert_eq!(status, 201, "{answer}");
            while graph.accepted().iter().all(|each| each.text != text) {
                assert!(written.elapsed() < PATIENCE, "{text} never went");
                tokio::time::sleep(LOOK_EVERY).await;
            }
            written.elapsed()
        });
        self.waits.extend(join_all(replies).await);
    }

    /// So many percent of the replies were not slower.
    fn within(&mut self, percent: usize) -> Duration {
        self.waits.sort_unstable();
        self.waits[(self.waits.len() - 1) * percent / 100]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_replies_to_one_guest_keep_the_limit_and_delay_no_other() {
    let (mut alone, mut beside) = (Hotel::open().await, Hotel::open().await);
    for n in 0..200 {
        beside.line.write(&format!("crowd-{n}"), &format!("crowd-{n}")).await;
    }
    // At the same time: whatever else keeps the machine busy delays both hotels.
    for round in 0..EACH {
        tokio::join!(alone.reply_to_all(round), beside.reply_to_all(round));
    }
    for percent in [50, 90, 99] {
        let (alone, beside) = (alone.within(percent), beside.within(percent));
        println!("{percent} % of the replies to other guests: alone {alone:?}, beside 200 to one {beside:?}");
        assert!(beside < alone.mul_f64(1.2), "{percent} %: {beside:?} in place of {alone:?}");
    }
    let line = &beside.line;
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
