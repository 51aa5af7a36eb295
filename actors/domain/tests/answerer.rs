//! The answerer from outside: regression questions about the demo hotel, and properties.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_precision_loss)]

use frontdesk_domain::answerer::{Answerer, Decision, Entry, Language, Question, Reason, Reply};
use proptest::prelude::*;

const HOTEL: &str = include_str!("../../../src/demo/hotel.json");
const QUESTIONS: &str = include_str!("../data/questions.txt");

fn demo() -> Answerer {
    let rows: Vec<serde_json::Value> = serde_json::from_str(HOTEL).expect("demo hotel");
    let text = |v: &serde_json::Value| v.as_str().expect("text").to_owned();
    let entries = rows
        .iter()
        .enumerate()
        .map(|(n, row)| Entry {
            id: n.to_string(),
            title: text(&row["title"]),
            body: text(&row["body"]),
            aliases: Vec::new(),
            tags: row["tags"].as_array().expect("tags").iter().map(text).collect(),
            locale: Some(text(&row["locale"])),
        })
        .collect();
    Answerer::new(entries)
}

fn ask(answerer: &Answerer, text: &str) -> Reply {
    answerer.reply(&Question { text, ..Question::default() })
}

fn fits(expected: &str, reply: &Reply) -> bool {
    match expected {
        "not_known" => !matches!(reply.decision, Decision::Answer | Decision::SmallTalk),
        "human" => reply.decision == Decision::HandOver(Reason::WantsHuman),
        "urgent" => matches!(reply.decision, Decision::Urgent(_)),
        other => match other.strip_prefix('"') {
            Some(title) => {
                reply.decision == Decision::Answer
                    && reply.citations.first().is_some_and(|c| c.title.starts_with(title))
            }
            None => reply.decision.label() == other,
        },
    }
}

#[test]
fn regression_questions() {
    let answerer = demo();
    let (mut right, mut offered, mut total) = (0, 0, 0);
    let mut wrong = String::new();
    for line in QUESTIONS.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let (expected, text) = line.split_once('|').expect(line);
        let expected = expected.trim();
        let reply = ask(&answerer, text.trim());
        total += 1;
        let fits = fits(expected, &reply);
        right += usize::from(fits);
        let title = expected.strip_prefix('"');
        let suggested = title.is_some_and(|t| reply.suggestions.iter().any(|c| c.title.starts_with(t)));
        offered += usize::from(fits || suggested);
        if !fits {
            wrong.push_str(&format!("{line} -> {:?} {:?}\n", reply.decision, reply.suggestions));
        }
        // Alarms and wishes for a person must never be missed.
        assert!(fits || !matches!(expected, "urgent" | "human"), "{line}: {:?}", reply.decision);
    }
    let share = |n: usize| n as f32 / total as f32;
    println!("{right} right and {offered} right or offered of {total}\n{wrong}");
    assert!(share(right) >= 0.93 && share(offered) >= 0.98, "{right}, {offered} of {total}:\n{wrong}");
}

#[test]
fn an_answer_names_its_entry_and_keeps_its_words() {
    let answerer = demo();
    let reply = ask(&answerer, "When is breakfast and until when is the pool open?");
    assert_eq!(reply.decision, Decision::Answer);
    assert_eq!(reply.citations.len(), 2, "{:?}", reply.citations);
    assert!(reply.text.contains("06:30 to 10:30") && reply.text.contains("07:00 to 21:00"));
}

#[test]
fn another_language_gets_a_line_of_its_own() {
    let reply = ask(&demo(), "Bis wann gibt es Frühstück?");
    assert_eq!(reply.language, Language::De);
    assert!(reply.text.starts_with("Diese Auskunft"), "{}", reply.text);
    assert!(reply.text.contains("**06:30 to 10:30**"));
}

#[test]
fn a_short_turn_leans_on_the_one_before() {
    let context = ["When is breakfast served?".to_owned()];
    let question = Question { text: "and on sundays?", context: &context, ..Question::default() };
    let reply = demo().reply(&question);
    assert!(reply.citations.first().is_some_and(|c| c.title.contains("breakfast")), "{reply:?}");
}

#[test]
fn hidden_entries_are_never_used() {
    let answerer = demo();
    let open = ask(&answerer, "Is there a gym?");
    let hidden: Vec<String> = open.citations.iter().map(|c| c.id.clone()).collect();
    assert_eq!(hidden.len(), 1);
    let question = Question { text: "Is there a gym?", hidden: &hidden, ..Question::default() };
    let reply = answerer.reply(&question);
    assert_ne!(reply.decision, Decision::Answer);
    assert!(reply.ranked.iter().all(|hit| !hidden.contains(&hit.id)));
}

#[test]
fn aliases_are_found_word_by_word() {
    let entry = Entry {
        id: "x".to_owned(),
        title: "Falconry".to_owned(),
        body: "Every Sunday at 11:00.".to_owned(),
        aliases: vec!["when does the show with the birds start".to_owned()],
        tags: Vec::new(),
        locale: Some("en".to_owned()),
    };
    let reply = ask(&Answerer::new(vec![entry]), "When does the show with the birds start?");
    assert_eq!(reply.text, "Every Sunday at 11:00.");
}

#[test]
fn an_empty_knowledge_hands_over() {
    let reply = ask(&Answerer::new(Vec::new()), "When is breakfast?");
    assert_eq!(reply.decision, Decision::HandOver(Reason::NotKnown));
    assert!(reply.ranked.is_empty() && !reply.text.is_empty());
}

/// Words of guests mixed with anything a keyboard or an attacker can produce.
fn messages() -> impl Strategy<Value = String> {
    let words: Vec<String> =
        QUESTIONS.split(['|', ' ', '\n']).map(str::to_owned).filter(|w| !w.is_empty()).collect();
    prop_oneof![
        "\\PC{0,200}",
        any::<String>(),
        prop::collection::vec(prop::sample::select(words), 0..30).prop_map(|w| w.join(" ")),
        ("\\PC{1,4}", 1usize..4_096).prop_map(|(s, n)| s.repeat(n).chars().take(4_096).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_message_panics_and_answers_are_verbatim(text in messages(), before in messages()) {
        thread_local!(static DEMO: Answerer = demo());
        let rows: Vec<serde_json::Value> = serde_json::from_str(HOTEL).expect("demo hotel");
        DEMO.with(|answerer| {
            let context = [before];
            let reply = answerer.reply(&Question { text: &text, context: &context, ..Question::default() });
            prop_assert!(!reply.text.is_empty());
            prop_assert_eq!(reply.decision == Decision::Answer, !reply.citations.is_empty());
            prop_assert!(reply.suggestions.len() <= 2);
            for citation in &reply.citations {
                let row: usize = citation.id.parse().expect("row number");
                prop_assert!(reply.text.contains(rows[row]["body"].as_str().expect("body")));
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_entry_panics(title in "\\PC{0,60}", body in any::<String>(), text in "\\PC{0,60}") {
        let entry = Entry { id: "1".into(), title, body: body.clone(), aliases: Vec::new(), tags: vec![text.clone()], locale: None };
        let reply = ask(&Answerer::new(vec![entry]), &text);
        if reply.decision == Decision::Answer {
            prop_assert!(reply.text.contains(&body));
        }
    }
}
