//! Streams that are odd but whole give the same answer as a plain one.

use super::super::report::Usage;
use super::*;

const ANSWER: &str = "From 7 to 10 in the hall.";

const WHOLE: &[&str] = &[
    "",
    "packets=1",
    "packets=3",
    "packets=0",
    "crlf",
    "crlf,packets=1",
    "comments",
    "unchunked",
    "unchunked,packets=1",
    "no-done",
    "no-done,unchunked",
    "done-twice",
    "finish=empty",
    "finish=none",
    "usage=last",
    "usage=empty",
    "usage=none",
    "reasoning",
    "azure",
    "odd",
    "whole",
    "delta=20",
    "slow-headers=100",
    "slow-first-token=100",
    "stall-at=99",
    "limits=absurd",
];

#[tokio::test]
async fn whole_answers() {
    let rig = Rig::new().await;
    for script in WHOLE {
        let heard = rig.ask(script).await;
        assert_eq!(heard.text, ANSWER, "{script}");
        assert_eq!(heard.citations(), ["Breakfast"], "{script}");
        assert_eq!(rig.report().outcome, Outcome::Said, "{script}");
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let rig = Rig::new().await;
    let model = rig.model("");
    for _ in 0..5 {
        rig.say(&model, vec![guest("When is breakfast?")]).await;
    }
    assert_eq!(rig.fake.journal().totals().connections, 1);
}

#[tokio::test]
async fn tokens_are_counted() {
    let rig = Rig::new().await;
    rig.ask("text=12345678").await;
    let report = rig.report();
    let entry = rig.fake.journal().entries().pop().expect("an entry");
    let prompt = u64::try_from(entry.prompt_chars).expect("small").div_ceil(4);
    assert_eq!(report.usage, Some(Usage { prompt, completion: 2 }));
    assert_eq!((report.answer_chars, report.requests), (8, 1));
    assert!(report.first_word.is_some_and(|first| first <= report.whole));
    assert!(!entry.authorized, "a key that nobody gave");
    let settings = OpenAiSettings { api_key: Some("sk-1".into()), ..rig.settings("") };
    rig.say(&rig.model_of(settings), vec![guest("hi")]).await;
    assert!(rig.fake.journal().entries().pop().expect("an entry").authorized);
}

#[tokio::test]
async fn marks_and_characters_split_over_packets() {
    let rig = Rig::new().await;
    for packets in 1..=7 {
        // "Früh [1], 早い [9] 🛎." with a number that no source has.
        let text = "Fr%C3%BCh%20[1]%2C%20%E6%97%A9%E3%81%84%20[9]%20%F0%9F%9B%8E.";
        let heard = rig.ask(&format!("text={text},packets={packets}")).await;
        assert_eq!(heard.text, "Früh, 早い 🛎.");
        assert_eq!(heard.citations(), ["Breakfast"]);
    }
}

#[tokio::test]
async fn an_answer_cut_for_length_says_so() {
    let rig = Rig::new().await;
    let heard = rig.ask("text=The pool opens,finish=length").await;
    assert_eq!(heard.text, "The pool opens…");
    assert!(heard.citations().is_empty());
}

#[tokio::test]
async fn what_the_guest_must_not_see_is_taken_out() {
    let rig = Rig::new().await;
    let heard = rig.ask("text=a%E2%80%AEb%00c%F3%A0%81%81d").await;
    assert_eq!(heard.text, "abcd");
}
