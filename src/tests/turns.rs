//! Every question of a guest comes to one visible end, whatever happens to the model or the server.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Ai, Caller, Client};

fn by_ai(history: &[Value]) -> Vec<&Value> {
    history.iter().filter(|event| event["by"]["kind"] == "ai").collect()
}

/// Asks something that the demo hotel knows, and waits until that has come to an end.
async fn ask(ai: &Ai, text: &str) -> (Caller, Client, Vec<Value>) {
    let (guest, mut page) = ai.server.guest_page().await;
    page.say("q", text).await;
    let answer = |frame: &Value| frame["type"] == "event" && frame["by"]["kind"] == "ai";
    let waits = |frame: &Value| frame["type"] == "event" && frame["status"] == "waiting";
    page.find("an end", |frame| answer(frame) && frame.get("partial").is_none() || waits(frame)).await;
    let history = ai.server.admin().await.history(&guest.conversation).await;
    (guest, page, history)
}

fn judge_one_end(history: &[Value], what: &str) {
    let whole = by_ai(history).iter().filter(|event| event.get("partial").is_none()).count();
    let handed = history.iter().filter(|event| event["kind"] == "mode" && event["mode"] == "human").count();
    let waiting = history.iter().filter(|event| event["status"] == "waiting").count();
    assert_eq!(handed, waiting, "{what}: {history:?}");
    assert!(whole + handed >= 1 && handed <= 1 && whole <= 1, "{what}: {history:?}");
}

#[tokio::test]
async fn a_model_that_says_nothing_is_replaced_by_the_knowledge() {
    for script in [
        "status=500",
        "status=429",
        "status=429,retry-after=60",
        "status=401",
        "status=404,body=html",
        "cut-at=0",
        "cut-at=1,cut=reset",
        "error-at=1",
        "garbage-at=1",
        "html",
        "text=",
        "packets=7,bad-utf8-at=1",
    ] {
        let ai = Ai::start(script, &[]).await;
        let (_, _, history) = ask(&ai, "When and where is breakfast served?").await;
        judge_one_end(&history, script);
        let answers = by_ai(&history);
        assert_eq!(answers.len(), 1, "{script}: {history:?}");
        let title = answers[0]["citations"][0]["title"].as_str().unwrap_or_default().to_lowercase();
        assert!(title.contains("breakfast"), "{script}: {}", answers[0]);
    }
}

#[tokio::test]
async fn a_model_that_breaks_off_leaves_a_partial_and_a_person() {
    let text = "text=sand sea wind sun palm shell wave boat gull dune";
    for end in ["cut-at=6", "cut-at=6,cut=reset", "cut-at=6,cut=half", "cut-at=6,cut=clean", "error-at=6"] {
        let ai = Ai::start(&format!("{end},delta=5,no-done,{text}"), &[]).await;
        let (mut guest, mut page, history) = ask(&ai, "When and where is breakfast served?").await;
        judge_one_end(&history, end);
        let answers = by_ai(&history);
        assert_eq!(answers.len(), 1, "{end}: {history:?}");
        assert_eq!(answers[0]["partial"], true, "{end}");
        assert!(
            "sand sea wind sun palm shell wave".starts_with(answers[0]["text"].as_str().unwrap()),
            "{end}"
        );
        let place = answers[0]["seq"].as_u64().unwrap();
        let next = history.iter().find(|event| event["seq"] == place + 1).unwrap();
        assert_eq!((&next["kind"], &next["mode"]), (&json!("mode"), &json!("human")), "{end}");
        let seen = page.settle().await;
        let cut = seen.iter().find(|frame| frame["type"] == "draft_end").unwrap();
        assert_eq!((&cut["outcome"], &cut["seq"]), (&json!("cut"), &json!(place)), "{end}");
        assert_eq!(guest.history(&guest.conversation.clone()).await.last().unwrap()["status"], "waiting");
    }
}

#[tokio::test]
async fn a_model_that_asks_for_a_person_gets_one() {
    for (script, urgent) in [
        ("tool=hand_over", false),
        ("tool=hand_over,args={\"reason\":\"emergency\"}", true),
        ("tool=hand_over,args={\"reason\":\"asked_for_person\"},text=One moment please.", false),
        ("text={\"hand_over\": \"complaint\"}", false),
    ] {
        let script = script.replace(", \"", "%2C \"");
        let ai = Ai::start(&script, &[]).await;
        let (guest, mut page) = ai.server.guest_page().await;
        page.say("q", "This is terrible.").await;
        page.find("a person", |frame| frame["status"] == "waiting").await;
        let history = ai.server.admin().await.history(&guest.conversation).await;
        let handed = history.iter().filter(|event| event["kind"] == "mode").count();
        assert_eq!(handed, 1, "{script}: {history:?}");
        let said: Vec<_> = by_ai(&history).iter().map(|event| event["text"].as_str().unwrap()).collect();
        assert!(said.len() == 1 && !said[0].contains("hand_over"), "{script}: {said:?}");
        let urgencies = history.iter().filter(|event| event["urgency"] == "urgent").count();
        assert_eq!(urgencies > 0, urgent, "{script}: {history:?}");
        if urgent {
            let (_, summary) =
                ai.server.admin().await.get(&format!("/api/conversations/{}", guest.conversation)).await;
            assert_eq!(summary["urgency"], "urgent");
            let (_, opened) = ai.server.page(&guest, Some(0)).await;
            let told = opened["events"].as_array().unwrap().iter().any(|event| event["kind"] == "urgency");
            assert!(!told, "for staff: {opened}");
        }
    }
}

#[tokio::test]
async fn a_model_that_stalls_is_not_waited_for() {
    for (script, partial) in
        [("stall-headers", false), ("stall-at=0", false), ("stall-at=4,text=a b c d e f", true)]
    {
        let ai = Ai::start(script, &[]).await;
        let (_, _, history) = ask(&ai, "When and where is breakfast served?").await;
        judge_one_end(&history, script);
        let answers = by_ai(&history);
        assert_eq!(answers.len(), 1, "{script}: {history:?}");
        assert_eq!(answers[0].get("partial").is_some(), partial, "{script}");
        let closed = |entry: &frontdesk_bench::fake_openai::Entry| entry.client_closed_at_ms.is_some();
        assert!(ai.model.journal().entries().iter().all(closed), "{script}: the connection is let go");
    }
}

/// Killed while the model speaks: after the restart the guest gets one answer, or a person, and no more.
#[tokio::test]
async fn a_turn_that_was_open_at_a_crash_is_answered_once() {
    let mut ai = Ai::start("delta=40,text=sand sea wind sun palm shell wave boat gull dune", &[]).await;
    for words in [0, 1, 5] {
        let (guest, mut page) = ai.server.guest_page().await;
        page.done(json!({"type":"send","id":"q","text":"When is breakfast?"})).await;
        for _ in 0..words {
            page.expect("draft").await;
        }
        ai.server.crash().await;
        // Nobody opens it: the server finds it by itself.
        let mut admin = ai.server.admin().await;
        let give_up = tokio::time::Instant::now() + Duration::from_secs(20);
        let history = loop {
            let history = admin.history(&guest.conversation).await;
            if !by_ai(&history).is_empty() || history.iter().any(|event| event["status"] == "waiting") {
                break history;
            }
            assert!(tokio::time::Instant::now() < give_up, "never answered");
            tokio::time::sleep(Duration::from_millis(25)).await;
        };
        judge_one_end(&history, "after the crash");
        assert_eq!(by_ai(&history).len(), 1, "{history:?}");
        let (mut page, opened) = ai.server.page(&guest, Some(0)).await;
        assert_eq!(opened["events"].as_array().unwrap().len(), history.len());
        page.settle().await;
        ai.server.crash().await;
        assert_eq!(ai.server.admin().await.history(&guest.conversation).await, history, "and stays so");
    }
}

#[tokio::test]
async fn a_turn_that_crashes_twice_goes_to_a_person() {
    let mut ai = Ai::start("stall-at=3,text=sand sea wind sun", &[]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    page.done(json!({"type":"send","id":"q","text":"When is breakfast?"})).await;
    page.expect("draft").await;
    ai.server.crash().await;
    let (mut page, _) = ai.server.page(&guest, Some(0)).await;
    page.expect("draft").await;
    ai.server.crash().await;
    let (mut page, opened) = ai.server.page(&guest, Some(0)).await;
    let handed = |event: &Value| event["kind"] == "mode" && event["mode"] == "human";
    if !opened["events"].as_array().unwrap().iter().any(handed) {
        page.find("a person", handed).await;
    }
    let history = ai.server.admin().await.history(&guest.conversation).await;
    judge_one_end(&history, "after two crashes");
    assert_eq!(by_ai(&history).len(), 0, "{history:?}");
}

#[tokio::test]
async fn the_model_is_shown_no_notes_and_nobody_elses_words() {
    let ai = Ai::start("delta=1,text=Yes.", &[]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    let (_, mut desk) = ai.server.dashboard().await;
    let chars = |ai: &Ai| ai.model.journal().entries().last().unwrap().prompt_chars;
    page.say("q1", "hello").await;
    page.expect("draft_end").await;
    let first = chars(&ai);
    let note = json!({"type":"send","id":"n","conversation":guest.conversation,"text":"x".repeat(4_000),"note":true});
    desk.done(note).await;
    page.say("q2", "hello").await;
    page.expect("draft_end").await;
    assert!(chars(&ai).abs_diff(first) < 500, "a note of 4,000 characters is not in the prompt");
}

#[tokio::test]
async fn a_wish_becomes_a_request_that_colleagues_see_to() {
    let arguments = r#"{"department":"housekeeping","text":"two towels","room":"1"}"#.replace(',', "%2C");
    let ai = Ai::start(&format!("tool=create_request,args={arguments}"), &[]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    page.say("q", "Could I have two towels?").await;
    let made = page.event("request").await;
    assert_eq!(
        (&made["by"]["kind"], &made["request"]["state"]),
        (&json!("system"), &json!("open")),
        "{made}"
    );
    assert_eq!(made["request"]["department"], "housekeeping");
    assert_eq!(made["request"]["text"], "two towels");
    assert!(made["request"].get("room").is_none(), "no room is known: {made}");
    page.find("waiting", |frame| frame["type"] == "event" && frame["status"] == "waiting").await;
    let mut admin = ai.server.admin().await;
    let actions = format!("/api/conversations/{}/actions", guest.conversation);
    let act = |id: &str, state: &str| json!({"id":id,"action":"request","request":made["request"]["id"],"state":state});
    let (status, done) = admin.post(&actions, act("a1", "done")).await;
    assert_eq!(status, 200, "{done}");
    let told = page.find("done", |frame| frame["request"]["state"] == "done").await;
    assert_eq!((&told["by"]["kind"], &told["seq"]), (&json!("agent"), &done["seq"]));
    page.find("open again", |frame| frame["type"] == "event" && frame["status"] == "open").await;
    let stranger = json!({"id":"a2","action":"request","request":uuid::Uuid::now_v7(),"state":"done"});
    admin.refused("POST", &actions, Some(stranger), (404, "not_found")).await;
    admin.refused("POST", &actions, Some(act("a3", "eaten")), (400, "bad_frame")).await;
    let mut viewer = ai.server.agent("viewer").await;
    viewer.refused("POST", &actions, Some(act("a4", "done")), (403, "forbidden")).await;
    let history = admin.history(&guest.conversation).await;
    assert!(history.iter().all(|event| event["mode"] != "human"), "the AI stays: {history:?}");
}
