//! Texts are kept as they were sent.

use serde_json::{Value, json};

use crate::support::Server;

const EXACT: &[&str] = &[
    "  leading and trailing  \n",
    "line\r\nbreak\ttab\n\n",
    "<script>alert(1)</script> & \"quotes\" \\ /",
    "'; DROP TABLE events; --",
    "مرحبا بالعالم \u{202b}rtl\u{202c}",
    "नमस्ते, 你好, こんにちは, สวัสดี, Здравствуйте",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 e\u{301} é",
    "\u{feff}bom \u{85} \u{2028} \u{7f} \u{80} \u{10ffff} \u{e000}",
    "{{template}} %s ${x} {\"json\":true}",
];

#[tokio::test]
async fn kept_exactly_in_any_script() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (mut guest, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    desk.open(&c, None).await;
    desk.act(&c, "t", "take_over").await;
    for (n, text) in EXACT.iter().enumerate() {
        page.say(&format!("g{n}"), text).await;
        for reader in [&mut page, &mut desk] {
            let event =
                reader.find("it", |frame| frame["seq"].is_u64() && frame["id"] == format!("g{n}")).await;
            assert_eq!(event["text"], json!(text));
        }
        let note = json!({"type":"send","id":format!("n{n}"),"conversation":c,"text":text,"note":true});
        desk.done(note).await;
        let path = format!("/api/conversations/{c}/messages");
        let (status, _) = guest.post(&path, json!({"id": format!("h{n}"), "text": text})).await;
        assert_eq!(status, 201);
    }
    server.crash().await;
    let history = server.admin().await.history(&c).await;
    for (n, text) in EXACT.iter().enumerate() {
        for id in [format!("g{n}"), format!("n{n}"), format!("h{n}")] {
            let event = history.iter().find(|event| event["id"] == json!(id)).unwrap();
            assert_eq!(event["text"], json!(text), "{id}");
        }
    }
}

#[tokio::test]
async fn four_thousand_and_ninety_six_characters() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (mut guest, mut page) = server.guest_page().await;
    let path = format!("/api/conversations/{}/messages", guest.conversation);
    for (n, character) in ["a", "ß", "界", "🏨", "\u{301}"].into_iter().enumerate() {
        let longest = character.repeat(4096);
        let seq = page.done(json!({"type":"send","id":format!("l{n}"),"text":longest})).await;
        let events = guest.history(&guest.conversation.clone()).await;
        let event = events.iter().find(|event| event["seq"] == seq).unwrap();
        assert_eq!(event["text"], json!(longest), "{character}");
        // What is trimmed away does not count, but is kept.
        let padded = format!("  {longest}\n");
        page.done(json!({"type":"send","id":format!("p{n}"),"text":padded})).await;
        let longer = format!("{longest}{character}");
        let refused = json!({"type":"send","id":format!("o{n}"),"text":longer});
        assert_eq!(page.refused(refused).await, "bad_text", "{character}");
        let refused = Some(json!({"id": "x", "text": longer}));
        guest.refused("POST", &path, refused, (400, "bad_text")).await;
    }
}

#[tokio::test]
async fn nothing_and_control_characters_are_refused() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (mut guest, mut page) = server.guest_page().await;
    let (mut admin, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    desk.open(&c, None).await;
    let path = format!("/api/conversations/{c}/messages");
    let mut bad: Vec<String> = ["", " ", "\n\t\r\n", "\u{a0}\u{2003}"].map(str::to_owned).to_vec();
    let controls = (0..0x20_u8).filter(|byte| !matches!(byte, b'\t' | b'\n' | b'\r'));
    bad.extend(controls.map(|byte| format!("a{}b", char::from(byte))));
    assert_eq!(bad.len(), 4 + 29);
    for text in bad {
        let error = page.ask(json!({"type":"send","id":"x","text":text})).await;
        assert_eq!((&error["code"], &error["id"]), (&json!("bad_text"), &json!("x")), "{text:?}");
        let note = json!({"type":"send","id":"x","conversation":c,"text":text,"note":true});
        assert_eq!(desk.refused(note).await, "bad_text", "{text:?}");
        guest.refused("POST", &path, Some(json!({"id":"x","text":text})), (400, "bad_text")).await;
        admin.refused("POST", &path, Some(json!({"id":"x","text":text})), (400, "bad_text")).await;
    }
    assert_eq!(admin.history(&c).await, Vec::<Value>::new(), "nothing was stored");
    page.done(json!({"type":"send","id":"x","text":"the id is still free"})).await;
}
