//! The server with a stand-in for a language model that is not ours: `make aimock` starts it and says where it is.

use serde_json::{Value, json};

use crate::support::Server;

/// A guest asks; the history once there is an outcome.
async fn ask(server: &Server, text: &str) -> Vec<Value> {
    let (mut guest, mut page) = server.guest_page().await;
    page.say("q", text).await;
    let end = |frame: &Value| {
        let whole =
            frame["kind"] == "message" && frame["by"]["kind"] == "ai" && frame.get("partial").is_none();
        frame["type"] == "event" && (whole || frame["status"] == "waiting")
    };
    page.find("an outcome", end).await;
    page.settle().await;
    guest.history(&guest.conversation.clone()).await
}

fn said(history: &[Value]) -> Vec<&Value> {
    history.iter().filter(|event| event["kind"] == "message" && event["by"]["kind"] == "ai").collect()
}

fn people(history: &[Value]) -> bool {
    history.iter().any(|event| event["kind"] == "mode" && event["mode"] == "human")
}

#[tokio::test]
#[ignore = "needs the other stand-in: make aimock"]
async fn another_stand_in_is_understood() {
    let url = std::env::var("FRONTDESK_AIMOCK").expect("make aimock says where it is");
    let server = Server::start(&[("OPENAI_BASE_URL", &url), ("OPENAI_MODEL", "gpt-4o-mini")]).await;

    let streamed = ask(&server, "Where is breakfast?").await;
    let [answer] = said(&streamed)[..] else { panic!("{streamed:?}") };
    assert_eq!(answer["text"], "It is served with a view of the lake.");
    assert!(answer["citations"][0]["title"].is_string() && !people(&streamed), "{streamed:?}");

    let request = ask(&server, "Could I have two towels?").await;
    let made = request.iter().find(|event| event["kind"] == "request").expect("a request");
    assert_eq!(
        (&made["request"]["department"], &made["request"]["text"]),
        (&json!("housekeeping"), &json!("two towels"))
    );

    assert!(people(&ask(&server, "Is the sauna nice?").await), "the tool hands over");

    for (question, title) in [("Is there parking?", "park"), ("Where is my luggage kept?", "luggage")] {
        let refused = ask(&server, question).await;
        let [answer] = said(&refused)[..] else { panic!("{refused:?}") };
        let cited = answer["citations"][0]["title"].as_str().expect("the knowledge answers").to_lowercase();
        assert!(cited.contains(title) && answer.get("partial").is_none(), "{answer}");
    }

    // Cut before a word of it was shown, the knowledge answers; after that, a person does. Half of it is no answer.
    let cut = ask(&server, "Is the pool nice?").await;
    let is_half = |event: &Value| event["text"].as_str().is_some_and(|text| text.contains("swim there"));
    assert!(said(&cut).iter().all(|event| event["partial"] == true || !is_half(event)), "{cut:?}");
    assert!(people(&cut) || said(&cut).iter().any(|event| event["partial"] != true), "{cut:?}");
}
