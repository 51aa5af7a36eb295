//! The whole matrix: every principal at every path, frame and action, as the server itself publishes it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::server::ADMIN;
use crate::support::{Caller, Server, Stored};

const ROLES: [&str; 4] = ["viewer", "agent", "supervisor", "admin"];
const SCOPES: [&str; 5] =
    ["conversations:read", "conversations:write", "knowledge:read", "knowledge:write", "metrics"];

/// Somebody, with what the rules may say of them.
struct Somebody {
    name: String,
    caller: Caller,
    role: Option<usize>,
    guest: bool,
    scope: Option<&'static str>,
}

impl Somebody {
    /// Whether a published rule lets this one in; else with which status it does not.
    fn verdict(&self, rule: &Value) -> Result<(), u16> {
        let least = rule["role"].as_str().map(|role| ROLES.iter().position(|name| *name == role).unwrap());
        let in_by_role = self.role.zip(least).is_some_and(|(role, least)| role >= least);
        let in_by_scope = self.scope.is_some() && rule["scope"].as_str() == self.scope;
        let is_in =
            rule["anyone"] == true || in_by_role || in_by_scope || (self.guest && rule["guest"] == true);
        let known = self.role.is_some() || self.guest || self.scope.is_some();
        if is_in { Ok(()) } else { Err(if known { 403 } else { 401 }) }
    }
}

async fn everybody(server: &Server) -> Vec<Somebody> {
    let plain = |name: &str, caller| Somebody {
        name: name.to_owned(),
        caller,
        role: None,
        guest: false,
        scope: None,
    };
    let mut all = vec![plain("nobody", server.caller())];
    all.push(Somebody { guest: true, ..plain("guest", server.guest().await) });
    for (n, role) in ROLES.into_iter().enumerate() {
        all.push(Somebody { role: Some(n), ..plain(role, server.agent(role).await) });
    }
    let mut admin = server.admin().await;
    for scope in SCOPES {
        let caller = integration(server, &mut admin, &[scope]).await;
        all.push(Somebody { scope: Some(scope), ..plain(scope, caller) });
    }
    all
}

async fn integration(server: &Server, admin: &mut Caller, scopes: &[&str]) -> Caller {
    let (status, made) = admin.post("/api/tokens", json!({"name": "PMS", "scopes": scopes})).await;
    assert_eq!(status, 201, "{made}");
    let mut caller = server.caller();
    caller.token = made["token"].as_str().unwrap().to_owned();
    caller.id = made["id"].as_str().unwrap().to_owned();
    caller
}

#[tokio::test]
async fn every_path_for_everybody() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off"), ("FRONTDESK_METRICS_TOKEN", "m")]).await;
    let mut all = everybody(&server).await;
    let conversation = all[1].caller.conversation.clone();
    let (_, document) = server.caller().get("/api/openapi.json").await;
    let (mut tried, mut operations) = (0, 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let (method, rule) = (method.to_uppercase(), &operation["x-access"]);
            assert!(rule.is_object(), "{method} {path} is published without a rule");
            operations += 1;
            // Ends the login that asks; and what asks for a secret of its own is tried elsewhere.
            if path == "/api/logout" || rule["handler"] == true {
                continue;
            }
            let at: Vec<&str> = path
                .split('/')
                .map(|part| match part {
                    "{id}" if path.starts_with("/api/conversations/") => conversation.as_str(),
                    part if part.starts_with('{') => "018f0000-0000-7000-8000-000000000000",
                    part => part,
                })
                .collect();
            let at = at.join("/");
            for who in &mut all {
                let body = (method != "GET" && method != "DELETE").then(|| json!({}));
                let (status, answer) = who.caller.call(&method, &at, body.as_ref()).await;
                let what = format!("{} at {method} {path} under {rule}: {status} {answer}", who.name);
                match who.verdict(rule) {
                    Ok(()) => assert!(!matches!(status, 401 | 403 | 405) && status < 500, "{what}"),
                    Err(expected) => {
                        assert_eq!(status, expected, "{what}");
                        let code = if expected == 401 { "unauthorized" } else { "forbidden" };
                        assert_eq!(answer["code"], code, "{what}");
                    }
                }
                tried += 1;
            }
        }
    }
    assert!(operations >= 40, "{operations}");
    println!("{tried} combinations of {} principals and {operations} operations", all.len());
    // The rules themselves, so that one who loosens a row has to say so twice.
    let rule = |method: &str, path: &str| document["paths"][path][method]["x-access"].clone();
    for (method, path, expected) in [
        ("get", "/api/audit", json!({"role": "admin"})),
        ("post", "/api/agents", json!({"role": "admin"})),
        ("post", "/api/tokens", json!({"role": "admin"})),
        ("post", "/api/invitations", json!({"role": "admin"})),
        ("post", "/api/knowledge", json!({"role": "supervisor", "scope": "knowledge:write"})),
        ("post", "/api/knowledge/rehearsal", json!({"role": "supervisor"})),
        ("get", "/api/knowledge", json!({"role": "viewer", "scope": "knowledge:read"})),
        ("get", "/api/conversations", json!({"role": "viewer", "scope": "conversations:read"})),
        (
            "post",
            "/api/conversations/{id}/messages",
            json!({"role": "agent", "guest": true, "scope": "conversations:write"}),
        ),
        ("post", "/api/conversations/{id}/actions", json!({"role": "agent", "scope": "conversations:write"})),
        ("post", "/api/me/password", json!({"role": "viewer", "own_account": true})),
    ] {
        assert_eq!(rule(method, path), expected, "{method} {path}");
    }
    for who in &mut all {
        let status = who.caller.get("/metrics").await.0;
        let expected = match who.scope {
            Some("metrics") => 200,
            Some(_) => 403,
            None => 401,
        };
        assert_eq!(status, expected, "{} at /metrics", who.name);
    }
    assert_eq!(server.caller().get("/api/nothing").await.0, 404);
    // What was refused to staff and integrations is on record.
    let (_, log) = server.admin().await.get("/api/audit?limit=200").await;
    let denied = |name: &str| {
        let all = log["items"].as_array().unwrap();
        all.iter().any(|entry| entry["action"] == "denied" && entry["actor"]["name"] == name)
    };
    assert!(denied("The viewer") && denied("PMS"), "{log}");
}

#[tokio::test]
async fn every_frame_and_action_for_everybody() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, page) = server.guest_page().await;
    let c = guest.conversation.clone();
    let mut sockets = vec![(None, page)];
    for (n, role) in ROLES.into_iter().enumerate() {
        let agent = server.agent(role).await;
        sockets.push((Some(n), server.desk(&agent).await));
    }
    let act = |action: &str, more: Value| {
        let mut frame = json!({"type": "act", "conversation": c, "action": action});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    let (until, nobody) = ("2030-01-01T10:00:00Z", Value::Null);
    // The frame; guests; the least role of staff, if any.
    let table = [
        (json!({"type":"open","conversation":c}), false, Some(0)),
        (json!({"type":"read","conversation":c,"seq":0}), true, Some(0)),
        (json!({"type":"typing","conversation":c,"on":true}), true, Some(1)),
        (json!({"type":"send","conversation":c,"text":"hello"}), true, Some(1)),
        (json!({"type":"send","conversation":c,"text":"hello","note":true}), false, Some(1)),
        (act("take_over", json!({})), false, Some(1)),
        (act("hand_back", json!({})), false, Some(1)),
        (act("assign", json!({"agent": nobody})), false, Some(1)),
        (act("acknowledge", json!({})), false, Some(1)),
        (act("snooze", json!({"until": until})), false, Some(1)),
        (act("tag", json!({"add": ["vip"]})), false, Some(1)),
        (act("profile", json!({"guest": {"room": "12"}})), false, Some(1)),
        (act("template", json!({"name": "hello", "language": "en", "text": "Hello"})), false, Some(1)),
        (act("request", json!({"request": c, "state": "done"})), false, Some(1)),
        (act("close", json!({})), false, Some(1)),
        (act("reopen", json!({})), false, Some(1)),
        (act("rate", json!({"stars": 5})), true, None),
        (json!({"type":"leave","conversation":c}), false, Some(0)),
    ];
    for (n, (frame, for_guests, least)) in table.into_iter().enumerate() {
        for (role, client) in &mut sockets {
            let mut frame = frame.clone();
            if frame.get("type").is_some_and(|kind| kind == "send" || kind == "act") {
                frame["id"] = json!(format!("f{n}-{}", role.map_or(9, |role| role)));
            }
            let allowed = match role {
                None => for_guests,
                Some(role) => least.is_some_and(|least| *role >= least),
            };
            client.send(frame.clone()).await;
            let heard = client.settle().await;
            // A template is refused to everybody here, for another reason: this guest is not on WhatsApp.
            let by_role = |frame: &Value| {
                frame["code"] == "forbidden" && frame["message"] != "templates are for WhatsApp"
            };
            let forbidden = heard.iter().any(|frame| frame["type"] == "error" && by_role(frame));
            assert_eq!(forbidden, !allowed, "{role:?}: {frame}: {heard:?}");
        }
    }
}

/// Makes a second hotel on the server, with an admin of its own whose password is the first admin's.
async fn second_hotel(server: &mut Server) -> Caller {
    server.stop().await;
    let mut database = Stored::of(server).await;
    for statement in [
        "INSERT INTO properties (id, slug, name) VALUES (id'00000000000000000000000000000002', 'other', 'Other')",
        "INSERT INTO agents (id, property, email, name, role, disabled, password_hash, created_at, updated_at)
         SELECT id'00000000000000000000000000000003', id'00000000000000000000000000000002', 'other@hotel.test',
                'Other', 'admin', FALSE, password_hash, 0, 0 FROM agents WHERE email = 'admin@hotel.test'",
    ] {
        database.execute(statement).await;
    }
    drop(database);
    server.restart().await;
    let mut other = server.caller();
    other.login("other@hotel.test", ADMIN.1).await;
    other
}

/// What an answer says: its status, its body, the names of its headers.
async fn answer(caller: &mut Caller, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
    let (status, body) = caller.call(method, path, body).await;
    let mut names: Vec<String> = caller.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (status, format!("{body} {names:?}"))
}

#[tokio::test]
async fn another_hotels_looks_exactly_like_none() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"SECRET"})).await;
    let mut admin = server.admin().await;
    let made = |body: Value| body["id"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
    let entry = made(admin.post("/api/knowledge", json!({"title": "SECRET", "body": "x"})).await.1);
    let token = made(admin.post("/api/tokens", json!({"name": "SECRET", "scopes": ["metrics"]})).await.1);
    let invited = json!({"email": "secret@hotel.test", "role": "agent"});
    let invitation = made(admin.post("/api/invitations", invited).await.1);
    let agent = server.agent("agent").await.id;
    let mut other = second_hotel(&mut server).await;
    let none = Uuid::now_v7().to_string();
    let conversation = &guest.conversation;
    let text = json!({"id": "x", "text": "hello"});
    let words = json!({"title": "x", "body": "y"});
    let mut tried = 0;
    for (method, path, id, body) in [
        ("GET", "/api/conversations/{}", conversation, None),
        ("GET", "/api/conversations/{}/events", conversation, None),
        ("POST", "/api/conversations/{}/messages", conversation, Some(text)),
        ("POST", "/api/conversations/{}/actions", conversation, Some(json!({"id": "x", "action": "close"}))),
        ("PATCH", "/api/agents/{}", &agent, Some(json!({"name": "x"}))),
        ("DELETE", "/api/agents/{}", &agent, None),
        ("GET", "/api/agents/{}/sessions", &agent, None),
        ("DELETE", "/api/agents/{}/sessions", &agent, None),
        ("DELETE", "/api/agents/{}/second-factor", &agent, None),
        ("GET", "/api/knowledge/{}", &entry, None),
        ("PUT", "/api/knowledge/{}", &entry, Some(words)),
        ("DELETE", "/api/knowledge/{}", &entry, None),
        ("GET", "/api/knowledge/{}/versions", &entry, None),
        ("DELETE", "/api/tokens/{}", &token, None),
        ("DELETE", "/api/invitations/{}", &invitation, None),
    ] {
        let theirs = answer(&mut other, method, &path.replace("{}", id), body.as_ref()).await;
        let missing = answer(&mut other, method, &path.replace("{}", &none), body.as_ref()).await;
        assert_eq!(theirs, missing, "{method} {path}");
        assert_eq!(theirs.0, 404, "{method} {path}: {theirs:?}");
        tried += 1;
    }
    assert_eq!(tried, 15);
    let rehearsal = |id: &str| json!({"questions": ["x"], "changes": [{"id": id}]});
    let theirs = answer(&mut other, "POST", "/api/knowledge/rehearsal", Some(&rehearsal(&entry))).await;
    let missing = answer(&mut other, "POST", "/api/knowledge/rehearsal", Some(&rehearsal(&none))).await;
    assert_eq!((theirs.0, &theirs), (404, &missing), "an entry that is rehearsed");
    for path in [
        "/api/conversations",
        "/api/conversations?q=SECRET",
        "/api/agents",
        "/api/knowledge",
        "/api/tokens",
        "/api/invitations",
        "/api/audit",
    ] {
        let (status, list) = other.get(path).await;
        assert_eq!(status, 200, "{path}");
        let list = list.to_string().to_lowercase();
        for id in [conversation, &agent, &entry, &token, &invitation, "secret"] {
            assert!(!list.contains(id), "{path}: {list}");
        }
    }
    let mut desk = server.desk(&other).await;
    for id in [conversation, &none] {
        let open = json!({"type": "open", "conversation": id});
        assert_eq!(desk.refused(open).await, "not_found");
    }
    let heard = desk.settle().await;
    assert!(!json!(heard).to_string().contains("SECRET"), "{heard:?}");
    let mut admin = server.admin().await;
    for path in [format!("/api/conversations/{conversation}"), format!("/api/knowledge/{entry}")] {
        assert_eq!(admin.get(&path).await.0, 200, "all is as it was: {path}");
    }
}
