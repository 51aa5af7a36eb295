//! A rehearsal in the dashboard: the same answers as the command's, behind every guest, and nothing of it is kept.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::header::{CONTENT_TYPE, COOKIE};
use serde_json::{Value, json};

use crate::support::server::{PATIENCE, program};
use crate::support::{Ai, Caller, Server, Stored};

const PATH: &str = "/api/knowledge/rehearsal";
const POOL: &str = "Is there a swimming pool?";
const BREAKFAST: &str = "When is breakfast served?";

async fn asked(server: &Server, question: &str) {
    let (_, mut page) = server.guest_page().await;
    page.say("q", question).await;
    page.find("an end", |frame| frame["type"] == "draft_end" || frame["mode"] == "human").await;
}

/// A rehearsal under way.
async fn begun(caller: &Caller, body: &Value) -> reqwest::Response {
    let request = caller.http.post(caller.url(PATH)).header(COOKIE, &caller.cookie);
    let answer =
        request.header(CONTENT_TYPE, "application/json").body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-ndjson");
    answer
}

/// What a rehearsal tells, line by line: who answers, and the answers.
async fn rehearsed(caller: &Caller, body: Value) -> (Value, Vec<Value>) {
    let text = begun(caller, &body).await.text().await.unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.pop().unwrap(), json!({"type": "ended", "how": "done"}));
    let begun = lines.remove(0);
    assert_eq!((&begun["type"], &begun["questions"]), (&json!("begun"), &json!(lines.len())), "{begun}");
    (begun["by"].clone(), lines)
}

fn each(lines: &[Value], part: &str) -> Vec<Value> {
    lines.iter().map(|line| line[part].clone()).collect()
}

/// The same by the command.
fn commanded(server: &Server, args: &[&str]) -> String {
    let mut command = program(&server.folder, &[]);
    let out = command.arg("rehearse").args(args).stderr(Stdio::piped()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[tokio::test]
async fn what_the_server_says_is_what_the_command_says() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut caller = server.agent("supervisor").await;
    let mut ids = Vec::new();
    for (title, body) in [(POOL, "Yes, on the roof."), (BREAKFAST, "From 7 to 10.")] {
        let (status, made) = caller.post("/api/knowledge", json!({"title": title, "body": body})).await;
        assert_eq!(status, 201, "{made}");
        ids.push(made["id"].clone());
    }
    for question in [POOL, BREAKFAST, "Thank you!", "qwyx zzkj vvbn"] {
        asked(&server, question).await;
    }
    // That a question has been answered is written down a moment after the answer.
    let give_up = Instant::now() + PATIENCE;
    let (by, same) = loop {
        let (by, same) = rehearsed(&caller, json!({"recorded": 100})).await;
        if same.len() == 4 || Instant::now() > give_up {
            break (by, same);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((by.as_str(), same.len()), (Some("embedded answerer"), 4), "{same:?}");
    assert!(same.iter().all(|line| line["change"] == "same"), "{same:?}");
    let command: Value = serde_json::from_str(&commanded(&server, &["--json"])).unwrap();
    assert_eq!(command["answers"], json!(each(&same, "after")));

    // One entry says something else, one is gone, one is new.
    let late = json!({"title": BREAKFAST, "body": "From noon to one."});
    let spa = json!({"title": "Is there a sauna?", "body": "Yes, in the cellar."});
    let changes = json!([{"id": ids[1], "entry": late}, {"id": ids[0]}, {"entry": spa}]);
    let own = ["Is there a sauna?"];
    let body = json!({"recorded": 99, "questions": own, "changes": changes});
    let (_, changed) = rehearsed(&caller, body).await;
    let kb = server.folder.path().join("kb.json");
    let entries = [
        json!({"question": late["title"], "answer": late["body"]}),
        json!({"question": spa["title"], "answer": spa["body"]}),
    ];
    fs::write(&kb, json!(entries).to_string()).unwrap();
    let command: Value =
        serde_json::from_str(&commanded(&server, &["--kb", kb.to_str().unwrap(), "--json"])).unwrap();
    assert_eq!(command["answers"], json!(each(&changed[..4], "after")));
    let table = commanded(&server, &["--kb", kb.to_str().unwrap()]);
    let count = |change: &str| changed[..4].iter().filter(|line| line["change"] == change).count();
    let counts = format!(
        "{} the same, {} in other words, {} changed",
        count("same"),
        count("words"),
        count("changed")
    );
    assert!(table.contains(&counts) && count("changed") == 1 && count("words") == 1, "{counts}: {table}");
    let sauna = &changed[4];
    assert_eq!(
        (&sauna["before"]["outcome"], &sauna["after"]["text"]),
        (&json!("handed_over"), &spa["body"]),
        "{sauna}"
    );

    // Compared with what would be said now, after the knowledge has changed for good.
    let path = format!("/api/knowledge/{}", ids[1].as_str().unwrap());
    assert_eq!(caller.put(&path, late).await.0, 200);
    let give_up = Instant::now() + Duration::from_secs(5);
    loop {
        let (_, now) = rehearsed(&caller, json!({"recorded": 100, "against": "now"})).await;
        if now.iter().all(|line| line["change"] == "same" && line["before"] == line["after"]) {
            assert!(now.iter().any(|line| line["before"]["text"] == "From noon to one."), "{now:?}");
            break;
        }
        assert!(Instant::now() < give_up, "{now:?}");
    }
    // Nothing of it was kept but that somebody did it.
    let (_, list) = caller.get("/api/knowledge").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
    let (_, log) = server.admin().await.get("/api/audit?limit=200").await;
    let log = log["items"].as_array().unwrap();
    let deed = log.iter().find(|deed| deed["detail"] == "5 questions, 3 changed entries").unwrap();
    assert_eq!((&deed["action"], &deed["actor"]["id"]), (&json!("rehearsed"), &json!(caller.id)));
}

#[tokio::test]
async fn who_may_and_how_much() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let one = json!({"questions": [POOL]});
    for role in ["guest", "viewer", "agent"] {
        let mut caller = if role == "guest" { server.guest().await } else { server.agent(role).await };
        caller.refused("POST", PATH, Some(one.clone()), (403, "forbidden")).await;
    }
    server.caller().refused("POST", PATH, Some(one.clone()), (401, "unauthorized")).await;
    let mut caller = server.agent("supervisor").await;
    let text = json!({"title": "a", "body": "b"});
    let many = vec![json!({"entry": text}); 51];
    for (body, refusal) in [
        (json!({}), (400, "bad_frame")),
        (json!({"recorded": 101}), (400, "bad_frame")),
        (json!({"recorded": 60, "questions": vec![POOL; 41]}), (400, "bad_frame")),
        (json!({"recorded": -1}), (400, "bad_frame")),
        (json!({"questions": [" "]}), (400, "bad_text")),
        (json!({"questions": ["x".repeat(4_097)]}), (400, "bad_text")),
        (json!({"questions": [POOL], "changes": [{}]}), (400, "bad_frame")),
        (json!({"questions": [POOL], "changes": many}), (400, "bad_frame")),
        (json!({"questions": [POOL], "changes": [{"entry": {"title": "", "body": "b"}}]}), (400, "bad_text")),
        (json!({"questions": [POOL], "changes": [{"id": uuid::Uuid::now_v7()}]}), (404, "not_found")),
        (json!({"questions": [POOL], "rules": "Rhyme."}), (400, "bad_frame")),
        (json!({"questions": [POOL], "model": "other"}), (400, "bad_frame")),
        (json!({"questions": [POOL], "rules": "x".repeat(20_001)}), (400, "bad_text")),
        (json!({"recorded": 10}), (409, "conflict")),
    ] {
        caller.refused("POST", PATH, Some(body), refusal).await;
    }
    let large = json!({"questions": [POOL], "rules": "x".repeat(300_000)});
    caller.refused("POST", PATH, Some(large), (413, "too_large")).await;
    // What was refused holds no place.
    assert_eq!(rehearsed(&caller, one).await.1.len(), 1);
}

/// Calls in the books, once they are written.
async fn booked(server: &Server, calls: usize) -> Vec<(String, i64)> {
    let mut database = Stored::of(server).await;
    let give_up = Instant::now() + Duration::from_secs(10);
    loop {
        let found = database.pairs("SELECT outcome, prompt_tokens FROM model_calls ORDER BY at").await;
        if found.len() >= calls {
            return found;
        }
        assert!(Instant::now() < give_up, "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_waits_gets_the_place_and_the_rehearsal_goes_on_after() {
    let ai = Ai::start("delta=1", &[("OPENAI_MAX_CONCURRENCY", "1")]).await;
    let caller = ai.server.agent("supervisor").await;
    // Each answer takes a second and a half.
    let slow = "fake:delta=150,text=one two three four five six seven eight nine ten";
    let body = json!({"questions": [POOL, BREAKFAST], "model": slow, "rules": "Count."});
    let mut lines = begun(&caller, &body).await.bytes_stream();
    let open = || {
        let entries = ai.model.journal().entries();
        let slow = |entry: &&frontdesk_bench::fake_openai::Entry| {
            entry.model == slow && entry.finished_at_ms.is_none() && entry.client_closed_at_ms.is_none()
        };
        entries.iter().filter(slow).count()
    };
    let give_up = Instant::now() + Duration::from_secs(10);
    while open() == 0 {
        assert!(Instant::now() < give_up, "the rehearsal never asked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked_at = ai.model.journal().now_ms();
    asked(&ai.server, BREAKFAST).await;
    let entries = ai.model.journal().entries();
    let guests = entries.iter().rfind(|entry| entry.model != slow).unwrap();
    assert!(guests.at_ms > asked_at && guests.status == 200, "the model answered the guest: {entries:?}");
    let cut =
        entries.iter().filter(|entry| entry.model == slow && entry.client_closed_at_ms.is_some()).count();
    assert_eq!(cut, 1, "the rehearsal's place was taken back: {entries:?}");
    let mut text = String::new();
    while let Some(bytes) = lines.next().await {
        text.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
    }
    let whole = "\"text\":\"one two three four five six seven eight nine ten\"";
    assert_eq!(text.matches(whole).count(), 2, "{text}");
    assert!(text.trim().ends_with("{\"type\":\"ended\",\"how\":\"done\"}"), "{text}");
    // Two before, two after and one that was cut, and the guest's own: all of it is in the books.
    let books = booked(&ai.server, 6).await;
    assert!(books.len() == 6 && books.iter().all(|(_, tokens)| *tokens > 0), "{books:?}");
    assert_eq!(books.iter().filter(|(outcome, _)| outcome == "cancelled").count(), 1, "{books:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_and_only_while_somebody_looks_on() {
    let ai = Ai::start("delta=1", &[]).await;
    let mut caller = ai.server.agent("supervisor").await;
    let hangs = json!({"questions": [POOL], "model": "fake:stall-headers", "against": "then"});
    let mut lines = begun(&caller, &hangs).await.bytes_stream();
    assert!(lines.next().await.unwrap().unwrap().starts_with(b"{\"type\":\"begun\""));
    let give_up = Instant::now() + Duration::from_secs(10);
    let stalled =
        || ai.model.journal().entries().into_iter().find(|entry| entry.model == "fake:stall-headers");
    while stalled().is_none() {
        assert!(Instant::now() < give_up, "the rehearsal never asked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let one = json!({"questions": [POOL]});
    let problem = caller.refused("POST", PATH, Some(one.clone()), (503, "overloaded")).await;
    assert!(problem["detail"].as_str().unwrap().contains("running already"), "{problem}");
    assert_eq!(caller.header("retry-after"), "10");
    // The one who looked on leaves.
    drop(lines);
    let left = Instant::now();
    while stalled().unwrap().client_closed_at_ms.is_none() {
        assert!(left.elapsed() < Duration::from_secs(5), "the call goes on though nobody looks on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while caller.post(PATH, one.clone()).await.0 != 200 {
        assert!(left.elapsed() < Duration::from_secs(5), "the place is not free");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_down_is_said_and_a_server_that_goes_does_not_wait() {
    let mut ai = Ai::start("delta=1", &[]).await;
    let caller = ai.server.agent("supervisor").await;
    let body = json!({"questions": [POOL], "model": "fake:status=500"});
    let (by, answers) = rehearsed(&caller, body).await;
    assert_eq!((by, answers[0]["after"]["outcome"].as_str()), (json!("fake:status=500"), Some("failed")));
    let hangs = json!({"questions": [POOL], "model": "fake:stall-headers"});
    let mut lines = begun(&caller, &hangs).await.bytes_stream();
    assert!(lines.next().await.unwrap().is_ok());
    let began = Instant::now();
    ai.server.stop().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    let mut text = String::new();
    while let Some(Ok(bytes)) = lines.next().await {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    assert!(text.trim().ends_with("{\"type\":\"ended\",\"how\":\"closing\"}"), "{text}");
}
