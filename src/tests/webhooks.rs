//! Outgoing webhooks, against receivers that fail, stall and lead astray.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::receiver::{Manner, Receiver, digest};
use crate::support::server::{PATIENCE, Server};
use crate::support::stored::holds;
use crate::support::{Caller, Client};

const LOCAL: &[(&str, &str)] = &[("FRONTDESK_DEMO", "off"), ("FRONTDESK_WEBHOOK_NETWORKS", "127.0.0.0/8")];

async fn add(admin: &mut Caller, url: &str, events: Value) -> Value {
    let (status, webhook) = admin.post("/api/webhooks", json!({"url": url, "events": events})).await;
    assert_eq!(status, 201, "{webhook}");
    webhook
}

async fn say(page: &mut Client, texts: &[&str]) {
    for text in texts {
        page.done(json!({"type":"send","id":format!("m-{text}"),"text":text})).await;
    }
}

/// The texts of the guest's messages among what was taken.
fn texts(receiver: &Receiver) -> Vec<String> {
    let taken = receiver.taken();
    let guests = taken.iter().filter(|got| got.body["event"]["by"]["kind"] == "guest");
    guests.map(|got| got.body["event"]["text"].as_str().unwrap().to_owned()).collect()
}

async fn deliveries(admin: &mut Caller, webhook: &Value, query: &str) -> Vec<Value> {
    let path = format!("/api/webhooks/{}/deliveries?{query}", webhook["id"].as_str().unwrap());
    let (status, page) = admin.get(&path).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// Waits until a delivery of the webhook's log fits.
async fn delivery(admin: &mut Caller, webhook: &Value, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let give_up = std::time::Instant::now() + PATIENCE;
    loop {
        let all = deliveries(admin, webhook, "").await;
        if let Some(found) = all.iter().find(|one| fits(one)) {
            return found.clone();
        }
        assert!(std::time::Instant::now() < give_up, "not in time: {what}; {all:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_happens_is_sent_signed_and_in_order() {
    let server = Server::start(LOCAL).await;
    let receiver = Receiver::start().await;
    let mut admin = server.admin().await;
    let (_guest, mut page) = server.guest_page().await;
    say(&mut page, &["before"]).await;
    let webhook = add(&mut admin, &receiver.url, json!(["message", "message"])).await;
    assert_eq!(webhook["events"], json!(["message"]));
    let secret = webhook["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("fdwh_") && secret.len() == 48, "{secret}");
    let all: Vec<String> = (0..20).map(|n| format!("text {n}").replace(' ', "-")).collect();
    say(&mut page, &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    receiver.until("twenty messages", |receiver| texts(receiver).len() == 20).await;
    assert_eq!(texts(&receiver), all, "in order, and nothing of before");
    for got in receiver.got() {
        let (at, sent) = got.signature.split_once(",v1=").unwrap();
        let at = at.strip_prefix("t=").unwrap();
        assert_eq!(sent, digest(&secret, at, &got.raw));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(at.parse().unwrap()) < 60);
        assert_eq!((got.kind.as_str(), &got.body["type"]), ("message", &json!("message")));
        assert_eq!(got.body["delivery"], got.delivery.as_str());
        assert_eq!((&got.body["webhook"], &got.body["event"]["kind"]), (&webhook["id"], &json!("message")));
    }
    let listed = admin.get("/api/webhooks").await.1;
    assert!(listed["items"][0].get("secret").is_none(), "{listed}");
}

#[tokio::test]
async fn what_is_not_taken_comes_again_with_the_same_id_and_in_order() {
    let server = Server::start(LOCAL).await;
    let receiver = Receiver::start().await;
    let mut admin = server.admin().await;
    let webhook = add(&mut admin, &receiver.url, json!(["message"])).await;
    receiver.next(&[Manner::Status(500), Manner::Redirect]);
    let (_guest, mut page) = server.guest_page().await;
    say(&mut page, &["one", "two", "three"]).await;
    receiver.until("all three", |receiver| texts(receiver).len() == 3).await;
    assert_eq!(texts(&receiver), ["one", "two", "three"]);
    let got = receiver.got();
    assert!(got.iter().all(|got| got.path == "/hook"), "a redirect is not followed");
    assert_eq!(got[0].delivery, got[1].delivery);
    assert_eq!(got[1].delivery, got[2].delivery);
    let first = delivery(&mut admin, &webhook, "the first", |one| {
        one["id"] == got[0].delivery.as_str() && one["step"] == "delivered"
    })
    .await;
    assert_eq!((&first["tries"], &first["status"]), (&json!(3), &json!(200)));
    assert_eq!(deliveries(&mut admin, &webhook, "step=failed").await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_that_stalls_holds_up_no_other() {
    let server = Server::start(LOCAL).await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.always(Some(Manner::Slow(Duration::from_secs(60))));
    let mut admin = server.admin().await;
    let stalled = add(&mut admin, &slow.url, json!(["message"])).await;
    add(&mut admin, &quick.url, json!(["message"])).await;
    let (_guest, mut page) = server.guest_page().await;
    say(&mut page, &["one", "two"]).await;
    quick.until("both", |quick| texts(quick).len() == 2).await;
    let given_up = delivery(&mut admin, &stalled, "a time-out", |one| one["tries"] == 1).await;
    assert_eq!((&given_up["step"], &given_up["status"]), (&json!("waiting"), &Value::Null));
    assert_eq!(given_up["error"], "no answer in time");
    assert_eq!(slow.got().iter().filter(|got| got.body["event"]["text"] == "two").count(), 0, "in order");
}

#[tokio::test]
async fn nothing_is_lost_when_the_server_dies() {
    let mut server = Server::start(LOCAL).await;
    let receiver = Receiver::start().await;
    receiver.always(Some(Manner::Status(503)));
    let mut admin = server.admin().await;
    add(&mut admin, &receiver.url, json!(["message"])).await;
    let mut all = Vec::new();
    for round in 0..3 {
        let (_guest, mut page) = server.guest_page().await;
        for n in 0..10 {
            let text = format!("{round}-{n}");
            say(&mut page, &[&text]).await;
            all.push(text);
        }
        // Killed at once: what was acknowledged may not even have been read off the log.
        server.crash().await;
    }
    receiver.always(None);
    receiver.until("all of it", |receiver| texts(receiver).len() == all.len()).await;
    let taken = texts(&receiver);
    for round in 0..3 {
        let of = |all: &[String]| -> Vec<String> {
            all.iter().filter(|text| text.starts_with(&format!("{round}-"))).cloned().collect()
        };
        assert_eq!(of(&taken), of(&all), "each conversation in order");
    }
}

#[tokio::test]
async fn no_request_goes_inside_unless_the_settings_say_so() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let receiver = Receiver::start().await;
    let mut admin = server.admin().await;
    let port = receiver.url.rsplit(':').next().unwrap().split('/').next().unwrap();
    for url in [
        receiver.url.clone(),
        format!("https://127.0.0.1:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "https://user:password@hotel.example/".to_owned(),
        "ftp://hotel.example/".to_owned(),
        "not an address".to_owned(),
    ] {
        let body = json!({"url": url, "events": ["message"]});
        let refusal = admin.refused("POST", "/api/webhooks", Some(body), (400, "bad_frame")).await;
        assert!(refusal["detail"].as_str().unwrap().starts_with("url must"), "{refusal}");
    }
    // A name says nothing of where it leads until it is asked for.
    let webhook = add(&mut admin, &format!("https://localhost:{port}/"), json!(["message"])).await;
    let (_guest, mut page) = server.guest_page().await;
    say(&mut page, &["hello"]).await;
    let refused = delivery(&mut admin, &webhook, "a refusal", |one| one["tries"].as_u64() > Some(0)).await;
    assert!(refused["error"].as_str().unwrap().contains("not on the public internet"), "{refused}");
    assert_eq!(receiver.got().len(), 0);
}

#[tokio::test]
async fn sent_again_on_demand_and_pinged() {
    let server = Server::start(LOCAL).await;
    let receiver = Receiver::start().await;
    let mut admin = server.admin().await;
    let webhook = add(&mut admin, &receiver.url, json!(["status", "message"])).await;
    let path = format!("/api/webhooks/{}", webhook["id"].as_str().unwrap());
    let (status, asked) = admin.post(&format!("{path}/ping"), json!({})).await;
    assert_eq!(status, 202, "{asked}");
    receiver.until("a ping", |receiver| receiver.got().iter().any(|got| got.kind == "ping")).await;
    assert_eq!(receiver.got()[0].body["delivery"], asked["delivery"]);
    assert!(receiver.got()[0].body.get("event").is_none());

    let (_guest, mut page) = server.guest_page().await;
    say(&mut page, &["hello"]).await;
    receiver.until("the message", |receiver| texts(receiver).len() == 1).await;
    let first =
        delivery(&mut admin, &webhook, "it", |one| one["kind"] == "message" && one["step"] == "delivered");
    let first = first.await;
    let id = first["id"].as_str().unwrap();
    let again = admin.post(&format!("{path}/deliveries/{id}/redeliver"), json!({})).await;
    assert_eq!(again.0, 202, "{}", again.1);
    let times = |receiver: &Receiver| receiver.got().iter().filter(|got| got.delivery == id).count();
    receiver.until("it again", |receiver| times(receiver) == 2).await;

    for bad in
        [format!("{path}/deliveries/{}/redeliver", uuid::Uuid::now_v7()), "/api/webhooks/x/ping".into()]
    {
        admin.refused("POST", &bad, Some(json!({})), (404, "not_found")).await;
    }
    // Gone for good: the receiver says so, and is left alone.
    receiver.next(&[Manner::Status(410)]);
    assert_eq!(admin.post(&format!("{path}/ping"), json!({})).await.0, 202);
    delivery(&mut admin, &webhook, "gone", |one| one["status"] == 410 && one["step"] == "failed").await;
    let listed = admin.get("/api/webhooks").await.1;
    assert_eq!(listed["items"][0]["enabled"], false, "{listed}");
    assert!(listed["items"][0]["fault"].as_str().unwrap().contains("410"));
    admin.refused("POST", &format!("{path}/ping"), Some(json!({})), (409, "conflict")).await;
}

#[tokio::test]
async fn a_secret_is_changed_without_a_gap() {
    let mut server = Server::start(LOCAL).await;
    let receiver = Receiver::start().await;
    let mut admin = server.admin().await;
    let webhook = add(&mut admin, &receiver.url, json!(["message"])).await;
    let path = format!("/api/webhooks/{}", webhook["id"].as_str().unwrap());
    let (status, changed) = admin.post(&format!("{path}/secret"), json!({})).await;
    assert_eq!(status, 200, "{changed}");
    assert_ne!(changed["secret"], webhook["secret"]);
    assert!(changed["old_secret_until"].is_string());
    assert_eq!(admin.post(&format!("{path}/ping"), json!({})).await.0, 202);
    receiver.until("a ping", |receiver| receiver.got().len() == 1).await;
    let got = receiver.got().remove(0);
    let fields: Vec<&str> = got.signature.split(',').collect();
    let at = fields[0].strip_prefix("t=").unwrap();
    for (field, webhook) in [(fields[1], &changed), (fields[2], &webhook)] {
        let secret = webhook["secret"].as_str().unwrap();
        assert_eq!(field.strip_prefix("v1=").unwrap(), digest(secret, at, &got.raw));
    }
    // The secrets lie sealed, and open again after the key was changed.
    server.stop().await;
    for webhook in [&webhook, &changed] {
        let secret = webhook["secret"].as_str().unwrap().as_bytes();
        assert!(!holds(&server, secret));
    }
    let rotated = crate::support::server::program(&server.folder, &[]).arg("rotate-key").output().unwrap();
    assert!(String::from_utf8_lossy(&rotated.stdout).starts_with("2 secrets"), "{rotated:?}");
    server.restart().await;
    let mut admin = server.admin().await;
    assert_eq!(admin.post(&format!("{path}/ping"), json!({})).await.0, 202);
    receiver.until("another ping", |receiver| receiver.got().len() == 2).await;
    let got = receiver.got().remove(1);
    let at = got.signature.split_once(',').unwrap().0.strip_prefix("t=").unwrap();
    assert!(got.signature.contains(&digest(changed["secret"].as_str().unwrap(), at, &got.raw)));
}

#[tokio::test]
async fn admins_only_and_within_bounds() {
    let server = Server::start(LOCAL).await;
    let receiver = Receiver::start().await;
    let mut admin = server.admin().await;
    let webhook = add(&mut admin, &receiver.url, json!(["message"])).await;
    let path = format!("/api/webhooks/{}", webhook["id"].as_str().unwrap());
    let mut supervisor = server.agent("supervisor").await;
    for (method, path) in [
        ("GET", "/api/webhooks".to_owned()),
        ("POST", "/api/webhooks".to_owned()),
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/secret")),
        ("POST", format!("{path}/ping")),
        ("GET", format!("{path}/deliveries")),
    ] {
        supervisor.refused(method, &path, Some(json!({})), (403, "forbidden")).await;
        server.caller().refused(method, &path, Some(json!({})), (401, "unauthorized")).await;
    }
    for body in [
        json!({"url": receiver.url, "events": []}),
        json!({"url": receiver.url, "events": ["messages"]}),
        json!({"url": receiver.url}),
    ] {
        admin.refused("POST", "/api/webhooks", Some(body), (400, "bad_frame")).await;
    }
    for _ in 1..20 {
        add(&mut admin, &receiver.url, json!(["note"])).await;
    }
    let one_more = json!({"url": receiver.url, "events": ["note"]});
    admin.refused("POST", "/api/webhooks", Some(one_more), (409, "conflict")).await;
    // Off: nothing is sent, and what happened meanwhile is not made up for.
    assert_eq!(admin.patch(&path, json!({"enabled": false})).await.0, 200);
    let (_guest, mut page) = server.guest_page().await;
    say(&mut page, &["unheard"]).await;
    assert_eq!(admin.patch(&path, json!({"enabled": true})).await.0, 200);
    say(&mut page, &["heard"]).await;
    receiver.until("the second", |receiver| texts(receiver).len() == 1).await;
    assert_eq!(texts(&receiver), ["heard"]);
    assert_eq!(admin.delete(&path).await.0, 204);
    admin.refused("GET", &format!("{path}/deliveries"), None, (404, "not_found")).await;
}
