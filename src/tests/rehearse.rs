//! `frontdesk rehearse`: what was asked is asked again of something changed, and what changes is shown.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::support::server::program;
use crate::support::{Ai, Server};

const POOL: &str = "Is there a swimming pool?";
const BREAKFAST: &str = "When is breakfast served?";

/// Guests ask these, and each gets an answer or a person.
async fn asked(server: &Server, questions: &[&str]) {
    for question in questions {
        let (_, mut page) = server.guest_page().await;
        page.say("q", question).await;
        page.find("an end", |frame| frame["type"] == "draft_end" || frame["mode"] == "human").await;
    }
    // The tables follow the log in a moment.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

fn rehearsed(server: &Server, settings: &[(&str, &str)], args: &[&str]) -> Result<String, String> {
    let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let mut command = program(&server.folder, &settings);
    let out = command.arg("rehearse").args(args).stderr(Stdio::piped()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if out.status.success() { Ok(text(out.stdout)) } else { Err(text(out.stderr)) }
}

#[tokio::test]
async fn a_changed_knowledge_base_changes_the_answers_that_rest_on_it() {
    let server = Server::start(&[]).await;
    asked(&server, &[POOL, BREAKFAST]).await;
    let same = rehearsed(&server, &[], &[]).unwrap();
    assert_eq!(same.trim(), "2 questions: 2 the same, 0 in other words, 0 changed, 0 new");
    let file = |name: &str| server.folder.path().join(name).to_str().unwrap().to_owned();
    let (kb, saved, questions) = (file("kb.json"), file("saved.json"), file("questions.jsonl"));
    fs::write(&kb, r#"[{"question":"When is breakfast?","answer":"Breakfast is from noon to one."}]"#)
        .unwrap();
    let changed = rehearsed(&server, &[], &["--kb", &kb, "--save", &saved]).unwrap();
    assert!(changed.contains("+ said: Breakfast is from noon to one. [When is breakfast?]"), "{changed}");
    assert!(
        changed.trim().ends_with("2 questions: 0 the same, 0 in other words, 2 changed, 0 new"),
        "{changed}"
    );
    let again = rehearsed(&server, &[], &["--kb", &kb, "--against", &saved]).unwrap();
    assert_eq!(again.trim(), "2 questions: 2 the same, 0 in other words, 0 changed, 0 new");
    fs::write(&questions, format!("{{\"id\":\"b\",\"text\":\"{BREAKFAST}\"}}\n")).unwrap();
    let fresh = rehearsed(&server, &[], &[&questions, "--kb", &kb, "--json"]).unwrap();
    let fresh: Value = serde_json::from_str(&fresh).unwrap();
    assert_eq!(
        (&fresh["by"], &fresh["answers"][0]["outcome"]),
        (&"embedded answerer".into(), &"said".into())
    );
    fs::write(&questions, "{\"id\":1}\n").unwrap();
    let refused = rehearsed(&server, &[], &[&questions]).unwrap_err();
    assert!(refused.contains("question file, line 1"), "{refused}");
    let refused = rehearsed(&server, &[], &["--model", "other"]).unwrap_err();
    assert!(refused.contains("need a model"), "{refused}");
}

// The command is waited for without a runtime, and the stand-in for the model has to answer meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_model_and_other_rules_are_tried_without_a_guest_seeing_it() {
    let ai = Ai::start("delta=1", &[]).await;
    asked(&ai.server, &[BREAKFAST]).await;
    let url = ai.model.url();
    let settings = [("OPENAI_BASE_URL", url.as_str()), ("OPENAI_MODEL", "fake:delta=1")];
    let same = rehearsed(&ai.server, &settings, &[]).unwrap();
    assert_eq!(same.trim(), "1 questions: 1 the same, 0 in other words, 0 changed, 0 new");
    let before = ai.model.journal().entries().last().unwrap().prompt_chars;
    let rules = ai.server.folder.path().join("rules.txt");
    fs::write(&rules, "Answer in verse.").unwrap();
    let args = ["--model", "fake:delta=1,text=Early. [1]", "--prompt", rules.to_str().unwrap()];
    let changed = rehearsed(&ai.server, &settings, &args).unwrap();
    assert!(changed.contains("[other words]") && changed.contains("+ said: Early."), "{changed}");
    let short = ai.model.journal().entries().last().unwrap().prompt_chars;
    assert!(short + 500 < before, "the usual rules are not sent: {short} and {before}");
    let embedded = rehearsed(&ai.server, &settings, &["--embedded", "--json"]).unwrap();
    assert!(embedded.contains("embedded answerer"), "{embedded}");
    assert_eq!(ai.model.journal().totals().requests, 3, "the embedded answerer asks nobody");
}
