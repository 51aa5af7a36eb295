//! Reservations of the hotel's property system, on the cards of the guests whom they concern.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::receiver::digest;
use crate::support::server::PATIENCE;
use crate::support::whatsapp::{SETTINGS, text};
use crate::support::{Caller, Meta, Server};

fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// The hotel's property system.
struct System {
    http: reqwest::Client,
    url: String,
    secret: String,
}

impl System {
    async fn of(server: &Server, admin: &mut Caller) -> Self {
        let (status, source) = admin.post("/api/reservations/source", json!({})).await;
        assert_eq!(status, 201, "{source}");
        Self {
            http: admin.http.clone(),
            url: format!("http://{}{}", server.address, source["path"].as_str().unwrap()),
            secret: source["secret"].as_str().unwrap().to_owned(),
        }
    }

    async fn post(&self, body: &str, signature: Option<String>) -> (u16, Value) {
        let mut request = self.http.post(&self.url).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("frontdesk-signature", signature);
        }
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    fn sign(&self, body: &str, at: i64) -> String {
        format!("t={at},v1={}", digest(&self.secret, &at.to_string(), body.as_bytes()))
    }

    async fn tell(&self, reservations: Value) -> Value {
        let body = json!({ "reservations": reservations }).to_string();
        let (status, answer) = self.post(&body, Some(self.sign(&body, seconds()))).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

/// Waits until the card of a conversation fits.
async fn card(admin: &mut Caller, conversation: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let (status, summary) = admin.get(&format!("/api/conversations/{conversation}")).await;
        assert_eq!(status, 200, "{summary}");
        if fits(&summary["guest"]) {
            return summary["guest"].clone();
        }
        assert!(Instant::now() < give_up, "not in time: {what}; {summary}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn profiles(events: &[Value]) -> usize {
    events.iter().filter(|event| event["kind"] == "profile").count()
}

#[tokio::test]
async fn who_is_sure_is_marked_and_who_only_says_so_is_not() {
    let server = Server::start(SETTINGS).await;
    let mut admin = server.admin().await;
    let system = System::of(&server, &mut admin).await;
    let meta = Meta::new(&server);
    assert_eq!(meta.messages(json!([text("wamid.1", "491512345678", "Hello")])).await, 200);
    let on_phone = admin.get("/api/conversations").await.1["items"][0]["id"].as_str().unwrap().to_owned();
    let mut claims = server.caller();
    claims.new_session(json!({"email": "Ana@Mail.example"})).await;
    let mut named = server.caller();
    let id = named.new_session(json!({})).await["guest"]["id"].clone();
    let told = system
        .tell(json!([
            {"reference":"R1","version":1,"status":"booked","room":"204","arrival":"2026-12-01",
             "departure":"2026-12-05","guest":{"name":"Ben Berg","phone":"+49 151 2345678"}},
            {"reference":"R2","version":1,"status":"in_house","room":"101","arrival":"2026-11-20",
             "departure":"2026-11-30","guest":{"name":"Ana Nova","email":"ana@mail.example"}},
            {"reference":"R3","version":1,"status":"in_house","room":"7","guest":{"id":id,"name":"Cem Can"}},
        ]))
        .await;
    assert!(told["items"].as_array().unwrap().iter().all(|one| one["stored"] == true), "{told}");

    let sure = card(&mut admin, &on_phone, "a room", |guest| guest["room"] == "204").await;
    assert_eq!((&sure["verified"], &sure["name"]), (&json!(true), &json!("Ben Berg")));
    assert_eq!(
        sure["vouched"],
        json!(["name", "room", "arrival", "departure"]),
        "the number is not from there"
    );
    assert_eq!((&sure["arrival"], &sure["departure"]), (&json!("2026-12-01"), &json!("2026-12-05")));
    let said = card(&mut admin, &claims.conversation, "a room", |guest| guest["room"] == "101").await;
    assert_eq!((&said["verified"], &said["name"]), (&Value::Null, &Value::Null), "anybody can say so");
    assert_eq!(said["vouched"], Value::Null, "{said}");
    let named = card(&mut admin, &named.conversation, "a room", |guest| guest["room"] == "7").await;
    assert_eq!((&named["verified"], &named["name"]), (&json!(true), &json!("Cem Can")));
    let events = admin.history(&on_phone).await;
    let profile = events.iter().find(|event| event["kind"] == "profile").unwrap();
    assert_eq!(profile["by"]["kind"], "system");
}

#[tokio::test]
async fn each_version_counts_once_and_in_its_order() {
    let mut server = Server::start(SETTINGS).await;
    let mut admin = server.admin().await;
    let system = System::of(&server, &mut admin).await;
    let mut guest = server.caller();
    guest.new_session(json!({"phone": "+49 (151) 234-56 78"})).await;
    let c = guest.conversation.clone();
    let version = |n: u32, room: &str, status: &str| json!([{"reference":"R1","version":n,"status":status,"room":room,"guest":{"phone":"491512345678"}}]);
    system.tell(version(2, "204", "booked")).await;
    card(&mut admin, &c, "the room", |guest| guest["room"] == "204").await;
    for (n, room) in [(2, "204"), (2, "999"), (1, "111")] {
        let told = system.tell(version(n, room, "booked")).await;
        assert_eq!(told["items"][0]["stored"], false, "{told}");
    }
    system.tell(version(3, "205", "in_house")).await;
    card(&mut admin, &c, "the other room", |guest| guest["room"] == "205").await;
    assert_eq!(profiles(&admin.history(&c).await), 2);
    system.tell(version(4, "205", "departed")).await;
    card(&mut admin, &c, "no room", |guest| guest["room"].is_null()).await;
    // Nothing is told anew by a new start.
    server.crash().await;
    let mut admin = server.admin().await;
    system.http.get(server.caller().url("/readyz")).send().await.unwrap();
    assert_eq!(profiles(&admin.history(&c).await), 3);
}

#[tokio::test]
async fn a_guest_who_comes_later_is_found_then() {
    let server = Server::start(SETTINGS).await;
    let mut admin = server.admin().await;
    let system = System::of(&server, &mut admin).await;
    let early = json!([{"reference":"R1","version":1,"status":"booked","room":"204",
                        "guest":{"name":"Ben Berg","phone":"491512345678"}}]);
    system.tell(early).await;
    let meta = Meta::new(&server);
    assert_eq!(meta.messages(json!([text("wamid.1", "491512345678", "Hello")])).await, 200);
    let c = admin.get("/api/conversations").await.1["items"][0]["id"].as_str().unwrap().to_owned();
    // Another reservation has the clerk look at once, not in half a minute.
    system.tell(json!([{"reference":"R2","version":1,"status":"booked"}])).await;
    card(&mut admin, &c, "the room", |guest| guest["room"] == "204" && guest["verified"] == true).await;
}

#[tokio::test]
async fn only_who_signs_now_is_heard() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    assert_eq!(admin.get("/api/reservations/source").await.1["source"], Value::Null);
    let system = System::of(&server, &mut admin).await;
    let body = json!({"reservations":[{"reference":"R1","version":1,"status":"booked"}]}).to_string();
    let good = system.sign(&body, seconds());
    let changed = body.replace("R1", "R2");
    for (body, signature) in [
        (&body, None),
        (&body, Some("t=1,v1=00".to_owned())),
        (&body, Some(system.sign(&body, seconds() - 301))),
        (&body, Some(system.sign(&body, seconds() + 330))),
        (&changed, Some(good.clone())),
        (
            &body,
            Some(format!(
                "t={},v1={}",
                seconds(),
                digest("another", &seconds().to_string(), body.as_bytes())
            )),
        ),
    ] {
        let (status, problem) = system.post(body, signature.clone()).await;
        assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")), "{signature:?}");
    }
    assert_eq!(system.post(&body, Some(good)).await.0, 200);
    let bad = json!({"reservations":[{"reference":"","version":1,"status":"booked"}]}).to_string();
    assert_eq!(system.post(&bad, Some(system.sign(&bad, seconds()))).await.0, 400);
    // A new address and secret: the ones before are over, and look like any that never were.
    let next = System::of(&server, &mut admin).await;
    assert_eq!(system.post(&body, Some(system.sign(&body, seconds()))).await.0, 401);
    assert_eq!(next.post(&body, Some(next.sign(&body, seconds()))).await.0, 200);
    let mut supervisor = server.agent("supervisor").await;
    for method in ["POST", "DELETE"] {
        let path = "/api/reservations/source";
        supervisor.refused(method, path, (method == "POST").then(|| json!({})), (403, "forbidden")).await;
    }
    // Taken away: nobody is heard, and there is none to take away.
    assert_eq!(admin.delete("/api/reservations/source").await.0, 204);
    assert_eq!(admin.get("/api/reservations/source").await.1["source"], Value::Null);
    assert_eq!(next.post(&body, Some(next.sign(&body, seconds()))).await.0, 401);
    admin.refused("DELETE", "/api/reservations/source", None, (404, "not_found")).await;
}
