//! What WhatsApp brings: signatures, every kind of message, identities, and what bad input gets.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::PATIENCE;
use crate::support::whatsapp::{SECRET, body, now, said, sign, start, text, texts};
use crate::support::{Meta, Server};

#[tokio::test]
async fn the_handshake() {
    let (_server, _, mut anyone) = start().await;
    let ask = |mode: &str, token: &str| {
        format!("/webhooks/whatsapp?hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444")
    };
    let answer = anyone.http.get(anyone.url(&ask("subscribe", "a%20verify%20token"))).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(answer.text().await.unwrap(), "1158201444");
    for (mode, token) in [("subscribe", "another"), ("subscribe", ""), ("unsubscribe", "a%20verify%20token")]
    {
        anyone.refused("GET", &ask(mode, token), None, (403, "forbidden")).await;
    }
    anyone.refused("GET", "/webhooks/whatsapp", None, (403, "forbidden")).await;
}

#[tokio::test]
async fn off_without_settings() {
    let server = Server::start(&[]).await;
    assert_eq!(Meta::new(&server).post(b"{}").await, 404);
}

#[tokio::test]
async fn only_what_is_signed_is_stored() {
    let (server, meta, mut admin) = start().await;
    let good = body(json!({"messages": [text("wamid.A", "15550000001", "hi")]})).to_string();
    let good = good.as_bytes();
    let right = sign(SECRET, good);
    let hex = right.strip_prefix("sha256=").unwrap();
    for bad in [
        None,
        Some(String::new()),
        Some(hex.to_owned()),
        Some(format!("sha512={hex}")),
        Some(format!("{right}00")),
        Some(right[..right.len() - 1].to_owned()),
        Some(sign("wrong-secret", good)),
        Some(sign(SECRET, &good[..good.len() - 1])),
    ] {
        assert_eq!(meta.post_with(good, bad.as_deref()).await, 401, "{bad:?}");
    }
    assert!(said(&mut admin).await.is_empty(), "nothing is stored");
    assert_eq!(meta.post(b"no JSON").await, 400);
    assert_eq!(meta.post(b"").await, 400);
    let large = vec![b' '; 3 * 1024 * 1024 + 1];
    assert_eq!(meta.post(&large).await, 413);
    assert_eq!(meta.post_with(good, Some(&sign("the next secret", good))).await, 200, "while it is changed");
    assert_eq!(meta.post(good).await, 200, "and the same again");
    assert_eq!(texts(&said(&mut admin).await), ["hi"]);
    drop(server);
}

#[tokio::test]
async fn a_body_of_three_mebibytes() {
    let (_server, meta, mut admin) = start().await;
    let whole = body(json!({"messages": [text("wamid.A", "15550000001", "in a large body")]})).to_string();
    let padding = " ".repeat(3 * 1024 * 1024 - whole.len());
    assert_eq!(meta.post(format!("{whole}{padding}").as_bytes()).await, 200);
    assert_eq!(texts(&said(&mut admin).await), ["in a large body"]);
}

#[tokio::test]
async fn a_burst_of_a_new_guest_is_one_conversation() {
    let (_server, meta, mut admin) = start().await;
    let meta = std::sync::Arc::new(meta);
    let posts = (0..40).map(|n| {
        let meta = std::sync::Arc::clone(&meta);
        tokio::spawn(async move {
            let messages =
                json!([text(&format!("wamid.{}", n % 20), "15550000007", &format!("m{}", n % 20))]);
            meta.messages(messages).await
        })
    });
    for post in posts.collect::<Vec<_>>() {
        assert_eq!(post.await.unwrap(), 200);
    }
    let all = said(&mut admin).await;
    assert_eq!(all.len(), 1, "one guest, one conversation");
    let mut seen = texts(&all);
    seen.sort_unstable();
    let mut expected: Vec<String> = (0..20).map(|n| format!("m{n}")).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected, "each message once");
}

#[tokio::test]
async fn a_broken_item_costs_only_itself() {
    let (_server, meta, mut admin) = start().await;
    let mut items: Vec<Value> = (0..20).map(|n| text(&format!("wamid.{n}"), "15550000001", "good")).collect();
    items.insert(10, json!({"id": ["?"], "from": {}, "type": "text", "text": 5}));
    items.insert(5, json!(null));
    assert_eq!(meta.messages(json!(items)).await, 200);
    assert_eq!(texts(&said(&mut admin).await), ["good"; 20]);
}

#[tokio::test]
async fn the_guest_stays_the_same() {
    let (_server, meta, mut admin) = start().await;
    let contact = json!([{"wa_id": "5511911", "user_id": "BR.77", "profile": {"name": "Bia"}}]);
    let both = json!({"id": "wamid.1", "from": "55111", "from_user_id": "BR.77", "timestamp": now(),
                      "type": "text", "text": {"body": "one"}});
    assert_eq!(
        meta.post(body(json!({"contacts": contact, "messages": [both]})).to_string().as_bytes()).await,
        200
    );
    // By each name alone.
    assert_eq!(meta.messages(json!([text("wamid.2", "55111", "two")])).await, 200);
    assert_eq!(meta.messages(json!([text("wamid.3", "5511911", "three")])).await, 200);
    let hidden = json!({"id": "wamid.4", "from_user_id": "BR.77", "timestamp": now(), "type": "text",
                        "text": {"body": "four"}});
    assert_eq!(meta.messages(json!([hidden])).await, 200);
    // Another number, another user id, and then by those.
    let moved = json!({"id": "wamid.5", "from": "55111", "timestamp": now(), "type": "system",
                       "system": {"type": "user_changed_number", "wa_id": "55222", "user_id": "BR.78"}});
    assert_eq!(meta.messages(json!([moved])).await, 200);
    assert_eq!(meta.messages(json!([text("wamid.6", "55222", "five")])).await, 200);
    let hidden = json!({"id": "wamid.7", "from_user_id": "BR.78", "timestamp": now(), "type": "text",
                        "text": {"body": "six"}});
    assert_eq!(meta.messages(json!([hidden])).await, 200);
    let all = said(&mut admin).await;
    assert_eq!(all.len(), 1);
    assert_eq!(texts(&all), ["one", "two", "three", "four", "five", "six"]);
    let note =
        all[0].1.iter().find(|event| event["kind"] == "note").expect("staff are told of the new number");
    assert!(note["text"].as_str().unwrap().contains("+55222"));
}

#[tokio::test]
async fn what_refers_to_a_message() {
    let (_server, meta, mut admin) = start().await;
    let from = "15550000001";
    let reply = |id: &str, of: &str| {
        let mut message = text(id, from, "this one");
        message["context"] = json!({"id": of, "from": from});
        message
    };
    let about = |id: &str, kind: &str, own: Value| json!({"id": id, "from": from, "timestamp": now(), "type": kind, kind: own});
    let items = json!([
        text("wamid.1", from, "first"),
        reply("wamid.2", "wamid.1"),
        reply("wamid.3", "wamid.unknown"),
        about("wamid.4", "reaction", json!({"message_id": "wamid.2", "emoji": "👍"})),
        about("wamid.5", "reaction", json!({"message_id": "wamid.2"})),
        about(
            "wamid.6",
            "edit",
            json!({"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "1st"}}})
        ),
        about("wamid.7", "revoke", json!({"original_message_id": "wamid.3"})),
        about("wamid.8", "revoke", json!({"original_message_id": "wamid.unknown"})),
    ]);
    assert_eq!(meta.messages(items.clone()).await, 200);
    assert_eq!(meta.messages(items).await, 200, "and again");
    let all = said(&mut admin).await;
    let history: Vec<&Value> = all[0].1.iter().collect();
    let seq_of = |words: &str, n: usize| {
        let same: Vec<&&Value> = history.iter().filter(|event| event["text"] == words).collect();
        same[n]["seq"].clone()
    };
    let (first, second, third) = (seq_of("first", 0), seq_of("this one", 0), seq_of("this one", 1));
    let of = |kind: &str| -> Vec<(Value, Value)> {
        let own = history.iter().filter(|event| event["kind"] == kind);
        own.map(|event| {
            (event["of"].clone(), event.get("emoji").or(event.get("text")).cloned().unwrap_or_default())
        })
        .collect()
    };
    let replied: Vec<&Value> = history.iter().filter_map(|event| event.get("reply_to")).collect();
    assert_eq!(replied, [&first], "a message that nobody knows is not quoted");
    assert_eq!(of("reaction"), [(second.clone(), json!("👍")), (second, Value::Null)]);
    assert_eq!(of("edited"), [(first, json!("1st"))]);
    assert_eq!(of("deleted"), [(third, Value::Null)]);
}

#[tokio::test]
async fn the_hotels_own_phone_takes_over() {
    let (mut server, meta, mut admin) = start().await;
    assert_eq!(meta.messages(json!([text("wamid.1", "15550000001", "hello?")])).await, 200);
    let mut echo = body(json!({"message_echoes": [
        {"id": "wamid.2", "from": "15550100000", "to": "15550000001", "timestamp": now(), "type": "text",
         "text": {"body": "we are here"}}]}));
    echo["entry"][0]["changes"][0]["field"] = json!("smb_message_echoes");
    for _ in 0..2 {
        assert_eq!(meta.post(echo.to_string().as_bytes()).await, 200);
    }
    // What the lists say follows the log.
    let give_up = Instant::now() + PATIENCE;
    loop {
        let (_, page) = admin.get("/api/conversations").await;
        let items = page["items"].as_array().unwrap();
        if items.len() == 1 && items[0]["mode"] == "human" {
            break;
        }
        assert!(Instant::now() < give_up, "not one conversation that people answer: {page}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let all = said(&mut admin).await;
    let [(_, history)] = &all[..] else { panic!("one conversation: {all:?}") };
    let by_staff: Vec<&Value> =
        history.iter().filter(|event| event["kind"] == "message" && event["by"]["kind"] == "agent").collect();
    assert_eq!(by_staff.len(), 1);
    assert_eq!(by_staff[0]["text"], "we are here");
    // Whoever wrote it has no id here. It is answered all the same, also by a server that reads it anew.
    server.crash().await;
    let mut admin = server.admin().await;
    let (_, page) = admin.get("/api/conversations").await;
    let messages = format!("/api/conversations/{}/messages", page["items"][0]["id"].as_str().unwrap());
    assert_eq!(admin.post(&messages, json!({"id": "a", "text": "and still here"})).await.0, 201);
}

#[tokio::test]
async fn the_window() {
    let (_server, meta, mut admin) = start().await;
    let mut old = text("wamid.1", "15550000001", "days ago");
    old["timestamp"] = json!("1750000000");
    assert_eq!(meta.messages(json!([old])).await, 200);
    let (_, page) = admin.get("/api/conversations").await;
    let summary = &page["items"][0];
    assert_eq!(summary["window_until"], "2025-06-16T15:06:40.000Z", "by WhatsApp's clock");
    assert_eq!(
        (&summary["mode"], &summary["status"]),
        (&json!("human"), &json!("waiting")),
        "no free words help"
    );
    let messages = format!("/api/conversations/{}/messages", summary["id"].as_str().unwrap());
    let say = |id: &str, note: bool| json!({"id": id, "text": "too late", "note": note});
    admin.refused("POST", &messages, Some(say("a", false)), (403, "forbidden")).await;
    assert_eq!(admin.post(&messages, say("n", true)).await.0, 201, "a note goes nowhere");
    assert_eq!(meta.messages(json!([text("wamid.2", "15550000001", "now")])).await, 200);
    assert_eq!(admin.post(&messages, say("a", false)).await.0, 201);
}
