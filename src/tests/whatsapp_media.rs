//! Files that guests send over WhatsApp: fetched whole whatever their size, and where one is not, that is said.

use std::time::{Duration, Instant};

use ring::digest;
use serde_json::{Value, json};

use crate::support::Caller;
use crate::support::line::{GUEST, Line};
use crate::support::server::PATIENCE;
use crate::support::whatsapp::now;

/// A guest's document, by its id at WhatsApp.
async fn send(line: &Line, wamid: &str, media: &str, name: &str, sha256: &str) {
    let document = json!({"id": media, "filename": name, "mime_type": "application/pdf", "sha256": sha256});
    let message = json!({"from": GUEST, "id": wamid, "timestamp": now(), "type": "document",
                         "document": document});
    assert!(line.graph.deliver(json!({ "messages": [message] })).await);
}

/// The attachment of the message with this name.
async fn attached(line: &mut Line, name: &str) -> String {
    let named = |event: &Value| event["attachments"][0]["name"] == name;
    let events = line.until("the message is there", |events| events.iter().any(named)).await;
    let event = events.into_iter().find(named).unwrap();
    event["attachments"][0]["id"].as_str().unwrap().to_owned()
}

async fn get(who: &Caller, id: &str) -> (u16, String, Vec<u8>) {
    let request = who.http.get(who.url(&format!("/api/attachments/{id}"))).header("cookie", &who.cookie);
    let answer = request.send().await.unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    (answer.status().as_u16(), kind.unwrap_or_default(), answer.bytes().await.unwrap().to_vec())
}

/// Asks until it is no longer on its way.
async fn settled(who: &Caller, id: &str) -> (u16, String, Vec<u8>) {
    let give_up = Instant::now() + PATIENCE * 3;
    loop {
        let answer = get(who, id).await;
        if answer.0 != 503 {
            return answer;
        }
        assert!(Instant::now() < give_up, "still on its way");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Bytes that are nowhere alike, so that a part that is missing, or twice there, is found.
fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.extend((0_u64..).flat_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()).take(size - 9));
    bytes
}

/// A digest, as a webhook tells it.
fn hex(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_document_above_sixteen_mebibytes_comes_whole() {
    let mut line = Line::open(&[]).await;
    for (n, size) in [30, 16 * 1024 * 1024, 40 * 1024 * 1024 + 7].into_iter().enumerate() {
        let (name, bytes) = (format!("{size}.pdf"), pdf(size));
        let media = line.graph.give("application/pdf", bytes.clone());
        send(&line, &format!("wamid.{n}"), &media, &name, &hex(&bytes)).await;
        let id = attached(&mut line, &name).await;
        let (status, kind, got) = settled(&line.admin, &id).await;
        assert_eq!((status, kind.as_str(), got.len()), (200, "application/pdf", size));
        assert!(got == bytes, "each byte of {name}");
    }
}

#[tokio::test]
async fn what_does_not_come_is_said_once() {
    let mut line = Line::open(&[]).await;
    let large = line.graph.give("application/pdf", vec![0; 100 * 1024 * 1024 + 1]);
    let other = line.graph.give("application/pdf", pdf(30));
    for (name, media, sha256, why) in [
        ("large.pdf", large.as_str(), "", "larger than 100 MB"),
        ("gone.pdf", "80000", "", "no longer at WhatsApp"),
        ("other.pdf", other.as_str(), hex(b"another file").as_str(), "not the one that WhatsApp announced"),
    ] {
        send(&line, &format!("wamid.{name}"), media, name, sha256).await;
        let id = attached(&mut line, name).await;
        let about = |event: &&Value| {
            event["kind"] == "note" && event["text"].as_str().is_some_and(|text| text.contains(name))
        };
        let events = line.until("staff are told", |events| events.iter().any(|e| about(&e))).await;
        assert_eq!(settled(&line.admin, &id).await.0, 404);
        let notes: Vec<&Value> = events.iter().filter(about).collect();
        assert_eq!(notes.len(), 1);
        assert!(notes[0]["text"].as_str().unwrap().contains(why), "{}", notes[0]);
        assert_eq!(notes[0]["by"]["kind"], "system");
    }
}
