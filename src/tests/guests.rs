//! A guest's session: the first visit, the next ones, and what a guest says of itself.

use serde_json::{Value, json};

use crate::support::{Caller, Server};

fn is_id(text: &Value) -> bool {
    let text = text.as_str().unwrap_or_default();
    let known = uuid::Uuid::parse_str(text).is_ok_and(|id| id.get_version_num() == 7);
    known && text.len() == 36 && text == text.to_lowercase()
}

#[tokio::test]
async fn the_first_visit_makes_a_guest() {
    let server = Server::start(&[]).await;
    let mut caller = server.caller();
    let body = caller.new_session(json!({"name": "Ada", "colour": "ignored"})).await;
    assert!(!body["token"].as_str().unwrap().is_empty());
    assert!(is_id(&body["conversation"]) && is_id(&body["guest"]["id"]), "{body}");
    assert_eq!(body["guest"]["name"], "Ada");
    let cookie = caller.header("set-cookie").to_owned();
    assert!(cookie.starts_with(&format!("frontdesk_guest={};", body["token"].as_str().unwrap())), "{cookie}");
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    // Everything is optional, the body too.
    let (status, other) = server.caller().call("POST", "/api/guest/session", None).await;
    assert_eq!(status, 201);
    assert_ne!(other["conversation"], body["conversation"]);
    assert_ne!(other["guest"]["id"], body["guest"]["id"]);
    assert_ne!(other["token"], body["token"]);
}

#[tokio::test]
async fn the_next_visit_finds_the_same_conversation() {
    let mut server = Server::start(&[]).await;
    let (mut guest, mut page) = server.guest_page().await;
    let first = guest.post("/api/guest/session", json!({})).await;
    assert_eq!((first.0, &first.1["conversation"]), (200, &json!(guest.conversation)), "by bearer token");
    assert_eq!(first.1["token"], json!(guest.token));
    assert!(guest.header("set-cookie").starts_with("frontdesk_guest="), "the cookie is renewed");
    page.say("g1", "hello").await;
    page.expect("ack").await;
    server.crash().await;
    let mut by_cookie = server.caller();
    by_cookie.cookie = format!("theme=dark; frontdesk_guest={}", guest.token);
    let (status, again) = by_cookie.post("/api/guest/session", json!({})).await;
    assert_eq!((status, &again), (200, &first.1), "by cookie, after a restart");
    let (_, opened) = server.page(&Caller { token: guest.token, ..server.caller() }, Some(0)).await;
    assert_eq!(opened["events"][0]["text"], "hello");
    // A token that opens nothing is no error.
    let mut stranger = server.caller();
    stranger.token = "nonsense".into();
    let (status, new) = stranger.post("/api/guest/session", json!({})).await;
    assert_eq!(status, 201);
    assert_ne!(new["conversation"], again["conversation"]);
}

#[tokio::test]
async fn the_hotel_is_named_by_its_slug() {
    let server = Server::start(&[]).await;
    let mut caller = server.caller();
    caller
        .refused("POST", "/api/guest/session", Some(json!({"property": "no-such"})), (404, "not_found"))
        .await;
    assert!(!caller.headers.contains_key("set-cookie"));
    caller.new_session(json!({"property": "default"})).await;
}

#[tokio::test]
async fn a_guests_fields_have_their_limits() {
    let server = Server::start(&[]).await;
    let (longest, longer) = ("ü".repeat(200), "x".repeat(201));
    for field in ["name", "email", "phone", "room", "locale"] {
        let mut caller = server.caller();
        let body = caller.new_session(json!({field: longest})).await;
        assert_eq!(body["guest"][field], json!(longest));
        for bad in [longer.as_str(), "a\u{0}b", "a\nb"] {
            let refused = Some(json!({field: bad}));
            let problem =
                server.caller().refused("POST", "/api/guest/session", refused, (400, "bad_text")).await;
            assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
        }
        for bad in [json!(7), json!({}), json!(["x"])] {
            let refused = Some(json!({field: bad}));
            server.caller().refused("POST", "/api/guest/session", refused, (400, "bad_frame")).await;
        }
    }
    let mut caller = server.caller();
    let body = caller.new_session(json!({"name": "  Ada  ", "room": " "})).await;
    assert_eq!(body["guest"]["name"], "Ada");
    assert!(body["guest"].get("room").is_none_or(Value::is_null), "{body}");
}

#[tokio::test]
async fn what_a_guest_says_anew_is_told_to_staff() {
    let server = Server::start(&[]).await;
    let (admin, mut desk) = server.dashboard().await;
    let mut guest = server.guest().await;
    desk.open(&guest.conversation, None).await;
    let said = json!({"name": "Ada", "room": "12", "email": "ada@x.test", "phone": "+1", "locale": "de"});
    let (status, body) = guest.post("/api/guest/session", said.clone()).await;
    assert_eq!(status, 200);
    let event = desk.event("profile").await;
    assert_eq!(event["by"]["kind"], "guest");
    for (field, value) in said.as_object().unwrap() {
        assert_eq!((&event["guest"][field], &body["guest"][field]), (value, value), "{field}");
    }
    // The same again is no news; an empty text takes a field back.
    let (status, _) = guest.post("/api/guest/session", said).await;
    assert_eq!(status, 200);
    let (_, body) = guest.post("/api/guest/session", json!({"room": ""})).await;
    assert!(body["guest"].get("room").is_none() && body["guest"]["name"] == "Ada", "{body}");
    let mut admin = admin;
    let history = admin.history(&guest.conversation).await;
    assert_eq!(history.iter().filter(|event| event["kind"] == "profile").count(), 2, "{history:?}");
    let path = format!("/api/conversations/{}", guest.conversation);
    let (_, summary) = admin.get(&path).await;
    assert_eq!((&summary["guest"]["name"], &summary["guest"]["locale"]), (&json!("Ada"), &json!("de")));
    let (mut page, _) = server.page(&guest, None).await;
    assert_eq!(page.welcome["self"]["name"], "Ada");
    assert_eq!(guest.history(&guest.conversation.clone()).await, Vec::<Value>::new(), "not for guests");
    page.say("g1", "hi").await;
    let hi = page.event("message").await;
    assert_eq!((&hi["prev"], &hi["by"]["name"]), (&json!(0), &json!("Ada")));
}

#[tokio::test]
async fn under_https_the_cookies_are_bound_to_the_host() {
    let server = Server::start(&[("FRONTDESK_PUBLIC_URL", "https://chat.hotel.test")]).await;
    let mut caller = server.caller();
    let body = caller.new_session(json!({})).await;
    let cookie = caller.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-frontdesk_guest="), "{cookie}");
    for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Partitioned"));
    assert!(caller.header("strict-transport-security").starts_with("max-age="));
    let mut embedded = server.caller();
    let (status, _) = embedded.post("/api/guest/session?embed=1", json!({})).await;
    assert_eq!(status, 201);
    let cookie = embedded.header("set-cookie").to_owned();
    for part in ["__Host-frontdesk_guest=", "; Secure", "; HttpOnly", "; SameSite=None", "; Partitioned"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let token = body["token"].as_str().unwrap();
    for (name, status) in [("__Host-frontdesk_guest", 200), ("frontdesk_guest", 201)] {
        let mut again = server.caller();
        again.cookie = format!("{name}={token}");
        assert_eq!(again.post("/api/guest/session", json!({})).await.0, status, "{name}");
    }
    let admin = server.admin().await;
    let cookie = admin.header("set-cookie");
    for part in ["__Host-frontdesk_agent=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
}
