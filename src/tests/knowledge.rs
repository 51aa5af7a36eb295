//! What the AI answers from: who may read and write it, and that it is live at once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn written_read_and_removed() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut caller = server.agent("supervisor").await;
    let body = "**Yes**, <b>on the roof</b>.\n\n- 1\n- 2\n\t\r\n";
    let text =
        json!({"title":" Is there a pool? ","body":body,"locale":"en","tags":["Pool "," pool","spa"],"x":1});
    let (status, made) = caller.post("/api/knowledge", text).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        (&made["title"], &made["body"]),
        (&json!("Is there a pool?"), &json!(body)),
        "Markdown is kept"
    );
    assert_eq!((&made["locale"], &made["tags"]), (&json!("en"), &json!(["pool", "spa"])));
    let path = format!("/api/knowledge/{}", made["id"].as_str().unwrap());
    assert_eq!(caller.get(&path).await, (200, made.clone()));
    let (status, written) = caller.put(&path, json!({"title":"Pool","body":"No."})).await;
    assert_eq!((status, &written["id"], &written["tags"]), (200, &made["id"], &json!([])));
    assert_eq!((&written["locale"], &written["created_at"]), (&Value::Null, &made["created_at"]));
    assert_eq!(caller.get(&path).await.1, written);
    assert_eq!(caller.delete(&path).await, (204, Value::Null));
    for (method, body) in [("GET", None), ("PUT", Some(json!({"title":"a","body":"b"}))), ("DELETE", None)] {
        caller.refused(method, &path, body, (404, "not_found")).await;
    }
    caller.refused("GET", "/api/knowledge/not-an-id", None, (404, "not_found")).await;
    assert_eq!(caller.get("/api/knowledge").await.1, json!({"items": [], "next": null}));
}

#[tokio::test]
async fn who_may() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let text = json!({"title":"a","body":"b"});
    let (_, made) = server.admin().await.post("/api/knowledge", text.clone()).await;
    let path = format!("/api/knowledge/{}", made["id"].as_str().unwrap());
    for (role, reads, writes) in [
        ("guest", false, false),
        ("viewer", true, false),
        ("agent", true, false),
        ("supervisor", true, true),
        ("admin", true, true),
    ] {
        let mut caller = if role == "guest" { server.guest().await } else { server.agent(role).await };
        for path in ["/api/knowledge", path.as_str()] {
            assert_eq!(caller.get(path).await.0, if reads { 200 } else { 403 }, "{role}");
        }
        if writes {
            assert_eq!(caller.put(&path, text.clone()).await.0, 200, "{role}");
        } else {
            caller.refused("POST", "/api/knowledge", Some(text.clone()), (403, "forbidden")).await;
            caller.refused("PUT", &path, Some(text.clone()), (403, "forbidden")).await;
            caller.refused("DELETE", &path, None, (403, "forbidden")).await;
        }
    }
    server.caller().refused("GET", "/api/knowledge", None, (401, "unauthorized")).await;
}

#[tokio::test]
async fn what_an_entry_must_be() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    let tags: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
    for (bad, code) in [
        (json!({"title":"","body":"b"}), "bad_text"),
        (json!({"title":"a","body":" \n"}), "bad_text"),
        (json!({"title":"x".repeat(201),"body":"b"}), "bad_text"),
        (json!({"title":"a","body":"x".repeat(20_001)}), "bad_text"),
        (json!({"title":"a\u{0}","body":"b"}), "bad_text"),
        (json!({"title":"a","body":"b\u{7}"}), "bad_text"),
        (json!({"title":"a","body":"b","locale":"x".repeat(36)}), "bad_text"),
        (json!({"title":"a","body":"b","tags":tags}), "bad_text"),
        (json!({"title":"a","body":"b","tags":[""]}), "bad_text"),
        (json!({"title":"a","body":"b","tags":["x".repeat(33)]}), "bad_text"),
        (json!({"title":"a"}), "bad_frame"),
        (json!({"title":"a","body":7}), "bad_frame"),
        (json!({"title":"a","body":"b","tags":"pool"}), "bad_frame"),
    ] {
        admin.refused("POST", "/api/knowledge", Some(bad), (400, code)).await;
    }
    let longest = json!({"title":"ü".repeat(200),"body":"界".repeat(20_000),"tags":tags[..20]});
    assert_eq!(admin.post("/api/knowledge", longest).await.0, 201);
}

#[tokio::test]
async fn the_list_by_title_in_pages_and_searched() {
    let server = Server::start(&[]).await;
    let mut admin = server.admin().await;
    let (_, all) = admin.get("/api/knowledge?limit=200").await;
    let all = all["items"].as_array().unwrap().clone();
    assert!(all.len() >= 35, "the demo hotel: {}", all.len());
    let titles: Vec<String> = all.iter().map(|item| item["title"].as_str().unwrap().to_lowercase()).collect();
    assert!(titles.is_sorted(), "{titles:?}");
    let (mut found, mut query) = (Vec::new(), "?limit=7".to_owned());
    loop {
        let (_, page) = admin.get(&format!("/api/knowledge{query}")).await;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=7&cursor={next}");
    }
    assert_eq!(found, all);
    let (_, hits) = admin.get("/api/knowledge?q=BREAKFAST").await;
    let hits = hits["items"].as_array().unwrap();
    assert!(!hits.is_empty() && hits.len() < all.len());
    assert!(hits.iter().all(|hit| hit.to_string().to_lowercase().contains("breakfast")));
    for bad in ["?limit=0", "?limit=201", "?cursor=nonsense"] {
        admin.refused("GET", &format!("/api/knowledge{bad}"), None, (400, "bad_frame")).await;
    }
}

#[tokio::test]
async fn pages_learn_the_hosts_that_it_names() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    let spa =
        json!({"title":"Spa","body":"Book at https://spa.example/book, not at https://a@evil.example."});
    let (_, made) = admin.post("/api/knowledge", spa).await;
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        let session = server.caller().new_session(json!({})).await;
        let (_, preferences) = admin.get("/api/me/preferences").await;
        if session["hosts"] == json!(["spa.example"]) && preferences["hosts"] == session["hosts"] {
            break;
        }
        assert!(Instant::now() < deadline, "{session} {preferences}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    admin.delete(&format!("/api/knowledge/{}", made["id"].as_str().unwrap())).await;
    while server.caller().new_session(json!({})).await["hosts"] != json!([]) {
        assert!(Instant::now() < deadline, "a removed entry still names hosts");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A new guest's question, and what becomes of it: the AI's answer, or nothing but a person.
async fn asked(server: &Server) -> String {
    let (_, mut page) = server.guest_page().await;
    page.say("q", "Where is the observatory?").await;
    let end = |frame: &Value| frame["status"] == "waiting" || frame.get("citations").is_some();
    let frame = page.find("an end", |frame| frame["type"] == "event" && end(frame)).await;
    frame["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_change_is_in_the_ai_within_a_second() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    assert_eq!(asked(&server).await, "");
    let mut path = String::new();
    for (body, known) in
        [(Some("In the east tower."), "east tower"), (Some("On the roof."), "roof"), (None, "")]
    {
        match body {
            Some(body) if path.is_empty() => {
                let text = json!({"title": "Where is the observatory?", "body": body});
                let (_, made) = admin.post("/api/knowledge", text).await;
                path = format!("/api/knowledge/{}", made["id"].as_str().unwrap());
            }
            Some(body) => {
                let text = json!({"title": "Where is the observatory?", "body": body});
                assert_eq!(admin.put(&path, text).await.0, 200);
            }
            None => assert_eq!(admin.delete(&path).await.0, 204),
        }
        let began = Instant::now();
        loop {
            let at = began.elapsed();
            let answer = asked(&server).await;
            if answer.contains(known) && answer.is_empty() == known.is_empty() {
                break;
            }
            assert!(at < Duration::from_secs(1), "{known:?}: still {answer:?}");
        }
    }
}

#[tokio::test]
async fn what_an_entry_said_before_is_kept_with_who_and_when() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    let (_, made) = admin.post("/api/knowledge", json!({"title":"Pool","body":"Until 8."})).await;
    let path = format!("/api/knowledge/{}", made["id"].as_str().unwrap());
    let second = json!({"title":"Pool","body":"Until 9.","aliases":["can we swim?"]});
    assert_eq!(admin.put(&path, second).await.1["aliases"], json!(["can we swim?"]));
    // Restoring is writing: the aliases stay if nothing is said about them.
    assert_eq!(
        admin.put(&path, json!({"title":"Pool","body":"Until 8."})).await.1["aliases"],
        json!(["can we swim?"])
    );
    assert_eq!(admin.delete(&path).await.0, 204);
    let mut viewer = server.agent("viewer").await;
    let (status, kept) = viewer.get(&format!("{path}/versions")).await;
    assert_eq!(status, 200, "{kept}");
    let told: Vec<_> = kept["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["version"].clone(), v["body"].clone(), v["removed"].clone()))
        .collect();
    let row = |version: u32, body: &str, removed: bool| (json!(version), json!(body), json!(removed));
    assert_eq!(
        told,
        [
            row(4, "Until 8.", true),
            row(3, "Until 8.", false),
            row(2, "Until 9.", false),
            row(1, "Until 8.", false)
        ]
    );
    assert!(kept["items"][0]["by"]["name"].is_string() && kept["items"][0]["at"].is_string(), "{kept}");
    viewer
        .refused(
            "GET",
            &format!("/api/knowledge/{}/versions", uuid::Uuid::now_v7()),
            None,
            (404, "not_found"),
        )
        .await;
}

#[tokio::test]
async fn imported_from_elsewhere() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    for (format, text, done) in [
        ("markdown", "## Pool?\nUntil 8.\n## Bar?\nUntil 1.", json!({"added":2,"changed":0,"same":0})),
        (
            "csv",
            "question,answer\nPool?,Until 9.\nBar?,Until 1.\nSpa?,\"No, sorry.\"",
            json!({"added":1,"changed":1,"same":1}),
        ),
        ("page", "Are dogs welcome?\nYes, they are.", json!({"added":1,"changed":0,"same":0})),
    ] {
        let (status, seen) = admin.post("/api/knowledge/import", json!({"format":format,"text":text})).await;
        assert_eq!((status, seen), (200, done), "{format}");
    }
    let (_, list) = admin.get("/api/knowledge").await;
    let titles: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Are dogs welcome?", "Bar?", "Pool?", "Spa?"]);
    for (bad, code) in [
        (json!({"format":"markdown","text":"no heading"}), "bad_text"),
        (json!({"format":"csv","text":"a,\"b"}), "bad_text"),
        (json!({"format":"pdf","text":"x"}), "bad_frame"),
    ] {
        admin.refused("POST", "/api/knowledge/import", Some(bad), (400, code)).await;
    }
    let mut agent = server.agent("agent").await;
    let text = json!({"format":"markdown","text":"# a\nb"});
    agent.refused("POST", "/api/knowledge/import", Some(text), (403, "forbidden")).await;
}

#[tokio::test]
async fn an_answer_of_a_colleague_is_remembered() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.say("q", "Where is the observatory?").await;
    let asked = page.event("message").await;
    page.find("people", |frame| frame["type"] == "event" && frame["status"] == "waiting").await;
    let mut admin = server.admin().await;
    let messages = format!("/api/conversations/{}/messages", guest.conversation);
    let (status, stored) = admin.post(&messages, json!({"id":"a1","text":"In the east tower."})).await;
    assert!(status < 300, "{stored}");
    let answer = page.find("the answer", |frame| frame["text"] == "In the east tower.").await;
    let what = json!({"conversation":guest.conversation,"question":asked["seq"],"answer":answer["seq"]});
    let (status, made) = admin.post("/api/knowledge/remember", what.clone()).await;
    assert_eq!((status, &made["title"]), (201, &json!("Where is the observatory?")), "{made}");
    assert_eq!(made["body"], "In the east tower.");
    let live = Instant::now() + Duration::from_secs(1);
    while !self::asked(&server).await.contains("east tower") {
        assert!(Instant::now() < live, "not live within a second");
    }
    let (_, again) = admin.post("/api/knowledge/remember", what.clone()).await;
    assert_eq!((&again["id"], &again["aliases"]), (&made["id"], &json!([])), "a second click makes nothing");
    page.say("q2", "How do we find the observatory?").await;
    let other =
        page.find("another wording", |frame| frame["text"] == "How do we find the observatory?").await;
    let alias = json!({"conversation":guest.conversation,"question":other["seq"],"entry":made["id"]});
    let (_, known) = admin.post("/api/knowledge/remember", alias).await;
    assert_eq!(known["aliases"], json!(["How do we find the observatory?"]));
    let same = json!({"conversation":guest.conversation,"question":other["seq"],"answer":answer["seq"]});
    let (_, known) = admin.post("/api/knowledge/remember", same).await;
    assert_eq!((&known["id"], known["aliases"].as_array().map(Vec::len)), (&made["id"], Some(1)));
    for bad in [
        json!({"conversation":uuid::Uuid::now_v7(),"question":1,"answer":2}),
        json!({"conversation":guest.conversation,"question":answer["seq"],"answer":asked["seq"]}),
        json!({"conversation":guest.conversation,"question":999,"answer":answer["seq"]}),
    ] {
        admin.refused("POST", "/api/knowledge/remember", Some(bad), (404, "not_found")).await;
    }
    let mut agent = server.agent("agent").await;
    agent.refused("POST", "/api/knowledge/remember", Some(what), (403, "forbidden")).await;
}
