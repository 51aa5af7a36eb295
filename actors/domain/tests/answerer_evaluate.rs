//! The file formats of `evaluate`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use frontdesk_domain::answerer::{EvaluateError, evaluate};

const ONE: &str = r#"{"hotel": "A", "language": "en", "entries": [
    {"id": 7, "q": "When is breakfast served?", "a": "From 7:00 to 10:00."},
    {"id": 8, "q": "Is there a gym?", "a": "Yes, on the third floor."}]}"#;

#[test]
fn one_hotel_and_numbers_stay_numbers() {
    let out = evaluate(ONE, "{\"id\": \"q1\", \"text\": \"breakfast hours?\"}\n\n").expect("valid");
    let line: serde_json::Value = serde_json::from_str(out.trim()).expect("one line");
    assert_eq!(line["id"], "q1");
    assert_eq!(line["ranked"][0], 7);
    assert_eq!(line["decision"], "answer");
}

#[test]
fn several_hotels_hide_and_context() {
    let several = format!("{{\"x\": {ONE}, \"y\": {{\"hotel\": \"B\", \"entries\": []}}}}");
    let questions = [
        r#"{"id": 1, "kb": "x", "text": "Is there a gym?", "hide": [8]}"#,
        r#"{"id": 2, "kb": "y", "text": "Is there a gym?"}"#,
        r#"{"id": 3, "kb": "x", "text": "and on sundays?", "context": [{"from": "guest", "text": "When is breakfast?"}, {"from": "staff", "text": "There is a gym."}]}"#,
        r#"{"id": 4, "text": "I want to talk to a person"}"#,
    ]
    .join("\n");
    let out = evaluate(&several, &questions).expect("valid");
    let lines: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).expect("json")).collect();
    assert_eq!(lines.len(), 4);
    assert!(!lines[0]["ranked"].as_array().expect("list").contains(&8.into()));
    assert_eq!(lines[1]["ranked"].as_array().map(Vec::len), Some(0));
    assert_eq!(lines[2]["ranked"][0], 7);
    assert_eq!(lines[3]["decision"], "hand_over");
}

#[test]
fn faults_name_their_line() {
    let cases = [
        ("{\"entries\": [\n{\"q\": \"x\"}]}", "", true, 2),
        ("not json", "", true, 1),
        (ONE, "{\"id\": 1, \"text\": \"x\"}\n{\"id\": 2}", false, 2),
        (ONE, "oops", false, 1),
        ("{\"x\": {\"entries\": []}}", "\n{\"id\": 1, \"kb\": \"z\", \"text\": \"x\"}", false, 2),
    ];
    for (kb, questions, in_knowledge, expected) in cases {
        let error = evaluate(kb, questions).expect_err(questions);
        let (knowledge, line) = match &error {
            EvaluateError::Knowledge { line, .. } => (true, *line),
            EvaluateError::Questions { line, .. } => (false, *line),
        };
        assert_eq!((knowledge, line), (in_knowledge, expected), "{error}");
    }
}
