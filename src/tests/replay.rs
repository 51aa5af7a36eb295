//! A conversation as it happened: what the AI was told, turn by turn, over HTTP and from the file.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::server::program;
use crate::support::{Ai, Caller, Server};

async fn replayed(server: &Server, guest: &Caller, fits: impl Fn(&Value) -> bool) -> Value {
    let mut admin = server.admin().await;
    let give_up = tokio::time::Instant::now() + crate::support::server::PATIENCE;
    loop {
        let (status, found) = admin.get(&format!("/api/conversations/{}/replay", guest.conversation)).await;
        assert_eq!(status, 200, "{found}");
        // Records are written behind the turn.
        if fits(&found) {
            return found;
        }
        assert!(tokio::time::Instant::now() < give_up, "{found}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn whole(found: &Value) -> bool {
    let turns = found["turns"].as_array().unwrap();
    !turns.is_empty()
        && turns.iter().all(|turn| {
            let (records, calls) = (turn["records"].as_array().unwrap(), turn["calls"].as_array().unwrap());
            let by_model = records.iter().filter(|record| record["by"] == "model").count();
            !turn["outcome"].is_null() && !records.is_empty() && by_model == calls.len()
        })
}

fn printed(server: &Server, args: &[&str]) -> (bool, String, String) {
    let mut command: Command = program(&server.folder, &[]);
    let out = command.arg("replay").args(args).stderr(std::process::Stdio::piped()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

#[tokio::test]
async fn each_turn_with_prompt_sources_calls_times_and_cost() {
    let settings = [("OPENAI_PRICE_PROMPT", "1"), ("OPENAI_PRICE_ANSWER", "2")];
    let ai = Ai::start("delta=1", &settings).await;
    let (guest, mut page) = ai.server.guest_page().await;
    page.say("q", "When is breakfast served?").await;
    page.expect("draft_end").await;
    page.settle().await;
    let found = replayed(&ai.server, &guest, whole).await;
    let turn = &found["turns"][0];
    assert_eq!(
        (&turn["outcome"], &turn["after"], &turn["through"]),
        (&json!("answered"), &json!(0), &json!(1))
    );
    let record = &turn["records"][0];
    assert_eq!((&record["by"], &record["outcome"]), (&json!("model"), &json!("said")), "{record}");
    assert_eq!(record["question"], "When is breakfast served?");
    let prompt = record["prompt"].as_array().unwrap();
    assert_eq!(prompt[0]["role"], "system");
    let chars: usize =
        prompt.iter().map(|message| message["content"].as_str().unwrap().chars().count()).sum();
    // The stand-in counts the line breaks between messages too.
    let counted = ai.model.journal().entries()[0].prompt_chars - (prompt.len() - 1);
    assert_eq!(chars, counted, "exactly what was sent");
    let sources = record["sources"].as_array().unwrap();
    assert!(sources.iter().all(|source| source["score"].as_f64().unwrap() > 0.0), "{sources:?}");
    let title = sources[0]["title"].as_str().unwrap();
    assert!(title.to_lowercase().contains("breakfast"), "{sources:?}");
    assert!(record["said"].as_str().unwrap().contains("[1]"), "as it came, before anything was taken out");
    assert!(record["first_word_ms"].is_u64() && record["whole_ms"].is_u64(), "{record}");
    let call = &turn["calls"][0];
    assert!(call["cost_micros"].as_u64().unwrap() > 0 && !call["estimated"].as_bool().unwrap(), "{call}");
    assert_eq!(found["cost_micros"], call["cost_micros"]);
    assert_eq!(found["events"].as_array().unwrap().len(), 2);

    // The same from the file, while the server runs.
    let (good, text, _) = printed(&ai.server, &[&guest.conversation]);
    assert!(good, "{text}");
    for part in
        ["guest: When is breakfast served?", "answered", title, "[system] You are", "Cost of all calls"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, brief, _) = printed(&ai.server, &[&guest.conversation, "--brief"]);
    assert!(!brief.contains("[system]") && brief.len() < text.len());
    let (_, as_json, _) = printed(&ai.server, &[&guest.conversation, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&as_json).unwrap()["turns"], found["turns"]);
}

#[tokio::test]
async fn tries_that_failed_and_calls_are_in_it() {
    let ai = Ai::start("tool=hand_over,args={\"reason\":\"complaint\"}", &[]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    page.say("q", "When is breakfast served?").await;
    page.find("a person", |frame| frame["status"] == "waiting").await;
    let found = replayed(&ai.server, &guest, whole).await;
    let record = &found["turns"][0]["records"][0];
    assert_eq!(
        (&record["outcome"], &record["reason"]),
        (&json!("handed_over"), &json!("complaint")),
        "{record}"
    );
    assert_eq!(record["calls"][0]["name"], "hand_over");

    let ai = Ai::start("status=400", &[]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    page.say("q", "When is breakfast served?").await;
    page.expect("draft_end").await;
    let found = replayed(&ai.server, &guest, |found| {
        whole(found) && found["turns"][0]["records"].as_array().unwrap().len() > 1
    })
    .await;
    let records = found["turns"][0]["records"].as_array().unwrap();
    assert_eq!((&records[0]["by"], &records[0]["outcome"]), (&json!("model"), &json!("bad_request")));
    let last = records.last().unwrap();
    assert_eq!((&last["by"], &last["outcome"]), (&json!("knowledge"), &json!("said")), "{records:?}");
}

#[tokio::test]
async fn for_those_who_answer_for_it() {
    let server = Server::start(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    page.say("q", "When is breakfast served?").await;
    page.expect("draft_end").await;
    let path = format!("/api/conversations/{}/replay", guest.conversation);
    for (role, may) in [("viewer", false), ("agent", false), ("supervisor", true), ("admin", true)] {
        let mut caller = server.agent(role).await;
        assert_eq!(caller.get(&path).await.0, if may { 200 } else { 403 }, "{role}");
    }
    let mut owner = server.caller();
    owner.token.clone_from(&guest.token);
    owner.refused("GET", &path, None, (403, "forbidden")).await;
    let nobody = format!("/api/conversations/{}/replay", uuid::Uuid::now_v7());
    server.admin().await.refused("GET", &nobody, None, (404, "not_found")).await;
    let found = replayed(&server, &guest, whole).await;
    assert_eq!(found["turns"][0]["records"][0]["by"], "knowledge");
    let (good, _, why) = printed(&server, &["not-an-id"]);
    assert!(!good && why.contains("UUID"), "{why}");
    let (good, _, why) = printed(&server, &[&uuid::Uuid::now_v7().to_string()]);
    assert!(!good && why.contains("no such conversation"), "{why}");
}
