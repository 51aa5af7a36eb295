//! Nobody can tell somebody else's conversation from one that does not exist.

use serde_json::{Value, json};

use crate::support::{Caller, Server};

/// The body of an answer, but for what is different in every answer.
async fn answer(caller: &mut Caller, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
    let (status, body) = caller.call(method, path, body).await;
    let mut names: Vec<String> = caller.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (status, format!("{body} {names:?}"))
}

#[tokio::test]
async fn anothers_looks_like_none() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (victim, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"my card number is SECRET"})).await;
    let mut guest = server.guest().await;
    let mut admin = server.admin().await;
    let none = uuid::Uuid::now_v7().to_string();
    let say = json!({"id":"x","text":"hello"});
    for (method, path, body) in
        [("GET", "events", None), ("GET", "events?after=0&limit=200", None), ("POST", "messages", Some(&say))]
    {
        let at = |id: &str| format!("/api/conversations/{id}/{path}");
        let theirs = answer(&mut guest, method, &at(&victim.conversation), body).await;
        assert_eq!(theirs.0, 404, "{method} {path}");
        for other in ["not-an-id", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(answer(&mut guest, method, &at(other), body).await.0, 404, "{method} {path}");
        }
        let missing = answer(&mut guest, method, &at(&none), body).await;
        assert_eq!(theirs, missing, "{method} {path}");
        assert!(theirs.1.contains("not_found"));
    }
    let act = json!({"id":"x","action":"close"});
    for (method, path, body) in [
        ("GET", "", None),
        ("GET", "/events", None),
        ("POST", "/messages", Some(say.clone())),
        ("POST", "/actions", Some(act.clone())),
    ] {
        admin.refused(method, &format!("/api/conversations/{none}{path}"), body, (404, "not_found")).await;
    }
    // The whole of the agents' side is closed to guests, whatever they name.
    for (method, path, body) in [
        ("GET", "/api/conversations".to_owned(), None),
        ("GET", format!("/api/conversations/{}", victim.conversation), None),
        ("GET", format!("/api/conversations/{none}"), None),
        ("POST", format!("/api/conversations/{}/actions", victim.conversation), Some(act)),
        ("GET", "/api/agents".to_owned(), None),
        ("GET", "/api/knowledge".to_owned(), None),
        ("GET", "/api/me".to_owned(), None),
    ] {
        guest.refused(method, &path, body.clone(), (403, "forbidden")).await;
        server.caller().refused(method, &path, body, (401, "unauthorized")).await;
    }
    for (method, path, body) in [("GET", "events", None), ("POST", "messages", Some(say))] {
        let path = format!("/api/conversations/{}/{path}", victim.conversation);
        server.caller().refused(method, &path, body, (401, "unauthorized")).await;
    }
    assert_eq!(admin.history(&victim.conversation).await.iter().filter(|e| e["id"] == "x").count(), 0);
}

#[tokio::test]
async fn nor_over_a_socket() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (victim, mut theirs) = server.guest_page().await;
    let (_, mut mine) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    let none = uuid::Uuid::now_v7().to_string();
    let mut errors = Vec::new();
    for conversation in [&victim.conversation, &none] {
        for frame in [
            json!({"type":"send","id":"x","conversation":conversation,"text":"hello"}),
            json!({"type":"act","id":"x","conversation":conversation,"action":"rate","stars":1}),
            json!({"type":"typing","conversation":conversation,"on":true}),
            json!({"type":"read","conversation":conversation,"seq":1}),
        ] {
            errors.push(mine.ask(frame).await);
        }
    }
    let (others, missing) = errors.split_at(4);
    assert_eq!(others, missing);
    assert!(others.iter().all(|error| error["code"] == "not_found"), "{others:?}");
    for frame in [
        json!({"type":"open","conversation":none}),
        json!({"type":"open","conversation":none,"after":0}),
        json!({"type":"send","id":"x","conversation":none,"text":"hello"}),
        json!({"type":"send","id":"x","conversation":none,"text":"hello","note":true}),
        json!({"type":"act","id":"x","conversation":none,"action":"close"}),
        json!({"type":"typing","conversation":none,"on":true}),
        json!({"type":"read","conversation":none,"seq":1}),
    ] {
        assert_eq!(desk.refused(frame.clone()).await, "not_found", "{frame}");
    }
    // A guest's socket hears of its own conversation and of nothing else.
    theirs.done(json!({"type":"send","id":"g1","text":"SECRET"})).await;
    desk.done(json!({"type":"send","id":"a1","conversation":victim.conversation,"text":"SECRET"})).await;
    mine.done(json!({"type":"send","id":"g1","text":"marker"})).await;
    let heard = mine.settle().await;
    assert!(heard.iter().all(|frame| !frame.to_string().contains("SECRET")), "{heard:?}");
    assert!(heard.iter().all(|frame| !matches!(frame["type"].as_str(), Some("inbox" | "presence"))));
}

/// An agent's cookie and a guest's bearer token on one request: the token was put there on purpose.
#[tokio::test]
async fn one_sessions_rights_do_not_rub_off_on_another() {
    let server = Server::start(&[]).await;
    let (guest, other) = (server.guest().await, server.guest().await);
    let admin = server.admin().await;
    let url = admin.url(&format!("/api/conversations/{}/events", other.conversation));
    let request = admin.http.get(url).header("cookie", &admin.cookie).bearer_auth(&guest.token);
    assert_eq!(request.send().await.unwrap().status(), 404);
    let mut by_bearer = server.caller();
    by_bearer.token.clone_from(&admin.token);
    by_bearer.refused("GET", "/api/me", None, (401, "unauthorized")).await;
}
