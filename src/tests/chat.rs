//! The main job: a guest writes, the AI answers, an agent takes over.

use serde_json::json;

use crate::support::{Client, Server};

#[tokio::test]
async fn without_a_model_the_knowledge_answers() {
    let server = Server::start(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    desk.open(&guest.conversation, None).await;
    page.say("g1", "What time is breakfast?").await;
    let asked = page.event("message").await;
    assert_eq!((asked["seq"].as_u64(), &asked["id"], &asked["channel"]), (Some(1), &json!("g1"), &json!("web")));
    assert_eq!(page.expect("ack").await["seq"], 1);
    let mut shown = page.expect("draft").await["text"].as_str().unwrap().to_owned();
    let answer = loop {
        let frame = page.next().await.unwrap();
        match frame["type"].as_str().unwrap() {
            "draft" => shown.push_str(frame["text"].as_str().unwrap()),
            "event" if frame["by"]["kind"] == "ai" => break frame,
            _ => {}
        }
    };
    assert_eq!(answer["text"].as_str(), Some(shown.as_str()), "what was shown is what is stored");
    assert!(answer["citations"][0]["title"].as_str().unwrap().to_lowercase().contains("breakfast"));
    assert_eq!(page.expect("draft_end").await["outcome"], "sent");
    assert!(desk.expect("draft").await["text"].is_string(), "agents see the words as they come");
    assert_eq!(desk.event("message").await["text"], answer["text"]);
}

#[tokio::test]
async fn what_it_does_not_know_goes_to_people() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    page.say("g1", "Can I talk to a person please?").await;
    assert_eq!(page.event("mode").await["mode"], "human");
    assert_eq!(page.event("status").await["status"], "waiting");
    let summary = loop {
        let inbox = desk.expect("inbox").await;
        let mine = inbox["upserts"].as_array().unwrap().iter().find(|s| s["status"] == "waiting").cloned();
        if let Some(summary) = mine {
            break summary;
        }
    };
    assert_eq!(summary["id"], json!(guest.conversation));
    assert!(summary["waiting_since"].is_string());
}

#[tokio::test]
async fn an_agent_answers_and_hands_back() {
    let server = Server::start(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    desk.open(&c, None).await;
    desk.act(&c, "t1", "take_over").await;
    page.say("g1", "What time is breakfast?").await;
    let asked = desk.event("message").await;
    assert_eq!(asked["by"]["kind"], "guest");
    desk.send(json!({"type":"send","id":"a1","conversation":c,"text":"At seven.","reply_to":asked["seq"]})).await;
    desk.send(json!({"type":"send","id":"a2","conversation":c,"text":"Sounds tired.","note":true})).await;
    let answered = loop {
        let message = page.event("message").await;
        if message["by"]["kind"] == "agent" {
            break message;
        }
    };
    assert_eq!((&answered["text"], &answered["reply_to"]), (&json!("At seven."), &asked["seq"]));
    page.say("g2", "And the pool?").await;
    page.expect("ack").await;
    desk.act(&c, "t2", "hand_back").await;
    let by_ai = loop {
        let message = page.event("message").await;
        if message["by"]["kind"] == "ai" {
            break message;
        }
    };
    assert!(by_ai["text"].is_string());
    let mut again = Client::hello(&server.address, "/ws/guest", &guest.token, Some(0)).await;
    let events = again.expect("opened").await["events"].clone();
    let mut prev = json!(0);
    for event in events.as_array().unwrap() {
        assert_ne!(event["kind"], "note", "notes never reach a guest");
        assert_eq!(event["prev"], prev, "a guest's events have no hole that it could see");
        prev = event["seq"].clone();
    }
}
