//! What goes out over WhatsApp, against a stand-in for Meta's API.

use std::time::{Duration, Instant};

use frontdesk_bench::fake_graph::Fault;
use serde_json::json;

use crate::support::line::{GUEST, Line, fate};
use crate::support::server::PATIENCE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_good_is_told_and_blocks_nobody() {
    let mut line = Line::open(&["sent", "delivered", "read"]).await;
    line.graph.script([Fault::Refuse(131_047), Fault::FailLater(131_026)]);
    let refused = line.write("a1", "too late").await;
    let later = line.write("a2", "no such phone").await;
    let fine = line.write("a3", "fine").await;
    let events = line
        .until("all is known", |events| {
            fate(events, fine).last() == Some(&"read") && fate(events, later).contains(&"failed")
        })
        .await;
    assert_eq!(fate(&events, refused), ["failed"]);
    let why = events.iter().find(|event| event["kind"] == "delivery" && event["of"] == refused).unwrap();
    assert!(why["error"].as_str().unwrap().contains("template"), "{why}");
    assert_eq!(line.graph.totals().refused.get(&131_047), Some(&1), "not tried again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_raises_one_alarm_for_all_messages() {
    let mut line = Line::open(&["sent"]).await;
    let mut desk = line.server.desk(&line.admin).await;
    line.graph.always(Some(Fault::Refuse(190)));
    let first = line.write("a1", "one").await;
    for n in 2..8 {
        line.write(&format!("a{n}"), "more").await;
    }
    let alarm = desk.expect("alarm").await;
    assert!(alarm["message"].as_str().unwrap().contains("token"), "{alarm}");
    line.until("the first one is told", |events| fate(events, first) == ["failed"]).await;
    let more = desk.settle().await;
    assert!(more.iter().all(|frame| frame["type"] != "alarm"), "one alarm: {more:?}");
    assert_eq!(line.graph.totals().refused.get(&190), Some(&1), "no hammering");
    // Set right by an operator: a start with a good token sends all that waits.
    line.graph.always(None);
    line.crash().await;
    let give_up = Instant::now() + PATIENCE;
    let of_staff = |line: &Line| {
        line.graph.accepted().iter().filter(|each| matches!(each.text.as_str(), "one" | "more")).count()
    };
    while of_staff(&line) < 7 {
        assert!(Instant::now() < give_up, "what waited never went");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_replies_templates_and_read_marks() {
    let mut line = Line::open(&["sent", "delivered"]).await;
    let asked = "Would you like a table by the window tonight?";
    let seq = line
        .post(json!({"id": "a1", "text": "What may I do for you?", "suggestions": [asked, "Nothing, thank you"]}))
        .await;
    line.until("it has arrived", |events| fate(events, seq).last() == Some(&"delivered")).await;
    let sent = line.graph.accepted().pop().unwrap();
    let button = sent.body["interactive"]["action"]["buttons"][0]["reply"].clone();
    assert!(button["title"].as_str().unwrap().chars().count() <= 20, "{button}");
    assert!(button["id"].as_str().unwrap().ends_with(asked), "{button}");

    let (status, list) = line.admin.get("/api/whatsapp/templates").await;
    assert_eq!(status, 200, "{list}");
    assert!(list["items"].as_array().unwrap().iter().any(|each| each["name"] == "room_ready"), "{list}");
    let template = json!({"id": "a2", "action": "template", "name": "room_ready", "language": "en_US",
        "parameters": [{"text": "Ada"}, {"text": "12"}], "text": "Dear Ada, your room 12 is ready."});
    let path = format!("/api/conversations/{}/actions", line.conversation);
    let (status, answer) = line.admin.post(&path, template).await;
    assert_eq!(status, 200, "{answer}");
    let seq = answer["seq"].as_u64().unwrap();
    line.until("the template has arrived", |events| fate(events, seq).last() == Some(&"delivered")).await;
    let sent = line.graph.accepted().pop().unwrap();
    assert_eq!((sent.kind.as_str(), sent.to.as_str()), ("template", GUEST));
    assert!(sent.text.starts_with("Dear Ada, your room 12 is ready"), "{}", sent.text);

    let mut desk = line.server.desk(&line.admin).await;
    desk.open(&line.conversation, None).await;
    assert!(line.graph.say(GUEST, "Thank you!").await);
    let seq = desk.event("message").await["seq"].as_u64().unwrap();
    let before = line.graph.marks().len();
    desk.send(json!({"type": "read", "conversation": line.conversation, "seq": seq})).await;
    let give_up = Instant::now() + PATIENCE;
    while line.graph.marks().len() == before {
        assert!(Instant::now() < give_up, "no read mark");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(line.graph.marks().iter().any(|(_, typing)| *typing), "the AI at work showed as typing");
}
