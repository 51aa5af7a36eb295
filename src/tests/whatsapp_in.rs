//! What WhatsApp brings: signatures, every kind of message, identities, and what bad input gets.

use serde_json::{Value, json};

use crate::support::whatsapp::{SECRET, SETTINGS, body, collection, now, said, sign, text};
use crate::support::{Caller, Meta, Server};

async fn start() -> (Server, Meta, Caller) {
    let server = Server::start(SETTINGS).await;
    let (meta, admin) = (Meta::new(&server), server.admin().await);
    (server, meta, admin)
}

/// The guests' messages, over all conversations.
fn messages(all: &[(String, Vec<Value>)]) -> Vec<&Value> {
    let said = |event: &&Value| event["kind"] == "message" && event["by"]["kind"] == "guest";
    all.iter().flat_map(|(_, history)| history.iter().filter(said)).collect()
}

fn texts(all: &[(String, Vec<Value>)]) -> Vec<&str> {
    messages(all).into_iter().map(|event| event["text"].as_str().unwrap()).collect()
}

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
    let (_server, meta, mut admin) = start().await;
    assert_eq!(meta.messages(json!([text("wamid.1", "15550000001", "hello?")])).await, 200);
    let mut echo = body(json!({"message_echoes": [
        {"id": "wamid.2", "from": "15550100000", "to": "15550000001", "timestamp": now(), "type": "text",
         "text": {"body": "we are here"}}]}));
    echo["entry"][0]["changes"][0]["field"] = json!("smb_message_echoes");
    for _ in 0..2 {
        assert_eq!(meta.post(echo.to_string().as_bytes()).await, 200);
    }
    let all = said(&mut admin).await;
    let [(_, history)] = &all[..] else { panic!("one conversation: {all:?}") };
    let by_staff: Vec<&Value> =
        history.iter().filter(|event| event["kind"] == "message" && event["by"]["kind"] == "agent").collect();
    assert_eq!(by_staff.len(), 1);
    assert_eq!(by_staff[0]["text"], "we are here");
    let (_, page) = admin.get("/api/conversations").await;
    assert_eq!(page["items"][0]["mode"], "human");
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

/// What the collection says that a body becomes: messages of guests.
fn expected(file: &str, line: &str) -> usize {
    let does = line.rsplit('|').nth(1).unwrap_or_default();
    // Lines whose number is not the first word: what they say, as a number for a server of the first hotel.
    match file {
        "batch-two-entries-two-hotels-with-status.json" | "redelivery-one-old-one-new.json" => return 1,
        "batch-with-one-broken-message.json" => return 3,
        _ => {}
    }
    let first = does.trim().split(' ').next().unwrap_or_default();
    if does.contains("guest message") { first.parse().unwrap_or(0) } else { 0 }
}

#[tokio::test]
async fn every_body_of_the_collection() {
    let Some(folder) = collection() else { return };
    let index = std::fs::read_to_string(folder.join("INDEX.md")).unwrap();
    let (server, meta, mut admin) = start().await;
    let mut before = 0;
    let mut files = 0;
    for line in index.lines().filter(|line| line.starts_with("| ")) {
        let file = line.split('|').nth(1).unwrap().trim();
        let Ok(body) = std::fs::read(folder.join(file)) else { continue };
        files += 1;
        let is_json = file.ends_with(".json");
        for _ in 0..2 {
            assert_eq!(meta.post(&body).await, if is_json { 200 } else { 400 }, "{file}");
        }
        let all = said(&mut admin).await;
        let after = messages(&all).len();
        assert_eq!(after - before, expected(file, line), "{line}");
        before = after;
    }
    assert_eq!(files, 94);
    let all = said(&mut admin).await;
    let texts = texts(&all);
    for words in [
        "Does it come in another color?",
        "Taj Mahal",
        "[voice message]",
        "my receipt",
        "[sticker]",
        "Change",
        "Unsubscribe",
        "[unsupported message: edit]",
        "[unsupported message: hologram]",
        "Zimmer 12/14: Schlüssel fehlt 🔑 https://example.com/a",
        "First",
        "Third",
    ] {
        assert!(texts.contains(&words), "{words}: {texts:?}");
    }
    for part in ["Philz Coffee", "37.44221496582", "Barbara J. Johnson", "di9ozbzfi4", "delivery_rating: 4"] {
        assert!(texts.iter().any(|text| text.contains(part)), "{part}: {texts:?}");
    }
    let order: Vec<&str> = {
        let ana =
            all.iter().find(|(_, history)| history.iter().any(|event| event["text"] == "First")).unwrap();
        let said = |event: &&Value| event["kind"] == "message" && event["by"]["kind"] == "guest";
        ana.1.iter().filter(said).map(|event| event["text"].as_str().unwrap()).collect()
    };
    assert!(order.windows(2).any(|two| two == ["First", "[unsupported message: text]"]), "{order:?}");
    let (_, page) = admin.get("/api/conversations?limit=200").await;
    let names: Vec<&str> =
        page["items"].as_array().unwrap().iter().filter_map(|s| s["guest"]["name"].as_str()).collect();
    for name in ["Sheena Nelson", "ليلى 🌙", "Bilal Haddad", "Zoë Müller", "Marcos Lima"] {
        assert_eq!(
            names.iter().filter(|seen| **seen == name).count(),
            if name == "Sheena Nelson" { 2 } else { 1 },
            "{name}: {names:?}"
        );
    }
    drop(server);
}

#[tokio::test]
async fn the_signatures_of_the_collection() {
    let Some(folder) = collection() else { return };
    let page = std::fs::read_to_string(folder.join("SIGNATURES.md")).unwrap();
    let (server, meta, mut admin) = start().await;
    let cells = |line: &str| -> Vec<String> {
        line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (mut refused, mut taken) = (0, 0);
    for cells in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).map(cells) {
        match &cells[1..cells.len() - 1] {
            [case, header] if case != "case" => {
                let name = if case.contains("wire-form") {
                    "wire-form-escaped-one-line.json"
                } else {
                    "text-plain.json"
                };
                let mut body = file(name);
                let mut header =
                    header.strip_prefix("X-Hub-Signature-256:").map(|value| value.trim().to_owned());
                if case.contains("one byte of the body") {
                    header = Some(sign(SECRET, &body));
                    body[10] ^= 1;
                }
                assert_eq!(meta.post_with(&body, header.as_deref()).await, 401, "{case}");
                refused += 1;
            }
            [name, bytes, header] if name != "file" => {
                let body = file(name);
                assert_eq!(body.len().to_string(), *bytes);
                let status = meta.post_with(&body, Some(header)).await;
                assert_eq!(status, if body.is_empty() { 400 } else { 200 }, "{name}");
                taken += 1;
                if taken == 1 {
                    assert_eq!(said(&mut admin).await.len(), 1, "the first is the first that is stored");
                }
            }
            _ => {}
        }
    }
    assert_eq!((taken, refused), (6, 13));
    drop(server);
}
