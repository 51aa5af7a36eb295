//! The collection of WhatsApp's bodies and signatures, posted to a server.

use serde_json::Value;

use crate::support::whatsapp::{SECRET, collection, messages, said, sign, start, texts};

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
