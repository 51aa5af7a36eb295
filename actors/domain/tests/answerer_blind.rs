//! Questions that were written before the answerer was asked; see `ANSWERS.md` for both figures.
//! The floors are well below what is reached: this guards against a slide, it is no goal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_precision_loss)]

use std::collections::HashMap;

use frontdesk_domain::answerer::evaluate;
use serde_json::{Value, json};

const MILL: &str = include_str!("blind/kb.json");
const FIRST: &str = include_str!("blind/questions.jsonl");
const SECOND: &str = include_str!("blind/second.jsonl");

/// The demo hotel in the format of `evaluate`.
fn demo() -> String {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../../../src/demo/hotel.json")).expect("demo hotel");
    let entry = |(n, row): (usize, &Value)| json!({"id": n + 1, "q": row["title"], "a": row["body"]});
    json!({"hotel": "demo", "language": "en", "entries": rows.iter().enumerate().map(entry).collect::<Vec<_>>()})
        .to_string()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn may(kind: &str) -> &'static [&'static str] {
    match kind {
        "answerable" => &["answer"],
        "not_in_kb" | "transaction" => &["hand_over", "request"],
        "problem" => &["hand_over", "request", "hand_over_urgent"],
        "wants_human" => &["hand_over", "hand_over_urgent"],
        "urgent" => &["hand_over_urgent"],
        "smalltalk" => &["smalltalk"],
        _ => &["decline", "hand_over"],
    }
}

/// The share of right decisions of each kind, and the share answered.
fn shares(knowledge: &str, questions: &str) -> HashMap<String, (f32, f32)> {
    let predictions = lines(&evaluate(knowledge, questions).expect("valid"));
    let mut tally: HashMap<String, [f32; 3]> = HashMap::new();
    for (question, prediction) in lines(questions).iter().zip(&predictions) {
        assert_eq!(question["id"], prediction["id"]);
        let kind = question["kind"].as_str().expect("kind");
        let decision = prediction["decision"].as_str().expect("decision");
        let gold = question["gold"].as_array().expect("gold");
        let first = gold.is_empty() || gold.contains(&prediction["ranked"][0]);
        let row = tally.entry(kind.to_owned()).or_default();
        row[0] += 1.0;
        row[1] += f32::from(u8::from(may(kind).contains(&decision) && first));
        row[2] += f32::from(u8::from(decision == "answer"));
    }
    tally.into_iter().map(|(kind, [all, right, answered])| (kind, (right / all, answered / all))).collect()
}

#[test]
fn blind_questions_stay_as_good() {
    for (name, knowledge, questions) in [("first", MILL.to_owned(), FIRST), ("second", demo(), SECOND)] {
        let shares = shares(&knowledge, questions);
        let floors = [
            ("answerable", 0.82),
            ("not_in_kb", 0.88),
            ("transaction", 0.94),
            ("problem", 0.94),
            ("wants_human", 0.97),
            ("urgent", 0.97),
            ("off_domain", 0.9),
            ("smalltalk", 0.9),
            ("adversarial", 1.0),
        ];
        for (kind, floor) in floors {
            assert!(shares[kind].0 >= floor, "{name} {kind}: {:?}", shares[kind]);
        }
        assert!(shares["adversarial"].1 == 0.0 && shares["off_domain"].1 == 0.0, "{name}");
    }
}
