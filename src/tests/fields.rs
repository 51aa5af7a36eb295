//! Fields that nobody may set: every field of every type is added to every body, and nothing of it is stored.

use serde_json::{Map, Value, json};

use crate::support::document::Document;
use crate::support::server::PASSWORD;
use crate::support::{Caller, Server};

/// What the added fields hold: an id, a time, a number and a word that nothing else holds.
const ID: &str = "018f0000-0000-7000-8000-0000000e0e0e";
const TIME: &str = "1999-01-01T00:00:00Z";
const MILLIS: i64 = 915_148_800_000;
const NUMBER: u64 = 900_719;
const WORD: &str = "yellowbird";

/// Fields that no type of the interface has, and others' products had.
fn unheard_of() -> Map<String, Value> {
    let all = json!({
        "property_id": ID, "account_id": ID, "tenant": ID, "tenant_id": ID, "author": ID, "guest_id": ID, "agent_id": ID,
        "created_by": ID, "updated_by": ID, "sealed": ID, "password_hash": ID, "digest": ID, "token_hash": ID,
        "verified": true, "vouched": ["name"], "is_admin": true, "admin": true, "prev": NUMBER, "guest_visible": NUMBER,
        "__proto__": {"role": "admin"}, "constructor": {"role": "admin"},
    });
    all.as_object().unwrap().clone()
}

/// A sample, with what can be found again in its place.
fn marked(value: &Value) -> Value {
    match value {
        Value::String(text) if uuid::Uuid::parse_str(text).is_ok() => json!(ID),
        Value::String(text) if text.starts_with("2031") => json!(TIME),
        Value::String(text) if text.contains("sample") => json!(text.replace("sample", WORD)),
        Value::Number(_) => json!(NUMBER),
        Value::Array(items) => items.iter().map(marked).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), marked(value))).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn that_nobody_may_set_are_never_stored() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"hello"})).await;
    let mut admin = server.admin().await;
    let colleague =
        json!({"email": "other@hotel.test", "name": "Other", "role": "viewer", "password": PASSWORD});
    let colleague = made(&mut admin, "/api/agents", colleague).await;
    let entry =
        made(&mut admin, "/api/knowledge", json!({"title": "Pool", "body": "Open from eight."})).await;
    let hook = json!({"url": "https://hotel.example/hook", "events": ["message"]});
    let hook = made(&mut admin, "/api/webhooks", hook).await;
    let document = Document::of(&server).await;
    let takers = document.takers(|path| {
        let at = |begin: &str| path.starts_with(begin);
        match path {
            _ if at("/api/conversations/") => guest.conversation.clone(),
            _ if at("/api/agents/") => colleague.clone(),
            _ if at("/api/knowledge/") => entry.clone(),
            _ => hook.clone(),
        }
    });
    let mut extra = document.fields();
    extra = extra.iter().map(|(name, value)| (name.clone(), marked(value))).chain(unheard_of()).collect();
    assert!(extra.len() > 150, "{}", extra.len());
    let (mut asked, mut taken) = (0, Vec::new());
    for (n, taker) in takers.iter().enumerate() {
        for (m, sample) in document.samples(&taker.schema, "").into_iter().enumerate() {
            // What the type knows is not added, needed or not.
            for (k, body) in [document.least(&taker.schema, &sample), sample.clone()].into_iter().enumerate()
            {
                let Value::Object(mut body) = body else { continue };
                if body.contains_key("id") {
                    body.insert("id".to_owned(), json!(format!("c{n}-{m}-{k}")));
                }
                for (name, value) in &extra {
                    if sample.get(name).is_none() {
                        body.insert(name.clone(), value.clone());
                    }
                }
                let (status, answer) =
                    admin.call(&taker.method, &taker.path, Some(&Value::Object(body))).await;
                assert!(
                    status < 500 || answer["code"] == "unavailable",
                    "{} {}: {status} {answer}",
                    taker.method,
                    taker.path
                );
                asked += 1;
                if status < 300 {
                    taken.push(format!("{} {} {}", taker.method, taker.path, sample["action"]));
                }
            }
        }
    }
    let (_, mut desk) = server.dashboard().await;
    desk.open(&guest.conversation, None).await;
    let mut frame = extra.clone();
    let send = json!({"type":"send","id":"x5","conversation":guest.conversation,"text":"hello"});
    let own = ["note", "reply_to", "attachments", "suggestions"];
    frame.retain(|name, _| !own.contains(&name.as_str()));
    frame.extend(send.as_object().unwrap().clone());
    assert_eq!(desk.ask(Value::Object(frame)).await["type"], "ack");
    let (_, colleague) = admin.get("/api/agents").await;
    let others =
        colleague["items"].as_array().unwrap().iter().filter(|agent| agent["id"] != admin.id.as_str());
    println!("{asked} bodies with {} fields too many, {} taken: {taken:?}", extra.len(), taken.len());
    for agent in others {
        assert!(agent["email"] != json!(format!("{WORD}@hotel.test")), "{agent}");
    }
    taken.sort_unstable();
    taken.dedup();
    assert!(taken.len() >= 15, "fields that nobody knows are passed over: {taken:?}");
    drop((desk, page));
    server.stop().await;
    nowhere(&server);
}

async fn made(admin: &mut Caller, path: &str, body: Value) -> String {
    let (status, made) = admin.post(path, body).await;
    assert_eq!(status, 201, "{made}");
    let id =
        ["/id", "/agent/id", "/entry/id", "/webhook/id"].iter().find_map(|at| made.pointer(at)?.as_str());
    id.unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// Nowhere on the disk, in any form that it could have been written in.
fn nowhere(server: &Server) {
    let whole = std::fs::read(server.data().join("frontdesk.db")).unwrap();
    assert!(whole.windows(5).any(|part| part == b"hello"), "what was meant is there");
    let id = uuid::Uuid::parse_str(ID).unwrap();
    for (what, bytes) in [
        ("an id as text", ID.as_bytes().to_vec()),
        ("an id as bytes", id.as_bytes().to_vec()),
        ("a time as text", b"1999-01-01".to_vec()),
        ("a time as a number", MILLIS.to_be_bytes()[2..].to_vec()),
        ("a number", NUMBER.to_string().into_bytes()),
        ("a word", WORD.as_bytes().to_vec()),
    ] {
        let at = whole.windows(bytes.len()).position(|part| part == bytes);
        if let Some(at) = at {
            let around = &whole[at.saturating_sub(120)..(at + 60).min(whole.len())];
            panic!("{what} was stored: {}", String::from_utf8_lossy(around));
        }
    }
}
