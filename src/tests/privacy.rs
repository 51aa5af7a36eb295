//! One guest's data: handed out whole, and gone without a trace.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::receiver::Receiver;
use crate::support::server::{PATIENCE, program};
use crate::support::stored::holds;
use crate::support::{Caller, Server};

/// In the guest's every word.
const CANARY: &str = "kanarienvogel-5c1d";
/// In the words of another guest, which stay.
const OTHER: &str = "nachtigall-9e2a";

/// Every file below a folder that holds these bytes, in UTF-8 or UTF-16.
fn grep(folder: &Path, word: &str) -> Vec<String> {
    let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(grep(&path, word));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
        if holds(word.as_bytes()) || holds(&wide) {
            found.push(path.display().to_string());
        }
    }
    found
}

async fn upload(guest: &Caller, name: &str, text: &str) -> String {
    let form = reqwest::multipart::Form::new()
        .part("file", reqwest::multipart::Part::bytes(text.as_bytes().to_vec()).file_name(name.to_owned()));
    let request = guest.http.post(guest.url("/api/attachments")).bearer_auth(&guest.token).multipart(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    body["id"].as_str().unwrap().to_owned()
}

/// A guest who leaves the word wherever a guest can.
async fn tell(server: &Server, word: &str) -> (Caller, String, crate::support::Client) {
    let mut guest = server.caller();
    let session = guest
        .new_session(
            json!({"name": word, "email": format!("{word}@mail.example"), "phone": word, "room": word}),
        )
        .await;
    let id = session["guest"]["id"].as_str().unwrap().to_owned();
    let (mut page, _) = server.page(&guest, None).await;
    let file = upload(&guest, &format!("{word}.txt"), &format!("a letter from {word}")).await;
    page.done(json!({"type":"send","id":"g1","text":format!("I am {word}"),"attachments":[file]})).await;
    let (mut admin, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    desk.open(&c, None).await;
    for (n, frame) in [
        json!({"type":"send","text":format!("Welcome, {word}!")}),
        json!({"type":"send","text":format!("{word} is a regular"),"note":true}),
        json!({"type":"act","action":"tag","add":[word],"remove":[]}),
        json!({"type":"act","action":"profile","guest":{"name":format!("Mx {word}")}}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut frame = frame;
        frame["id"] = json!(format!("a{n}"));
        frame["conversation"] = json!(c);
        desk.done(frame).await;
    }
    page.done(json!({"type":"act","id":"g2","action":"rate","stars":5,"comment":format!("{word} liked it")}))
        .await;
    // Written anew many times, so that old forms of the row lie about.
    for n in 0..20 {
        page.done(
            json!({"type":"send","id":format!("m{n}"),"text":format!("{word} {}", "x".repeat(n * 100))}),
        )
        .await;
    }
    assert_eq!(admin.get("/api/conversations?view=all").await.0, 200);
    (guest, id, page)
}

async fn erase(admin: &mut Caller, guest: &str) -> Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let (status, erased) = admin.delete(&format!("/api/guests/{guest}")).await;
        assert!(status == 200 || status == 202, "{status} {erased}");
        if status == 200 {
            return erased;
        }
        assert!(Instant::now() < give_up, "not erased in time");
    }
}

async fn export(admin: &Caller, guest: &str) -> (Value, Vec<(String, Vec<u8>)>) {
    let request = admin.http.get(admin.url(&format!("/api/guests/{guest}/export")));
    let answer = request.header("cookie", &admin.cookie).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    unpack(&answer.bytes().await.unwrap())
}

/// What is in an archive: the data, and the files by their names.
fn unpack(bytes: &[u8]) -> (Value, Vec<(String, Vec<u8>)>) {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let mut files = Vec::new();
    let mut data = Value::Null;
    for n in 0..zip.len() {
        let mut entry = zip.by_index(n).unwrap();
        let (name, mut bytes) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        if name == "guest.json" {
            data = serde_json::from_slice(&bytes).unwrap();
        } else {
            files.push((name, bytes));
        }
    }
    (data, files)
}

#[tokio::test]
async fn all_of_it_is_handed_out() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, id, _page) = tell(&server, CANARY).await;
    tell(&server, OTHER).await;
    let mut admin = server.admin().await;
    let (data, files) = export(&admin, &id).await;
    assert_eq!((&data["guest"], &data["form"]), (&json!(id), &json!(1)));
    let events = data["conversations"][0]["events"].as_array().unwrap();
    assert_eq!(events, &admin.history(&guest.conversation).await, "every event, as agents see it");
    assert_eq!(data["tables"]["guests"][0]["profile"]["email"], format!("{CANARY}@mail.example"));
    assert!(data["tables"]["guests"][0]["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(files.len(), 1);
    assert!(files[0].0.ends_with(&format!("{CANARY}.txt")), "{}", files[0].0);
    assert_eq!(files[0].1, format!("a letter from {CANARY}").as_bytes());
    assert!(!data.to_string().contains(OTHER), "nobody else's");

    // The same by the command line, while the server runs.
    let to = server.folder.path().join("out.zip");
    let run = |args: &[&str]| program(&server.folder, &[]).args(args).output().unwrap();
    let done = run(&["guest", "export", &id, "--to", to.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let (by_hand, files) = unpack(&fs::read(&to).unwrap());
    assert_eq!(by_hand["conversations"], data["conversations"]);
    assert_eq!(files.len(), 1);
    let nobody = uuid::Uuid::now_v7().to_string();
    assert!(!run(&["guest", "export", &nobody]).status.success());

    let mut supervisor = server.agent("supervisor").await;
    supervisor.refused("GET", &format!("/api/guests/{id}/export"), None, (403, "forbidden")).await;
    supervisor.refused("DELETE", &format!("/api/guests/{id}"), None, (403, "forbidden")).await;
    admin.refused("GET", &format!("/api/guests/{nobody}/export"), None, (404, "not_found")).await;
    admin.refused("DELETE", &format!("/api/guests/{nobody}"), None, (404, "not_found")).await;
}

#[tokio::test]
async fn nothing_of_it_is_left_anywhere() {
    let settings = [("FRONTDESK_DEMO", "off"), ("FRONTDESK_WEBHOOK_NETWORKS", "127.0.0.0/8")];
    let mut server = Server::start(&settings).await;
    let mut admin = server.admin().await;
    // A webhook that nobody answers: what is due to it is still to be sent.
    let hook = json!({"url": "http://127.0.0.1:9/", "events": ["message", "note", "profile"]});
    let (status, hook) = admin.post("/api/webhooks", hook).await;
    assert_eq!(status, 201);
    let (mut guest, id, mut page) = tell(&server, CANARY).await;
    let (_, _, _other) = tell(&server, OTHER).await;
    let (mut admin, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    desk.open(&c, None).await;
    let before = admin.history(&c).await;
    assert!(!grep(&server.data(), CANARY).is_empty(), "it is there before");

    let erased = erase(&mut admin, &id).await;
    assert_eq!(erased["copies"]["backups"], 0, "{erased}");
    let seen = desk.event("erased").await;
    assert_eq!((&seen["through"], &seen["by"]["kind"]), (&json!(before.len()), &json!("agent")));
    assert_eq!(page.end().await, 4401, "the guest is let go");
    assert_eq!(guest.get(&format!("/api/conversations/{c}/events")).await.0, 401);

    let after = admin.history(&c).await;
    assert_eq!(after.len(), before.len() + 1, "the history has no hole");
    for (n, (now, was)) in after.iter().zip(&before).enumerate() {
        assert_eq!(now["seq"], n + 1);
        for field in ["prev", "at", "kind", "conversation", "id"] {
            assert_eq!(now[field], was[field], "{field}");
        }
        assert_eq!(now["by"]["kind"], was["by"]["kind"]);
    }
    let summary = admin.get(&format!("/api/conversations/{c}")).await.1;
    assert_eq!((&summary["status"], &summary["last_message"]), (&json!("closed"), &Value::Null));
    assert_eq!(summary["guest"], json!({"id": id}));
    let opened = desk.open(&c, None).await;
    assert!(!opened.to_string().contains(CANARY), "{opened}");
    assert_eq!(desk.refused(json!({"type":"send","id":"a9","conversation":c,"text":"?"})).await, "forbidden");

    assert_eq!(grep(&server.data(), CANARY), Vec::<String>::new(), "while the server runs");
    server.crash().await;
    assert_eq!(grep(&server.data(), CANARY), Vec::<String>::new(), "after it died");
    let mut admin = server.admin().await;
    assert_eq!(admin.history(&c).await, after, "the same after a new start");
    assert!(!grep(&server.data(), OTHER).is_empty(), "everybody else is there");

    // What was still to be sent is sent without words.
    let receiver = Receiver::start().await;
    let path = format!("/api/webhooks/{}", hook["id"].as_str().unwrap());
    assert_eq!(admin.patch(&path, json!({"url": receiver.url})).await.0, 200);
    receiver.until("what was due", |receiver| !receiver.got().is_empty()).await;
    for got in receiver.got() {
        assert!(!String::from_utf8_lossy(&got.raw).contains(CANARY));
    }
    let (data, files) = export(&admin, &id).await;
    assert!(!data.to_string().contains(CANARY) && files.is_empty(), "{data}");
    server.stop().await;
    assert_eq!(grep(&server.data(), CANARY), Vec::<String>::new(), "after it stopped");
    let backup = program(&server.folder, &[]).arg("backup").output().unwrap();
    assert!(backup.status.success(), "what is left is a whole database: {backup:?}");
}

#[tokio::test]
async fn asked_for_and_killed_it_is_done_by_the_next_start() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, id, _page) = tell(&server, CANARY).await;
    let mut admin = server.admin().await;
    let c = guest.conversation.clone();
    // By the command line, of a server that does not run.
    server.stop().await;
    let done = program(&server.folder, &[]).args(["guest", "erase", &id]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    server.restart().await;
    let give_up = Instant::now() + PATIENCE;
    while !grep(&server.data(), CANARY).is_empty() {
        assert!(Instant::now() < give_up, "not erased in time: {:?}", grep(&server.data(), CANARY));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    admin.address.clone_from(&server.address);
    let events = admin.history(&c).await;
    assert_eq!(events.last().unwrap()["kind"], "erased");
    assert_eq!(events.last().unwrap()["by"]["kind"], "system");
}

#[tokio::test]
async fn a_restored_backup_does_not_bring_anybody_back() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (_, id, _page) = tell(&server, CANARY).await;
    let (other, _, _page) = tell(&server, OTHER).await;
    let run = |server: &Server, args: &[&str]| program(&server.folder, &[]).args(args).output().unwrap();
    let backup = run(&server, &["backup", "--to", server.folder.path().join("backups").to_str().unwrap()]);
    let said = String::from_utf8(backup.stdout).unwrap();
    let backup = said.split_whitespace().nth(1).unwrap().to_owned();
    erase(&mut server.admin().await, &id).await;
    server.stop().await;
    assert!(run(&server, &["restore", &backup]).status.success());
    server.restart().await;
    let give_up = Instant::now() + PATIENCE;
    while holds(&server, CANARY.as_bytes()) {
        assert!(Instant::now() < give_up, "not erased again in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut admin = server.admin().await;
    assert!(admin.history(&other.conversation).await.len() > 20, "everybody else is there");
}

#[tokio::test]
async fn what_guests_are_told_and_agree_to() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    let none = json!({"conversation_days":null,"attachment_days":null,"notice":{},"consent":{}});
    assert_eq!(admin.get("/api/privacy").await, (200, none.clone()));
    let settings = json!({"conversation_days":30,"attachment_days":7,"notice":{"en":"We keep it.","de":"Wir bewahren es auf."},
                          "consent":{"en":"Do you agree?"}});
    assert_eq!(admin.put("/api/privacy", settings.clone()).await, (200, settings.clone()));
    assert_eq!(admin.get("/api/privacy").await.1, settings);
    let mut guest = server.caller();
    let session = guest.new_session(json!({"locale":"de-AT"})).await;
    assert_eq!(
        (&session["notice"], &session["consent"]),
        (&json!("Wir bewahren es auf."), &json!("Do you agree?"))
    );
    let (status, session) = guest.post("/api/guest/session", json!({"consent":true})).await;
    assert_eq!((status, &session["consent"]), (200, &Value::Null));
    let id = session["guest"]["id"].as_str().unwrap().to_owned();
    let (data, _) = export(&admin, &id).await;
    assert!(data["tables"]["guests"][0]["consented_at"].is_string(), "{data}");
    for bad in [
        json!({}),
        json!({"conversation_days": 3}),
        json!({"attachment_days": null, "notice": {}}),
        json!({"conversation_days":0}),
        json!({"attachment_days":40_000}),
        json!({"notice":{"":"x"}}),
        json!({"notice":{"en":"x".repeat(8_001)}}),
        json!({"consent":{"en":"a\u{0}b"}}),
    ] {
        let (status, _) = admin.put("/api/privacy", bad.clone()).await;
        assert_eq!(status, 400, "{bad}");
    }
    let mut supervisor = server.agent("supervisor").await;
    supervisor.refused("GET", "/api/privacy", None, (403, "forbidden")).await;
    supervisor.refused("PUT", "/api/privacy", Some(none), (403, "forbidden")).await;
}
