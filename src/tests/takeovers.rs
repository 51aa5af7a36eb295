//! Take-overs over real sockets while many answers stream: the human wins, at once.
//!
//! A few always; `make takeovers` has ten thousand, a thousand at a time, on the release build, and says how soon
//! they were acknowledged.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Ai, Caller, Client};

/// So many answers stream at once.
const AT_ONCE: usize = 1_000;
/// Acknowledged within this, 99 of a hundred, in a release build.
const ACKED_WITHIN: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn the_human_wins_over_real_sockets() {
    let all = std::env::var("FRONTDESK_TAKEOVERS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let words = vec!["word"; 400].join("%20");
    let settings =
        [("OPENAI_MAX_CONCURRENCY", "1000"), ("OPENAI_MAX_TPM", "1000000000"), ("FRONTDESK_DEMO", "off")];
    let ai = Ai::start(&format!("delta=25,text={words}"), &settings).await;
    let admin = ai.server.admin().await;
    let mut took = Vec::new();
    let (mut cut, mut round) = (0, 0);
    while took.len() < all {
        let many = AT_ONCE.min(all - took.len());
        let scenes = join_all((0..many).map(|_| scene(&ai, &admin))).await;
        let played = scenes
            .into_iter()
            .enumerate()
            .map(|(nth, (guest, page, desk))| tokio::spawn(take_over(guest, page, desk, round + nth)));
        for played in join_all(played).await {
            let (acked, was_cut) = played.unwrap();
            took.push(acked);
            cut += usize::from(was_cut);
        }
        round += many;
    }
    took.sort();
    let (median, late) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!(
        "{all} take-overs, {cut} in mid-sentence: acknowledged after {median:?} (median), {late:?} (99 %)"
    );
    assert!(cut * 2 > all, "most were cut in mid-sentence: {cut}");
    if !cfg!(debug_assertions) {
        assert!(late <= ACKED_WITHIN, "{late:?}");
    }
    // Every stream of the model is closed by now, or in a moment.
    let journal = ai.model.journal();
    let give_up = Instant::now() + Duration::from_secs(5);
    let open = || {
        journal
            .entries()
            .iter()
            .filter(|entry| entry.finished_at_ms.is_none() && entry.client_closed_at_ms.is_none())
            .count()
    };
    while open() > 0 {
        assert!(Instant::now() < give_up, "{} streams are still open", open());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn scene(ai: &Ai, admin: &Caller) -> (Caller, Client, Client) {
    let (guest, page) = ai.server.guest_page().await;
    (guest, page, ai.server.desk(admin).await)
}

/// One guest asks, and an agent takes over after a few words; how soon that was acknowledged, and whether the answer
/// was cut.
async fn take_over(mut guest: Caller, mut page: Client, mut desk: Client, nth: usize) -> (Duration, bool) {
    page.say("q", "When is breakfast?").await;
    let mut shown = String::new();
    for _ in 0..nth % 13 {
        let frame = page.find("words", |frame| frame["type"] == "draft").await;
        shown.push_str(frame["text"].as_str().unwrap());
    }
    let act = json!({"type":"act","id":"a","conversation":guest.conversation,"action":"take_over"});
    let began = Instant::now();
    desk.send(act).await;
    let ack = desk.find("an answer", |frame| frame["type"] == "ack" || frame["type"] == "error").await;
    let took = began.elapsed();
    assert_eq!(ack["type"], "ack", "{ack}");
    let mut human = false;
    while !human {
        let frame = page.next().await.expect("still connected");
        if frame["type"] == "draft" {
            shown.push_str(frame["text"].as_str().unwrap());
        }
        human = frame["kind"] == "mode" && frame["mode"] == "human";
    }
    for frame in page.settle().await {
        let by_ai = frame["by"]["kind"] == "ai";
        assert!(frame["type"] != "draft" && !by_ai, "a word after the take-over: {frame}");
    }
    let history = guest.history(&guest.conversation.clone()).await;
    let said: Vec<&Value> = history.iter().filter(|event| event["by"]["kind"] == "ai").collect();
    let stored: String = said.iter().map(|event| event["text"].as_str().unwrap_or_default()).collect();
    assert_eq!(stored.trim(), shown.trim(), "what was shown is what is stored");
    let cut = said.iter().any(|event| event["partial"] == true);
    (took, cut)
}
